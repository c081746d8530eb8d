"""Bringing events to webhooks, as `console.base.core.outbox` brings anything (A-4)."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import aiohttp
from django.db import connection
from django.db.models import Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from console.api.hooks import formats, telling
from console.api.hooks.formats import Means
from console.api.hooks.models import Webhook
from console.api.hooks.states import MOST_ATTEMPTS, DeliveryState
from console.base.core import metrics
from console.base.core.outbox import lanes, leases, retrying
from console.base.core.outbox.lanes import Courier, Target
from console.base.core.outbox.leases import Outbox
from console.base.core.outbox.posting import Outcome, post
from console.base.core.outbox.retrying import closed, since
from console.base.core.sealing import Unreadable

logger = logging.getLogger(__name__)

CALLED = "The receiver"  # in reasons
DELIVERIES = Outbox(
    table="webhooks_delivery",
    receiver="webhook_id",
    slot=0x686F6F6B,
    returning="m.id, m.lease, m.tries, m.give_up_at, m.event_id, m.payload",
)
OUTCOMES: dict[str, str] = {
    DeliveryState.DELIVERED: "delivered",
    DeliveryState.FAILED: "failed",
    DeliveryState.WAITING: "retry",
}
# The newest MOST_ATTEMPTS stay; guarded by the lease as the verdicts are, which end it.
KEEP = """
UPDATE webhooks_delivery AS m SET attempts = CASE WHEN jsonb_array_length(m.attempts) >= %s
    THEN m.attempts - 0 ELSE m.attempts END || r.attempt
FROM unnest(%s::bigint[], %s::uuid[], %s::jsonb[]) AS r (id, lease, attempt)
WHERE m.id = r.id AND m.lease = r.lease AND m.state = 'waiting'
"""
EXPIRE = """
UPDATE webhooks_delivery AS m SET state = 'failed', finished_at = %(at)s, lease = NULL, reason = CASE
    WHEN w.off_at IS NOT NULL THEN 'The webhook was switched off'
    WHEN m.reason <> '' THEN m.reason
    ELSE coalesce(nullif(w.last_failure, ''), 'Expired before the first attempt')
    END
FROM webhooks_webhook AS w WHERE w.id = m.webhook_id AND m.id IN (
    SELECT id FROM webhooks_delivery WHERE state = 'waiting' AND give_up_at <= %(at)s
        AND (lease IS NULL OR next_try_at <= %(at)s)
    LIMIT 5000 FOR UPDATE SKIP LOCKED
) RETURNING w.format
"""


class Leased(NamedTuple):
    """A delivery that a worker has."""

    id: int
    lease: Any
    tries: int
    give_up_at: datetime
    event_id: str
    payload: str


class EventCourier(Courier[Leased]):
    """Brings events to webhooks; the means are the address and its secrets."""

    outbox = DELIVERIES
    item = Leased
    what = "webhooks"
    queue = "webhooks"
    in_flight = 8
    batch = 64

    def deliverable(self, *, at: datetime) -> set[int]:
        return deliverable(at=at)

    def target(self, receiver: int) -> Target | None:
        webhook = Webhook.objects.on().filter(pk=receiver).first()
        if webhook is None:
            return None
        owner = f"team {webhook.team_id}" if webhook.team_id else f"host app {webhook.application_id}"
        return Target(webhook, means_of(webhook), owner)

    def pauses(self) -> Sequence[int]:
        return telling.pauses()

    async def send(self, session: aiohttp.ClientSession, target: Target, item: Leased, *, at: datetime) -> Outcome:
        webhook = target.receiver
        assert isinstance(webhook, Webhook)  # noqa: S101 - for the type checker
        request = formats.request_of(
            webhook.format,
            event_id=item.event_id,
            payload=item.payload,
            language=webhook.language,
            means=target.means,
            at=at,
        )
        outcome = await post(session, request.url, request.body, request.headers, called=CALLED, keep=True)
        outcome = formats.judged(webhook.format, outcome)
        metrics.webhook_seconds.observe(outcome.seconds)
        return outcome._replace(kept=formats.attempt_of(request, outcome, address=webhook.address, at=at))

    def settle(self, target: Target, results: Sequence[tuple[Leased, Outcome]], *, at: datetime) -> None:
        """Note since when the webhook fails."""
        if retrying.hold(target.receiver) is None:
            return
        same = Webhook.objects.filter(pk=target.receiver.pk)
        if results[-1][1].ok:
            same.exclude(failing_since=None).update(failing_since=None)
        else:
            recovered = any(outcome.ok for _, outcome in results)
            same.update(failing_since=Value(at) if recovered else Coalesce("failing_since", Value(at)))

    def keep(self, results: Sequence[tuple[Leased, Outcome]]) -> None:
        """Write what was asked and answered, while the leases hold."""
        kept = [(item.id, item.lease, json.dumps(outcome.kept)) for item, outcome in results]
        with connection.cursor() as cursor:
            cursor.execute(KEEP, [MOST_ATTEMPTS, *map(list, zip(*kept, strict=True))])

    def count(self, target: Target, verdicts: Counter[str]) -> None:
        webhook = target.receiver
        assert isinstance(webhook, Webhook)  # noqa: S101 - for the type checker
        for state, count in verdicts.items():
            metrics.webhooks.labels(webhook.format, OUTCOMES[state]).inc(count)


def deliverable(*, at: datetime) -> set[int]:
    """Return the webhooks for which something is due and can be tried: switched on, circuit closed."""
    return DELIVERIES.with_due(Webhook.objects.on().filter(closed(at)).values_list("pk", flat=True), at=at)


def backlog(*, at: datetime) -> tuple[int, datetime | None]:
    """Return how many deliveries could be tried now, at most MANY + 1, and since when the first of them could."""
    return DELIVERIES.backlog(dict(Webhook.objects.on().filter(closed(at)).values_list("pk", since())), at=at)


def deliver(*, wake: Callable[[], object]) -> None:
    """Deliver what is due unless enough runs are on their way; `wake` is called when another one should be."""
    lanes.deliver(EventCourier(), wake=wake)


def expire(*, at: datetime) -> int:
    """Fail the deliveries that have expired and that no worker has; return how many."""
    for kind, count in (ended := leases.expire(EXPIRE, at=at)).items():
        metrics.webhooks.labels(kind, "expired").inc(count)
    return ended.total()


def means_of(webhook: Webhook) -> Means | None:
    """Return the address and the usable secrets; None when they can't be opened any more."""
    try:
        secrets = [secret.read() for secret in webhook.secrets.usable(at=timezone.now())]
        return Means(webhook.url, secrets)
    except Unreadable:
        logger.warning(
            "webhook %s can't be opened because SECRET_KEY changed: add the old key to SECRET_KEY_FALLBACKS", webhook.pk
        )
        return None
