"""One application and the people around it."""

import pytest

from console.base.accounts.permissions import ApplicationRole, TeamRole
from tests import factories
from tests.console import holding


@pytest.fixture
def application(db):
    """An application with one device key."""
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
def team_admin(application):
    """An administrator of the owning team, without a role in the application."""
    return factories.make_member(application.team, TeamRole.ADMIN)


@pytest.fixture
def outsider(db):
    """An application administrator elsewhere."""
    return factories.make_reviewer(factories.make_application(), ApplicationRole.APP_ADMIN)


@pytest.fixture
def other(transactional_db):
    """A second connection, whose locks this thread's connection does not wait for long."""
    with holding.impatient(), holding.another() as connection:
        yield connection
