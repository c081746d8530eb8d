"""How all message gateways do together: what operators are told, who can't open each of them (M-7)."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.db.models import Count

from console.base.core.outbox.retrying import STATES
from messaging.leases import MESSAGES
from messaging.models import Gateway


class Health(NamedTuple):
    """How many gateways are in each state; how many messages those that are paused keep waiting, and since when."""

    counts: dict[str, int]
    waiting: int
    since: datetime | None


def health(*, at: datetime) -> Health:
    """Return how gateways do; two queries over all gateways, which are few, and one by the index of what is due."""
    counts = Gateway.objects.aggregate(**{name: Count("pk", filter=those) for name, those in STATES.items()})
    paused = Gateway.objects.filter(STATES["paused"]).values_list("pk", flat=True)
    return Health(counts, *MESSAGES.backlog(dict.fromkeys(paused), at=at))
