"""Wake-ups of delivery to webhooks, and its sweep."""

from __future__ import annotations

from functools import partial

from celery import shared_task

from console.api.hooks import delivery, switching
from console.base.core import times
from console.base.core.wakeups import wake


@shared_task(name="webhooks.deliver")
def deliver() -> None:
    """Deliver what is due; sent after an event was told, and by the sweep."""
    delivery.deliver(wake=partial(wake, deliver))


@shared_task(name="webhooks.sweep")
def sweep() -> int:
    """End what is past its last moment, switch off what fails for days, and start a run for what is due."""
    at = times.of_the_database()
    expired = delivery.expire(at=at)
    switching.switch_off_failing(at=at)
    if delivery.deliverable(at=at):
        wake(deliver)
    return expired
