"""A program of another team, bound to the application and in audit there."""

import pytest

from tests import factories


@pytest.fixture
def program(db):
    """A mini program of another team."""
    return factories.make_program(name="City Bus")


@pytest.fixture
def audit(program, application, reviewer):
    """A version of it that waits for the application; the reviewer is the only one there."""
    factories.make_binding(program, application, decided_by=reviewer)
    return factories.make_audit(program, "1.1.0")


@pytest.fixture
def bound(program, application, reviewer):
    """The binding of the program to the application."""
    return factories.make_binding(program, application, decided_by=reviewer)
