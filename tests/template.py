"""One migrated database for a parallel run: the controller makes it while the workers collect, and each clones it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection
from psycopg import sql
from pytest_django.plugin import blocking_manager_key

NAME = "test_template"
LOCK = 7365301  # an advisory lock of the server, which the controller holds until the template is there
_locked = contextlib.ExitStack()


def _is_controller(config: pytest.Config) -> bool:
    return bool(config.getoption("numprocesses", 0)) and not hasattr(config, "workerinput")


def _server() -> contextlib.closing[psycopg.Connection]:
    """Connect to the server, in the database that the settings name and no test uses."""
    given = connection.get_connection_params()
    given = {name: given[name] for name in ("host", "port", "dbname", "user", "password") if name in given}
    return contextlib.closing(psycopg.connect(**given, autocommit=True))


def _drop(server: psycopg.Connection, name: str) -> None:
    server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _connect_to(name: str) -> None:
    """Let Django's connections be to another database from now on."""
    connection.close()
    connection.close_pool()
    connection.settings_dict["NAME"] = name


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Take the lock before there are workers."""
    if _is_controller(session.config):
        server = _locked.enter_context(_server())
        server.execute("SELECT pg_advisory_lock(%s)", [LOCK])


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Make the template, while the workers import the tests; then let go of the lock."""
    if not _is_controller(session.config):
        return
    outside, tests = connection.settings_dict["NAME"], connection.settings_dict["TEST"]
    with _locked, session.config.stash[blocking_manager_key].unblock():
        tests["NAME"], before = NAME, tests["NAME"]
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        tests["NAME"] = before
        _connect_to(outside)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Forget it."""
    if _is_controller(session.config):
        with _server() as server:
            _drop(server, NAME)


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_keepdb: bool, request: pytest.FixtureRequest) -> Iterator[bool]:
    """Whether pytest-django finds the database made: in a worker it does, and only looks for newer migrations."""
    if not hasattr(request.config, "workerinput"):
        yield django_db_keepdb
        return
    request.getfixturevalue("django_db_modify_db_settings")  # gives the worker's database its name
    name = connection.creation._get_test_db_name()
    with _server() as server:
        server.execute("SELECT pg_advisory_lock_shared(%s)", [LOCK])
        _drop(server, name)
        clone = "CREATE DATABASE {} TEMPLATE {}"
        server.execute(sql.SQL(clone).format(sql.Identifier(name), sql.Identifier(NAME)))
    outside = connection.settings_dict["NAME"]
    yield True
    _connect_to(outside)
    with _server() as server:
        _drop(server, name)
