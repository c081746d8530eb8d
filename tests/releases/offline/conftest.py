"""Fixtures of offline packages."""

import pytest

from tests import factories


@pytest.fixture
def program(db):
    """On the shelf, 1.0.0 online, bound to one application."""
    program = factories.make_program(name="City Bus")
    factories.make_binding(program, factories.make_application(name="Harbour Super App"))
    factories.make_online(program, "1.0.0")
    program.refresh_from_db()
    return program


@pytest.fixture
def application(program):
    """The one that it is bound to."""
    return program.bindings.bound().applications().get()


@pytest.fixture
def developer(program):
    """Who downloads."""
    return factories.make_member(program.team, "developer")
