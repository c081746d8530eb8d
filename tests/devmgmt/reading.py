"""What somebody reads on the log page."""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone


def get(viewer, program, name="logs", args=(), **query):
    """Ask for the page, or a part of it, with these criteria."""
    return viewer.get(reverse(f"devmgmt:{name}", args=[program.app_id, *args]) + "?" + urlencode(query))


def messages(response):
    """The entries that are listed."""
    return [row.entry.message for row in response.context["rows"]]


def local(moment):
    """A moment as the form writes it."""
    return f"{timezone.localtime(moment):%Y-%m-%dT%H:%M:%S}"
