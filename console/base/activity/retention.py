"""The run that deletes what is old enough, what the status page shows of it, and the activity log's own part."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DatabaseError
from django.db.models import F
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from console.base.activity.events import EVENTS, names
from console.base.activity.models import ActivityEntry, RetentionRun
from console.base.core.retention import KINDS, Kind, by_id, delete, register

RUN_SECONDS = 20.0  # for all kinds together
LATE = timedelta(hours=1)  # without a run: six were missed

# The database refuses to delete what is younger, by its own clock (migration 0007).
DUE = "row.at < statement_timestamp() - interval '365 days' AND row.verb <> ALL(%(kept)s)"
DOOR = "SET LOCAL console.retention = 'on'"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Fact:
    """A kind on the status page: kept for `days` (0: for ever), and what its last run did, if there was one.

    `behind`: that run had too little time, or failed, or it is over an hour ago.
    """

    name: str
    label: str | Promise
    days: int
    behind: bool
    ran_at: datetime | None = None
    oldest: datetime | None = None
    deleted_last: int = 0
    deleted_total: int = 0


def keep(*, at: datetime) -> int:
    """Delete what is old enough at `at`, of each kind, in RUN_SECONDS altogether; return how many rows.

    A kind has its share of the time that is left, so one with many rows stops none of the others; nor does one that
    fails.
    """
    total, end, kinds = 0, time.monotonic() + RUN_SECONDS, list(KINDS.values())
    for number, kind in enumerate(kinds):
        now = time.monotonic()
        try:
            deleted, behind = delete(kind, at=at, until=now + (end - now) / (len(kinds) - number))
            oldest = kind.oldest()
        except DatabaseError:
            logger.exception("old rows can't be deleted: %s", kind.name)
            _write(kind, at=at, deleted_last=0, behind=True)
            continue
        _write(kind, at=at, deleted_last=deleted, behind=behind, oldest=oldest)
        total += deleted
    return total


def _write(kind: Kind, *, at: datetime, deleted_last: int, **fields: object) -> None:
    RetentionRun.objects.get_or_create(name=kind.name)
    found = RetentionRun.objects.filter(name=kind.name)
    total = F("deleted_total") + deleted_last
    found.update(ran_at=at, deleted_last=deleted_last, deleted_total=total, **fields)


def facts(at: datetime) -> list[Fact]:
    """Return what the status page shows at `at` of each kind; one query."""
    runs = RetentionRun.objects.in_bulk()
    return [_fact(kind, runs.get(name), at) for name, kind in KINDS.items()]


def _fact(kind: Kind, run: RetentionRun | None, at: datetime) -> Fact:
    if run is None or run.ran_at is None:
        return Fact(kind.name, kind.label, kind.days, behind=True)
    return Fact(
        kind.name,
        kind.label,
        kind.days,
        behind=run.behind or run.ran_at < at - LATE,
        ran_at=run.ran_at,
        oldest=run.oldest,
        deleted_last=run.deleted_last,
        deleted_total=run.deleted_total,
    )


def _steps(at: datetime, days: int) -> Iterator[int]:
    before = at - timedelta(days=days)
    return by_id("activity_activityentry", moment="at", due=DUE, first=DOOR, before=before, kept=kept())


def kept() -> list[str]:
    """Return the events by which the console still decides something, however old they are."""
    return names(event for event in EVENTS.values() if event.kept)


def _oldest() -> datetime | None:
    return ActivityEntry.objects.order_by("id").values_list("at", flat=True).first()


register(Kind("activity", _("Activity"), "ACTIVITY_DAYS", _steps, _oldest))
