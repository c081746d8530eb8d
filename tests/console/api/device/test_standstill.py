"""A database that hangs holds no thread."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from django.db import DatabaseError, connection

from console.api.device.standstill import Watchdog
from grayscale.claims import ClaimsUnavailable, DatabaseClaims
from grayscale.decision import Candidate
from grayscale.models import ClaimShard
from grayscale.program_state import rules_of
from tests.factories import make_candidate, make_device, make_task
from tests.grayscale.together import sessions

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 60.0  # seconds
SLEEPERS = "pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    """Threads that wait."""
    with ThreadPoolExecutor(2) as found:
        yield found


def sleep() -> None:
    """Wait for the database, as a request's thread does."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(120)")
    finally:
        connection.close()


def wait_for_sleepers() -> None:
    """Wait until the database is busy with one of them."""
    with sessions(1) as (other,):
        while not other.run(f"SELECT count(*) FROM {SLEEPERS}"):
            pass


def test_whoever_waits_gets_an_error_when_nobody_is_answered(
    threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.api.device.standstill.LOOK_SECONDS", 0.05)
    waiting: Future[None] = threads.submit(sleep)
    wait_for_sleepers()
    stopping = threading.Event()
    dog = Watchdog(lambda: True, stopping)
    try:
        with socket.create_server(("127.0.0.1", 0)) as silent, monkeypatch.context() as standing:
            standing.setitem(connection.settings_dict["OPTIONS"], "host", "127.0.0.1")
            standing.setitem(connection.settings_dict, "PORT", str(silent.getsockname()[1]))
            dog.start()
            with pytest.raises(DatabaseError):
                waiting.result(PATIENCE)
            stopping.set()
            dog.join()
    finally:
        stopping.set()
        connection.close()  # Ours was broken as well.
        with sessions(1) as (other,):
            other.run(f"SELECT pg_terminate_backend(pid, 5000) FROM {SLEEPERS}")


def test_a_database_that_answers_or_refuses_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The feed may be behind since it is slow, and what is refused does not wait."""
    dog = Watchdog(lambda: True, threading.Event())
    assert dog.answers()
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "host", "127.0.0.1")
    monkeypatch.setitem(connection.settings_dict, "PORT", "1")
    assert dog.answers()


def test_a_place_is_not_asked_for_while_the_database_is_away() -> None:
    task = make_task(make_candidate())
    rule = rules_of(type(task).objects.filter(pk=task.pk))[task.pk]
    known, away = make_device(), False
    claims = DatabaseClaims(is_away=lambda: away)
    assert claims.take([Candidate(rule, may_claim=True)], known, application=7) is rule
    away = True
    assert claims.take([Candidate(rule, may_claim=True)], known, application=7) is rule  # It is known.
    with pytest.raises(ClaimsUnavailable):
        claims.take([Candidate(rule, may_claim=True)], make_device(), application=7)
    claims.close()
    assert sum(ClaimShard.objects.values_list("taken", flat=True)) == 1
