"""Fixtures of the server API's tests."""

from __future__ import annotations

import pytest

from console.api.rate import Counter
from console.api.server import dispatch
from tests.console.api.server.asking import Server, through_dispatcher, through_django
from tests.factories import make_program, make_secret


@pytest.fixture(autouse=True)
def _fresh_limiter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that another test counted."""
    monkeypatch.setattr(dispatch, "limiter", Counter("6000/minute"))


@pytest.fixture(params=[through_django, through_dispatcher], ids=["django", "dispatcher"])
def server(request: pytest.FixtureRequest, db: None) -> Server:
    """The server of a new program; each test runs in both ways."""
    program = make_program()
    return Server(request.param, program, make_secret(program))
