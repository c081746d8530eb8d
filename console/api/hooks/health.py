"""How all webhooks do together: what operators are shown, who can't open each of them (A-4)."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from console.api.hooks.delivery import DELIVERIES
from console.api.hooks.models import Webhook
from console.api.hooks.querysets import WebhookQuerySet
from console.base.core.outbox import retrying
from console.base.core.outbox.health import Health, health_of

# As many fail by chance; deploy/prometheus/alerts.yml has the same two numbers, a test holds that.
LEAST_IN_COMMON = 3
SHARE_IN_COMMON = 0.2

ON = Q(off_at=None)
STATES: dict[str, Q] = {
    **{name: ON & those for name, those in retrying.STATES.items()},
    "off_by_console": Q(off_at__isnull=False, off_by=None),
    "off_by_person": Q(off_at__isnull=False, off_by__isnull=False),
}


def health(*, at: datetime) -> Health:
    """Return how those that were not deleted do, in STATES."""
    return health_of(Webhook.objects.listed(), STATES, DELIVERIES, at=at)


def on(found: Health) -> int:
    """Return how many are switched on."""
    return sum(found.counts[state] for state in retrying.STATES)


def is_common(found: Health) -> bool:
    """Return whether so many are paused that the reason may be ours."""
    return found.counts["paused"] >= LEAST_IN_COMMON and found.counts["paused"] > SHARE_IN_COMMON * on(found)


def paused() -> WebhookQuerySet:
    """Return those that are paused."""
    return Webhook.objects.listed().filter(STATES["paused"])
