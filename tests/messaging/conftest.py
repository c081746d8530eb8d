"""One application, the people around it, and a mini program that it is bound to."""

import pytest

from console.base.accounts.models import User
from console.base.accounts.permissions import ApplicationRole
from console.base.hosts.models import HostApplication
from miniprograms.models import MiniProgram
from tests import factories


@pytest.fixture(scope="module", autouse=True)
def own_loop(no_running_loop: None) -> None:
    """Delivery runs one."""


@pytest.fixture
def application(db: None) -> HostApplication:
    return factories.make_application(name="Metro Wallet")


@pytest.fixture
def admin(application: HostApplication) -> User:
    """Its application administrator."""
    return factories.make_reviewer(application, ApplicationRole.APP_ADMIN)


@pytest.fixture
def reviewer(application: HostApplication) -> User:
    """Its reviewer."""
    return factories.make_reviewer(application)


@pytest.fixture
def outsider(db: None) -> User:
    """An application administrator elsewhere."""
    return factories.make_reviewer(factories.make_application(), ApplicationRole.APP_ADMIN)


@pytest.fixture
def program(application: HostApplication) -> MiniProgram:
    """A mini program of another team that is bound to the application."""
    program = factories.make_program(name="City Bus")
    factories.make_binding(program, application)
    return program
