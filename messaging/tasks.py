"""Wake-ups of delivery, and its sweep."""

from __future__ import annotations

from functools import partial
from typing import Any

from celery import shared_task
from celery.signals import worker_shutting_down

from console.base.core import times
from console.base.core.outbox import lanes
from console.base.core.wakeups import wake
from messaging import delivery, leases, reminders


@shared_task(name="messaging.deliver")
def deliver() -> None:
    """Deliver what is due; sent after a message was accepted, and by the sweep."""
    delivery.deliver(wake=partial(wake, deliver))


@shared_task(name="messaging.sweep")
def sweep() -> int:
    """End what is past its last moment, and start a run for what is due: nothing depends on a wake-up's arrival."""
    at = times.of_the_database()
    expired = leases.expire(at=at)
    reminders.notify_of_dead_gateways(at=at)
    if leases.deliverable(at=at):
        wake(deliver)
    return expired


@worker_shutting_down.connect
def stop(**kwargs: Any) -> None:
    """Let runs give back what they have."""
    lanes.stop()
