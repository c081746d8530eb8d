"""When to try again: the plan of what is sent, and the circuit of its receiver."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Greatest, Now

from console.base.core.outbox.leases import DELIVERED, FAILED, WAITING, Leased
from console.base.core.outbox.posting import Outcome

OPENS_AT = 10  # failures in a row
SHORTEST_PAUSE, LONGEST_PAUSE = 5, 300  # seconds that a circuit stays open; each failed probe doubles them
LONGEST_OPEN = timedelta(hours=1)  # beyond any pause and probe: more was written before a clock was set back
FRESH = timedelta(seconds=5)  # a success this young need not be written down again
GONE = 410  # the one answer after which nothing is tried again
STATES: dict[str, Q] = {  # of a receiver, as operators are told
    "unproved": Q(failures=0, last_success_at=None),
    "delivering": Q(failures=0, last_success_at__isnull=False),
    "failing": Q(failures__gt=0, failures__lt=OPENS_AT),
    "paused": Q(failures__gte=OPENS_AT),
}


class Receiver(models.Model):
    """How what is sent to an address has been answered lately: the circuit of one receiver.

    `failures` count since the last success; while `open_until` is ahead only one try is made at a time, and when it is
    past it says when the last pause ended. Each change of the address is another `revision`.
    """

    revision = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField(db_default=Now())
    failures = models.PositiveIntegerField(default=0)
    open_until = models.DateTimeField(null=True)
    last_success_at = models.DateTimeField(null=True)
    last_failure_at = models.DateTimeField(null=True)
    last_failure = models.CharField(max_length=200, blank=True)

    class Meta:
        abstract = True

    @property
    def is_failing(self) -> bool:
        """Whether its circuit opened and no probe has gone well since."""
        return self.failures >= OPENS_AT

    def is_open(self, *, at: datetime) -> bool:
        """Whether the circuit is open at the time `at`: it failed again and again, and is left in peace."""
        return self.open_until is not None and at < self.open_until <= at + LONGEST_OPEN


class Verdict(NamedTuple):
    """What becomes of a row after a try."""

    id: int
    lease: object
    state: str
    next_try_at: datetime
    finished_at: datetime | None
    status: int | None
    reason: str


def judge(item: Leased, outcome: Outcome, *, pauses: Sequence[int], at: datetime) -> Verdict:
    """Decide by the `pauses` between tries, in seconds (± 10 %), and by Retry-After; nothing is tried once expired."""
    if outcome.ok:
        return Verdict(item.id, item.lease, DELIVERED, at, at, outcome.status, "")
    if outcome.status == GONE or item.tries > len(pauses) or at >= item.give_up_at:
        return Verdict(item.id, item.lease, FAILED, at, at, outcome.status, outcome.reason)
    pause = pauses[item.tries - 1] * random.uniform(0.9, 1.1)  # noqa: S311 - spreads load, hides nothing
    again = min(at + timedelta(seconds=max(pause, outcome.retry_after)), item.give_up_at)
    return Verdict(item.id, item.lease, WAITING, again, None, outcome.status, outcome.reason)


def expires_at(at: datetime, *, pauses: Sequence[int]) -> datetime:
    """Return when a row that is tried from `at` on counts as failed: after its last try.

    Pauses may be a tenth longer than the plan says, and each try may take its full time.
    """
    tries = len(pauses) + 1
    return at + timedelta(seconds=sum(pauses) * 1.1 + (tries + 1) * settings.MESSAGE_TIMEOUT)


def closed(at: datetime) -> Q:
    """Receivers that may be tried now: not failing, or their pause is over and a probe may go."""
    over = Q(open_until=None) | Q(open_until__lte=at) | Q(open_until__gt=at + LONGEST_OPEN)
    return Q(failures__lt=OPENS_AT) | over


def since() -> Greatest:
    """Return since when a receiver could be tried: its last pause is over, and it has this address. Null before both.

    What waited for that did not wait for a worker.
    """
    return Greatest("open_until", "changed_at")


def allowance(receiver: Receiver, most: int) -> int:
    """Return how many requests may be in flight: after a failure, as many as may fail before the circuit opens."""
    return most if receiver.failures == 0 else min(most, max(1, OPENS_AT - receiver.failures))


@transaction.atomic
def take_probe(receiver: Receiver, *, at: datetime) -> bool:
    """Claim the one try that may be made when the pause of an open circuit is over; one worker gets it.

    The circuit stays open for as long as that try may take, so a worker that dies with it is in nobody's way.
    """
    until = at + timedelta(seconds=settings.MESSAGE_TIMEOUT + SHORTEST_PAUSE)
    row = hold(receiver)
    if row is None or row.failures < OPENS_AT or row.is_open(at=at):
        return False
    row.open_until = until
    row.save(update_fields=["open_until"])
    return True


@transaction.atomic
def record(receiver: Receiver, tried: Iterable[tuple[int, Outcome]], *, probe: int | None, at: datetime) -> None:
    """Note in the receiver's row how a batch of tries ended, by id and in the order in which they did; or no write.

    `failures` count in a row up to the OPENS_AT that open the circuit, and from there failed probes. What was still in
    flight when it opened makes the pause no longer. A receiver that was changed meanwhile is judged by its new address.
    """
    outcomes = list(tried)
    fresh = receiver.last_success_at is not None and at - receiver.last_success_at < FRESH
    if fresh and receiver.failures == 0 and all(outcome.ok for _, outcome in outcomes):
        return
    row = hold(receiver)
    if row is None:
        return
    for pk, outcome in outcomes:
        if outcome.ok:
            row.failures, row.last_success_at = 0, at
            if row.is_open(at=at):
                row.open_until = at
            continue
        row.last_failure_at, row.last_failure = at, outcome.reason
        if not row.is_failing or pk == probe:
            row.failures += 1
            if row.is_failing:
                row.open_until = at + pause(row.failures)
    row.save(update_fields=["failures", "open_until", "last_success_at", "last_failure_at", "last_failure"])


def hold(receiver: Receiver) -> Any:
    """Return the receiver as it is now, locked, in a transaction; None when its address is another, or it is held.

    A wait would stop all lanes of a run, and what is noted of it is a hint. Nor is who inserts a row for it waited for.
    """
    same = type(receiver)._default_manager.filter(pk=receiver.pk, revision=receiver.revision)
    return same.select_for_update(no_key=True, skip_locked=True).first()


def pause(failures: int) -> timedelta:
    """Return how long the circuit stays open after so many failures."""
    doublings = min(max(failures - OPENS_AT, 0), 16)
    return timedelta(seconds=min(SHORTEST_PAUSE * 2**doublings, LONGEST_PAUSE))
