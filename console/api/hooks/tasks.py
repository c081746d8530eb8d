"""Wake-ups of delivery to webhooks, and its sweep."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from celery import shared_task
from django.conf import settings
from django.db.models import Q

from console.api.hooks import actions, delivery
from console.api.hooks.delivery import CALLED
from console.api.hooks.models import Webhook
from console.base.core import times
from console.base.core.errors import Conflict
from console.base.core.outbox.retrying import GONE
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
    switch_off_failing(at=at)
    if delivery.deliverable(at=at):
        wake(deliver)
    return expired


def switch_off_failing(*, at: datetime) -> int:
    """Switch off webhooks that have failed for WEBHOOK_OFF_DAYS, and those whose receiver says that it is gone."""
    gone = f"{CALLED} responded with {GONE}"
    old = at - timedelta(days=settings.WEBHOOK_OFF_DAYS)
    failing = Webhook.objects.on().filter(Q(failing_since__lt=old) | Q(last_failure=gone), failures__gt=0)
    for webhook in failing:
        try:
            actions.switch_off(webhook, by=None, reason=webhook.last_failure, at=at)
        except Conflict:  # Somebody was quicker.
            continue
    return len(failing)
