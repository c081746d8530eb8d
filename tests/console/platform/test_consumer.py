"""Workers and beat outlive every outage of their broker, and then do what was to be done."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.db import connection, transaction

from console import roles
from console.platform import serving
from console.platform.models import Heartbeat
from tests.console.api.device.serving import database_url
from tests.console.platform.conftest import OwnValkey
from tests.console.platform.servers import until
from tests.processes import START_SECONDS, running

pytestmark = pytest.mark.django_db(transaction=True)
PREFETCHED = 4  # tasks that a worker with one process takes at a time, as Celery has it


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """What the worker writes."""
    return tmp_path / "worker.log"


@pytest.fixture
def processes(own_valkey: OwnValkey, log: Path) -> Iterator[list]:
    """A worker of all queues, and beat."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "console.settings",
        "DATABASE_URL": database_url(),
        "REDIS_URL": own_valkey.url,
        "CELERY_BROKER_URL": own_valkey.broker_url,
        "SECRET_KEY": settings.SECRET_KEY,
        "SWEEP_SECONDS": "1",
    }
    commands = {"worker": serving.worker("periodic", concurrency=1), "beat": serving.beat()}
    with ExitStack() as stack:
        errors = {"worker": stack.enter_context(log.open("wb")), "beat": None}
        yield [
            stack.enter_context(running(command, env={**environment, roles.VARIABLE: role}, stderr=errors[role]))
            for role, command in commands.items()
        ]


def wait_for_a_sign(after: object) -> object:
    """Wait until a task of each second has ended well after `after`; return when."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        row = Heartbeat.objects.filter(name="messaging.sweep").first()
        if row and row.seen_at and (after is None or row.seen_at > after):
            return row.seen_at
        assert time.monotonic() < deadline, "no periodic task ran"
        time.sleep(0.05)


def now() -> object:
    """The database's time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def test_they_outlive_an_outage_and_go_on(processes: list, own_valkey: OwnValkey) -> None:
    wait_for_a_sign(None)
    for _time in range(3):
        own_valkey.kill()
        own_valkey.start()
        wait_for_a_sign(now())
    own_valkey.kill()
    away = now()
    beat = Heartbeat.objects.filter(name="beat", seen_at__gt=away)
    deadline = time.monotonic() + START_SECONDS
    while not beat.exists():  # Beat goes on meanwhile, and so does the worker's sign.
        assert time.monotonic() < deadline, "beat shows no sign"
        time.sleep(0.05)
    own_valkey.start()
    wait_for_a_sign(now())
    assert [process.poll() for process in processes] == [None, None]


def test_they_outlive_a_broker_that_becomes_a_replica(processes: list, own_valkey: OwnValkey) -> None:
    wait_for_a_sign(None)
    with redis.Redis.from_url(own_valkey.url) as client:
        client.execute_command("REPLICAOF", "127.0.0.1", "1")
        client.execute_command("REPLICAOF", "NO", "ONE")
    wait_for_a_sign(now())
    assert [process.poll() for process in processes] == [None, None]


def test_a_worker_goes_on_when_all_that_it_had_taken_ended_while_the_broker_was_away(
    processes: list, own_valkey: OwnValkey, log: Path
) -> None:
    wait_for_a_sign(None)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE messaging_message IN ACCESS EXCLUSIVE MODE")  # which a task of each second reads
        with redis.Redis.from_url(own_valkey.url) as client:
            until(lambda: client.hlen("unacked") == PREFETCHED, "the worker takes no tasks before their turn")
        own_valkey.kill()
    until(lambda: log.read_text().count("Couldn't ack") == PREFETCHED, "what was taken did not end")
    own_valkey.start()
    wait_for_a_sign(now())
    assert [process.poll() for process in processes] == [None, None]
