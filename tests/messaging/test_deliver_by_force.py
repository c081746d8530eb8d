"""M-7 by force: real Celery workers are killed in the middle of it, and the broker forgets everything.

What is counted is what the gateway got, not only what the tables say.
"""

from __future__ import annotations

import contextlib
import os
import sys

import pytest
import redis
from django.conf import settings as current

from messaging import tasks
from messaging.models import Message
from tests.console.api.device.serving import database_url
from tests.messaging.delivering import facts, gateway_at, make_due, until, waiting
from tests.processes import kill, running

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def start(tmp_path, transactional_db):
    """Return a function that starts a Celery process; all end with the test."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "console.settings",
        "SECRET_KEY": current.SECRET_KEY,
        "DATABASE_URL": database_url(),
        "REDIS_URL": current.REDIS_URL,
        "CELERY_BROKER_URL": current.CELERY_BROKER_URL,
        "EGRESS_ALLOWED": "127.0.0.0/8",
        "SWEEP_SECONDS": "1",
    }

    with contextlib.ExitStack() as stack:
        log = stack.enter_context((tmp_path / "celery.log").open("ab"))

        def start(*arguments):
            command = [sys.executable, "-m", "celery", "-A", "console", *arguments, "--loglevel", "WARNING"]
            options = {"cwd": current.BASE_DIR, "env": environment, "stdout": log, "stderr": log}
            return stack.enter_context(running(command, **options))

        yield start


def test_killed_in_flight_everything_arrives_with_the_same_id(start):
    with gateway_at("/slow?seconds=0.05") as (gateway, stub):
        sent = waiting(gateway, 600)
        ids = {message.message_id for message in sent}
        for round_ in range(1, 4):
            worker = start("worker", "--concurrency", "2")
            before = sum(stub.seen.values())
            tasks.deliver.delay()
            until(lambda before=before, n=round_: sum(stub.seen.values()) >= before + 20 * n)
            kill(worker)
            make_due()  # As when the leases have ended.
        start("worker", "--concurrency", "2")
        tasks.deliver.delay()
        until(lambda: not Message.objects.filter(state="waiting").exists())
        assert set(stub.seen) == ids
        assert stub.refused == 0
    assert set(facts("state", "lease")) == {("delivered", None)}


def test_a_worker_that_shuts_down_gives_back(start):
    with gateway_at("/slow?seconds=30") as (gateway, stub):
        waiting(gateway, 300)
        worker = start("worker", "--concurrency", "1")
        tasks.deliver.delay()
        until(lambda: len(stub.seen) >= 20)
        worker.terminate()
        worker.wait(timeout=20)
    assert set(facts("state", "tries", "lease")) == {("waiting", 0, None)}


def test_with_an_emptied_broker_the_sweep_finds_everything(start, tmp_path):
    with gateway_at() as (gateway, stub):
        sent = waiting(gateway, 50)
        tasks.deliver.delay()
        redis.Redis.from_url(current.REDIS_URL).flushdb()
        start("worker", "--concurrency", "2")
        start("beat", "-s", str(tmp_path / "beat"))
        until(lambda: not Message.objects.filter(state="waiting").exists())
        assert stub.seen == {message.message_id: 1 for message in sent}
    assert set(facts("state")) == {("delivered",)}
