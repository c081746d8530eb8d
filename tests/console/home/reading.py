"""What somebody reads on their home page."""

from __future__ import annotations

from django.urls import reverse


def home_of(client):
    """Return the context of the client's home page."""
    response = client.get(reverse("home"))
    assert response.status_code == 200
    return response.context


def read(lines):
    """Return title, context, state and address of each line."""
    return [(line.title, line.context, line.state, line.url) for line in lines.shown]


def waits(client):
    """Return what waits for the client's user."""
    return read(home_of(client)["waiting"])


def titles(client):
    """Return the titles of what waits."""
    return [title for title, *_rest in waits(client)]
