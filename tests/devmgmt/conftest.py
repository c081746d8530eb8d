"""Fixtures of development management."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client

from console.base.accounts.models import Team, User
from console.base.hosts.models import HostApplication
from miniprograms.models import MiniProgram
from tests.factories import make_application, make_binding, make_member, make_program, make_team


@pytest.fixture
def team(db: None) -> Team:
    return make_team()


@pytest.fixture
def developer(team: Team) -> User:
    return make_member(team, "developer")


@pytest.fixture
def program(team: Team) -> MiniProgram:
    return make_program(team, "City Bus")


@pytest.fixture
def viewer(program: MiniProgram, signed_in: Callable[[User], Client]) -> Client:
    """Somebody who may only look."""
    cache.clear()  # It knows which versions log.
    return signed_in(make_member(program.team, "viewer"))


@pytest.fixture
def application(program: MiniProgram) -> HostApplication:
    """One that the program is bound to."""
    application = make_application(name="Harbour Super App")
    make_binding(program, application)
    return application


@pytest.fixture
def locked_logs(transactional_db: None) -> Iterator[Callable[[], AbstractContextManager[None]]]:
    """Return what makes every question to the logs wait, so that it runs into its time-out. Leaves no entries."""

    @contextmanager
    def lock() -> Iterator[None]:
        other = connection.copy()
        try:
            other.set_autocommit(False)
            with other.cursor() as cursor:
                cursor.execute("LOCK TABLE devmgmt_logentry IN ACCESS EXCLUSIVE MODE")
            yield
        finally:
            other.close()

    yield lock
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE devmgmt_logentry")
