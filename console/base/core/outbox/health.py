"""How all receivers of an outbox do together: what operators are told, who can't open each of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Count, Q, QuerySet

from console.base.core.outbox.leases import Outbox


class Health(NamedTuple):
    """How many receivers are in each state; how many rows those that are paused keep waiting, and since when."""

    counts: dict[str, int]
    waiting: int
    since: datetime | None


def health_of(receivers: QuerySet[Any], states: Mapping[str, Q], outbox: Outbox, *, at: datetime) -> Health:
    """Return how they do; two queries over all of them, who are few, and one by the index of what is due.

    `states` are conditions by name, one of them `paused`.
    """
    counts = receivers.aggregate(**{name: Count("pk", filter=those) for name, those in states.items()})
    paused = receivers.filter(states["paused"]).values_list("pk", flat=True)
    return Health(counts, *outbox.backlog(dict.fromkeys(paused), at=at))


def most_common_failure(paused: QuerySet[Any]) -> str:
    """Return why most of them failed last, in English; "" for none."""
    reasons = paused.values_list("last_failure").annotate(count=Count("pk")).order_by("-count", "last_failure")
    return next((reason for reason, _count in reasons[:1]), "")
