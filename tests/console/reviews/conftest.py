"""One application that decides, with a program of another team."""

import pytest

from console.accounts.permissions import ApplicationRole
from tests import factories


@pytest.fixture
def application(db):
    """An application."""
    return factories.make_application(name="Metro Wallet")


@pytest.fixture
def admin(application):
    """Its application administrator."""
    return factories.make_reviewer(application, ApplicationRole.APP_ADMIN)


@pytest.fixture
def reviewer(application):
    """Its reviewer."""
    return factories.make_reviewer(application)


@pytest.fixture
def viewer(application):
    """A member of the owning team without a role in the application."""
    return factories.make_member(application.team, "admin")


@pytest.fixture
def outsider(db):
    """An application administrator elsewhere."""
    return factories.make_reviewer(factories.make_application(), ApplicationRole.APP_ADMIN)


@pytest.fixture
def program(db):
    """A mini program of another team."""
    return factories.make_program(name="City Bus")


@pytest.fixture
def audit(program, application, reviewer):
    """A version of it that waits for the application; the reviewer is the only one there."""
    factories.make_binding(program, application, decided_by=reviewer)
    return factories.make_audit(program, "1.1.0")
