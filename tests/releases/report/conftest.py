"""A program of another team, bound to the application and in audit there."""

import pytest

from tests import factories
from tests.console.conftest import application, outsider, reviewer  # noqa: F401 - fixtures


@pytest.fixture
def program(db):
    """A mini program of another team."""
    return factories.make_program(name="City Bus")


@pytest.fixture
def audit(program, application, reviewer):  # noqa: F811 - the fixtures
    """A version of it that waits for the application; the reviewer is the only one there."""
    factories.make_binding(program, application, decided_by=reviewer)
    return factories.make_audit(program, "1.1.0")
