"""When to try again: the plan of a message, and the circuit of a gateway."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from messaging.models import Gateway
from messaging.payload import Leased
from messaging.posting import Outcome
from messaging.states import MessageState

OPENS_AT = 10  # failures in a row
SHORTEST_PAUSE, LONGEST_PAUSE = 5, 300  # seconds that a circuit stays open; each failed probe doubles them
FRESH = timedelta(seconds=5)  # a success this young need not be written down again
GONE = 410  # the one answer after which nothing is tried again


class Verdict(NamedTuple):
    """What becomes of a message after a try."""

    id: int
    lease: object
    state: str
    next_try_at: datetime
    finished_at: datetime | None
    status: int | None
    reason: str


def judge(message: Leased, outcome: Outcome, *, at: datetime) -> Verdict:
    """Decide by MESSAGE_RETRY_SECONDS (± 10 %) and the gateway's Retry-After; nothing is tried after its give_up_at."""
    if outcome.ok:
        return Verdict(message.id, message.lease, MessageState.DELIVERED, at, at, outcome.status, "")
    pauses = settings.MESSAGE_RETRY_SECONDS
    if outcome.status == GONE or message.tries > len(pauses) or at >= message.give_up_at:
        return Verdict(message.id, message.lease, MessageState.FAILED, at, at, outcome.status, outcome.reason)
    pause = pauses[message.tries - 1] * random.uniform(0.9, 1.1)  # noqa: S311 - spreads load, hides nothing
    again = min(at + timedelta(seconds=max(pause, outcome.retry_after)), message.give_up_at)
    return Verdict(message.id, message.lease, MessageState.WAITING, again, None, outcome.status, outcome.reason)


def closed(at: datetime) -> Q:
    """Gateways that may be tried now: not failing, or their pause is over and a probe may go."""
    return Q(failures__lt=OPENS_AT) | Q(open_until=None) | Q(open_until__lte=at)


def allowance(gateway: Gateway, most: int) -> int:
    """Return how many messages may be in flight: after a failure, as many as may fail before the circuit opens."""
    return most if gateway.failures == 0 else min(most, max(1, OPENS_AT - gateway.failures))


def take_probe(gateway: Gateway, *, at: datetime) -> bool:
    """Claim the one message that may be tried when the pause of an open circuit is over; one worker gets it.

    The circuit stays open for as long as that try may take, so a worker that dies with it is in nobody's way.
    """
    until = at + timedelta(seconds=settings.MESSAGE_TIMEOUT + SHORTEST_PAUSE)
    due = Gateway.objects.filter(closed(at), pk=gateway.pk, failures__gte=OPENS_AT, revision=gateway.revision)
    return due.update(open_until=until) == 1


@transaction.atomic
def record(gateway: Gateway, tried: Sequence[tuple[Leased, Outcome]], *, probe: int | None, at: datetime) -> None:
    """Note in the gateway's row how a batch of tries ended, in the order in which they did; one write, or none.

    `failures` count in a row up to the OPENS_AT that open the circuit, and from there failed probes. What was still in
    flight when it opened makes the pause no longer. A gateway that was changed meanwhile is judged by its new address.
    """
    fresh = gateway.last_success_at is not None and at - gateway.last_success_at < FRESH
    if fresh and gateway.failures == 0 and all(outcome.ok for _, outcome in tried):
        return
    row = Gateway.objects.select_for_update().filter(pk=gateway.pk, revision=gateway.revision).first()
    if row is None:
        return
    for message, outcome in tried:
        if outcome.ok:
            row.failures, row.open_until, row.last_success_at = 0, None, at
            continue
        row.last_failure_at, row.last_failure = at, outcome.reason
        is_probe = message.id == probe
        if row.failures < OPENS_AT or is_probe:
            row.failures += 1
            row.open_until = at + pause(row.failures) if row.failures >= OPENS_AT else None
    row.save(update_fields=["failures", "open_until", "last_success_at", "last_failure_at", "last_failure"])


def pause(failures: int) -> timedelta:
    """Return how long the circuit stays open after so many failures."""
    doublings = min(max(failures - OPENS_AT, 0), 16)
    return timedelta(seconds=min(SHORTEST_PAUSE * 2**doublings, LONGEST_PAUSE))
