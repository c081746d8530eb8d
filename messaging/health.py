"""How all message gateways do together: what operators are told (M-7)."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from console.base.core.outbox.health import Health, health_of
from console.base.core.outbox.retrying import STATES
from messaging.leases import MESSAGES
from messaging.models import Gateway, Message
from messaging.states import MessageState


def health(*, at: datetime) -> Health:
    """Return how they do, in the STATES of every receiver."""
    return health_of(Gateway.objects.all(), STATES, MESSAGES, at=at)


def paused(*, waited_for: bool) -> QuerySet[Gateway]:
    """Return those that are paused, with their applications, by name: those that messages wait for, or the others.

    The others are not tried: nothing is known of them since their last failure.
    """
    waits = Exists(Message.objects.filter(application=OuterRef("application"), state=MessageState.WAITING))
    found = Gateway.objects.filter(STATES["paused"], waits if waited_for else ~waits)
    return found.select_related("application").order_by("application__name")
