"""How all message gateways do together: what operators are told (M-7)."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from console.base.core.outbox.health import Health, health_of
from console.base.core.outbox.retrying import STATES
from messaging.leases import MESSAGES
from messaging.models import Gateway


def health(*, at: datetime) -> Health:
    """Return how they do, in the STATES of every receiver."""
    return health_of(Gateway.objects.all(), STATES, MESSAGES, at=at)


def paused() -> QuerySet[Gateway]:
    """Return those that are paused, with their applications, by name."""
    return Gateway.objects.filter(STATES["paused"]).select_related("application").order_by("application__name")
