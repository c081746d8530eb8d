"""How all webhooks do together: what operators are shown, who can't open each of them (A-4)."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.db.models import Count, Q

from console.api.hooks.delivery import DELIVERIES
from console.api.hooks.models import Webhook
from console.api.hooks.querysets import WebhookQuerySet
from console.base.core.outbox import retrying

# As many fail by chance; deploy/prometheus/alerts.yml has the same two numbers.
LEAST_IN_COMMON = 3
SHARE_IN_COMMON = 0.2

ON = Q(off_at=None)
STATES: dict[str, Q] = {
    **{name: ON & those for name, those in retrying.STATES.items()},
    "off_by_console": Q(off_at__isnull=False, off_by=None),
    "off_by_person": Q(off_at__isnull=False, off_by__isnull=False),
}


class Health(NamedTuple):
    """How many webhooks are in each state; how many deliveries those that are paused keep waiting, and since when."""

    counts: dict[str, int]
    waiting: int
    since: datetime | None

    @property
    def on(self) -> int:
        """How many are switched on."""
        return sum(count for state, count in self.counts.items() if not state.startswith("off_"))

    @property
    def is_common(self) -> bool:
        """Whether so many are paused that the reason may be ours."""
        paused = self.counts["paused"]
        return paused >= LEAST_IN_COMMON and paused > SHARE_IN_COMMON * self.on


def health(*, at: datetime) -> Health:
    """Return how webhooks do; two queries over all webhooks, which are few, and one by the index of what is due."""
    counts = Webhook.objects.listed().aggregate(**{name: Count("pk", filter=those) for name, those in STATES.items()})
    return Health(counts, *DELIVERIES.backlog(dict.fromkeys(_paused().values_list("pk", flat=True)), at=at))


def most_common_failure() -> str:
    """Return why most of those that are paused failed last, in English."""
    reasons = _paused().values_list("last_failure").annotate(count=Count("pk")).order_by("-count", "last_failure")
    return next((reason for reason, _count in reasons[:1]), "")


def _paused() -> WebhookQuerySet:
    return Webhook.objects.listed().filter(STATES["paused"])
