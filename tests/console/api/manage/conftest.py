"""Callers of the API with a token."""

from __future__ import annotations

import pytest
from django.test import Client

from console.api.manage import actions, guard
from console.api.rate import Counter
from tests import factories


@pytest.fixture(autouse=True)
def nobody_asked_before(monkeypatch):
    """What a process counts, it counts for one test."""
    monkeypatch.setattr(guard, "calls", Counter("600/minute"))
    monkeypatch.setattr(guard, "failures", Counter("60/minute"))


@pytest.fixture
def program():
    return factories.make_program()


@pytest.fixture
def robot():
    """Make a robot: robot(program, "read", "upload") → a client with its token; `.made` is row and secret."""

    def make(program, *scopes, whole_team=False, **fields):
        values = {"name": "release", "addresses": [], "expires_at": None, **fields}
        made = actions.create_robot(
            program.team,
            scopes=list(scopes),
            program=None if whole_team else program,
            by=program.created_by,
            **values,
        )
        return caller(made)

    return make


@pytest.fixture
def own_token():
    """Make a token of a person's own: own_token(user, "read") → a client with it."""

    def make(user, *scopes, **fields):
        values = {"name": "laptop", "addresses": [], "expires_at": None, **fields}
        return caller(actions.create_own(user, scopes=list(scopes), **values))

    return make


def caller(made: actions.Made) -> Client:
    client = Client(headers={"Authorization": f"Bearer {made.secret}"})
    client.made = made
    return client
