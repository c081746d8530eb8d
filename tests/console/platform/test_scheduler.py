"""Beat sends what is due to the broker, and a worker's thread shows that it lives."""

import os
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis
from celery import current_app
from django.conf import settings as django_settings
from django.db import connection

from console.celery import QUEUES, SCHEDULE
from console.platform import serving
from console.platform.models import Heartbeat
from console.platform.receivers import WorkerSigns
from console.platform.scheduler import Scheduler
from tests.console.platform.clock import at_once, let_pass
from tests.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)
PROJECT = Path(__file__).resolve().parents[3]
NO_BROKER = "redis+socket:///tmp/no-such-broker.sock"
SECONDS = 60


@pytest.fixture
def broker():
    """The queues of this test, empty before and after."""
    with redis.Redis.from_url(django_settings.REDIS_URL) as client:
        client.delete(*QUEUES)
        yield client
        client.delete(*QUEUES)


def scheduler():
    current_app.loader.import_default_modules()  # As beat does when it starts.
    return Scheduler(app=current_app, lazy=True)


def sent(broker):
    return sum(broker.llen(queue) for queue in QUEUES)


def wait_until(holds):
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it did not come to it"
        time.sleep(0.1)


def test_each_task_goes_to_its_queue_once(broker):
    beat = scheduler()
    for _tick in range(3):
        beat.tick()
    counts = {queue: broker.llen(queue) for queue in QUEUES}
    assert counts == {queue: sum(row.queue == queue for row in SCHEDULE.values()) for queue in QUEUES}
    assert Heartbeat.objects.get(name="beat").facts["version"]


def test_two_schedulers_at_once_send_each_task_once(broker):
    at_once(lambda: scheduler().tick(), times=2)
    assert sent(broker) == len(SCHEDULE)


def test_nothing_piles_up_while_no_worker_is_there(broker):
    beat = scheduler()
    for _tick in range(5):
        beat.tick()
        let_pass(11)
    assert sent(broker) == len(SCHEDULE)


def test_a_broker_that_takes_nothing_leaves_every_task_due(broker, settings):
    right = settings.CELERY_BROKER_URL
    settings.CELERY_BROKER_URL = NO_BROKER
    beat = scheduler()
    beat.tick()
    assert sent(broker) == 0
    assert Heartbeat.objects.filter(name="beat", seen_at__isnull=False).exists()  # Beat itself lives.
    settings.CELERY_BROKER_URL = right
    beat.tick()
    assert sent(broker) == len(SCHEDULE)


def test_beat_notifies_of_what_is_late(broker):
    operator = make_user(is_staff=True)
    scheduler().tick()
    let_pass(4 * 3600)
    scheduler().tick()  # Another one takes over and sends everything: what nobody did meanwhile is late.
    assert operator.notifications.count() == 1


def test_a_workers_signs_begin_with_it_and_end_with_it(broker):
    facts = {"version": "1", "machine": "one", "process": 7, "queues": ["mail"]}
    thread = WorkerSigns("mail@one", facts)
    thread.start()
    try:
        wait_until(lambda: Heartbeat.objects.filter(name="worker:mail@one").exists())
        beat = Heartbeat.objects.get(name="beat")
        assert (beat.part, beat.seen_at) == ("beat", None)  # Expected from now on.
    finally:
        thread.stopping.set()
        thread.join(SECONDS)
    assert not Heartbeat.objects.filter(part="worker").exists()
    assert sent(broker) == 0  # It does not take the queue of the watch.


def test_only_who_takes_its_queue_wakes_the_watch(broker):
    thread = WorkerSigns("all@one", {"version": "1", "machine": "one", "process": 7, "queues": list(QUEUES)})
    thread.start()
    try:
        wait_until(lambda: broker.llen("periodic") == 1)
    finally:
        thread.stopping.set()
        thread.join(SECONDS)


def test_a_real_worker_shows_signs_and_one_that_ends_in_order_is_not_missed(broker, tmp_path):
    url = urlsplit(os.environ["DATABASE_URL"])
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "console.settings",
        "DATABASE_URL": url._replace(path=f"/{connection.settings_dict['NAME']}").geturl(),
        "REDIS_URL": django_settings.REDIS_URL,
        "CELERY_BROKER_URL": django_settings.CELERY_BROKER_URL,
        "CONSOLE_ROLE": "worker",
    }
    scheduler().tick()
    with (tmp_path / "worker.log").open("wb") as log:
        command = serving.worker("mail,periodic", concurrency=1)
        worker = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=log, stderr=log)
    try:
        wait_until(lambda: Heartbeat.objects.filter(name="keys.prune", seen_at__isnull=False).exists())
        row = Heartbeat.objects.get(part="worker")
        assert row.name.startswith("worker:mail,periodic@")
        assert (row.facts["queues"], row.facts["process"]) == (["mail", "periodic"], worker.pid)
        begun = Heartbeat.objects.get(name="keys.prune")
        assert begun.sent_at <= begun.started_at <= begun.seen_at
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(SECONDS) == 0
        assert not Heartbeat.objects.filter(part="worker").exists()
    finally:
        worker.kill()
        worker.wait()
