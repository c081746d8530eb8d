"""A periodic task that was sent and lost is sent again after its period, and yet no heap of it piles up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import redis
from celery import current_app
from django.conf import settings
from django.db.models import F

from console.celery import QUEUES, SCHEDULE
from console.platform.models import Heartbeat
from console.platform.scheduler import Scheduler

pytestmark = pytest.mark.django_db(transaction=True)
SWEEPS = sum(periodic.seconds is None for periodic in SCHEDULE.values())


@pytest.fixture
def broker() -> Iterator[redis.Redis]:
    """The queues, empty before and after."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.delete(*QUEUES)
        yield client
        client.delete(*QUEUES)


@pytest.fixture
def beat() -> Scheduler:
    """A scheduler, as its process has it."""
    current_app.loader.import_default_modules()
    return Scheduler(app=current_app, lazy=True)


def waiting(broker: redis.Redis) -> int:
    """How many tasks wait."""
    return sum(broker.llen(queue) for queue in QUEUES)


def let_pass(seconds: float) -> None:
    """As if all had been sent so much earlier."""
    Heartbeat.objects.update(sent_at=F("sent_at") - timedelta(seconds=seconds))


def test_what_an_emptied_broker_lost_is_sent_after_its_period(broker: redis.Redis, beat: Scheduler) -> None:
    beat.tick()
    assert waiting(broker) == len(SCHEDULE)
    broker.delete(*QUEUES)
    beat.tick()
    assert waiting(broker) == 0
    let_pass(settings.SWEEP_SECONDS + 1)
    beat.tick()
    assert waiting(broker) == SWEEPS


def test_what_waits_for_a_worker_is_not_sent_again(broker: redis.Redis, beat: Scheduler) -> None:
    for _tick in range(3):
        beat.tick()
        let_pass(settings.SWEEP_SECONDS + 1)
    assert waiting(broker) == len(SCHEDULE)
