"""The pool over connections that were really ended and a PostgreSQL that is really restarted."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from django.conf import settings
from django.db import InternalError, connection
from django.db.backends.postgresql.base import DatabaseWrapper

from console.base.core import busy
from console.local import postgres
from console.local.process import Service, stop_all
from tests.console import holding

IDLE = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


def test_dead_connections_are_replaced_before_they_are_used(transactional_db: None) -> None:
    """The first request after a restart is not affected, however many connections died."""
    ready = Barrier(3)

    def connect() -> None:
        connection.ensure_connection()
        ready.wait(timeout=30)
        connection.close()

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda _number: connect(), range(3)))
    connection.close()
    with holding.another() as watcher:
        pids = [pid for (pid,) in watcher.execute(IDLE)]
    assert len(pids) >= 3
    for pid in pids:
        holding.end(pid)
    for _ in pids:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        connection.close()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path, as a socket's has to be."""
    made = Path(tempfile.mkdtemp(prefix="console-", dir="/tmp"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def server(folder: Path) -> Iterator[Service]:
    """A PostgreSQL of its own."""
    postgres.prepare(folder / "data", sockets=folder)
    made = postgres.service(folder / "data", sockets=folder, log=folder / "log", durable=False)
    made.start()
    try:
        postgres.wait_until_ready(made, sockets=folder)
        yield made
    finally:
        stop_all([made], patience=3)


@pytest.fixture
def ours(folder: Path, server: Service, django_db_blocker: Any) -> Iterator[DatabaseWrapper]:
    """A connection to it, by the console's own settings."""
    given = settings.DATABASES["default"]
    named = {**given, "NAME": "postgres", "HOST": str(folder / "pg")}
    made = DatabaseWrapper(named, alias="restarted")
    made.inc_thread_sharing()
    with django_db_blocker.unblock():
        yield made
        made.close()
        made.close_pool()


def test_a_restart_is_waited_for(folder: Path, server: Service, ours: DatabaseWrapper) -> None:
    """The pool's one connection is dead, nothing listens, and the request that waits is answered when it does."""
    with ours.cursor() as cursor:
        cursor.execute("SELECT 1")
    ours.close()
    stop_all([server], patience=10)

    def ask() -> int:
        with ours.cursor() as cursor:
            cursor.execute("SELECT 1")
            return cursor.fetchone()[0]

    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(ask)
        while not ours.pool.get_stats().get("connections_errors"):  # Until it was refused.
            assert not wait([answer], timeout=0.02).done
        server.start()
        assert answer.result(timeout=60) == 1


def test_a_standby_is_left_as_soon_as_there_is_a_primary(folder: Path, server: Service, ours: DatabaseWrapper) -> None:
    """An address may lead to a former primary for as long as a fail-over takes: no connection to it is kept."""
    stop_all([server], patience=10)
    (folder / "data" / "standby.signal").touch()
    server.start()
    postgres.wait_until_ready(server, sockets=folder)
    with pytest.raises(InternalError) as error, ours.cursor() as cursor:
        cursor.execute("CREATE TABLE refused ()")
    assert (busy.is_busy(error.value), busy.is_away(error.value)) == (True, False)
    assert busy.sentence(error.value) == "The console is busy. Nothing was saved. Try again in a moment."
    before = ours.connection
    ours.close()
    with ours.cursor() as cursor:
        cursor.execute("SELECT pg_promote()")
        assert ours.connection is not before
    ours.close()
    with ours.cursor() as cursor:
        cursor.execute("CREATE TABLE taken ()")  # by that connection, or by another one
