"""The run that deletes what is old enough, what the status page shows of it, and the activity log's own part."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import DatabaseError
from django.db.models import F
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from console.base.activity.events import EVENTS, names
from console.base.activity.models import ActivityEntry, RetentionRun
from console.base.core.only_run import only_run
from console.base.core.retention import KINDS, Kind, Place, by_id, register

RUN_SECONDS = 20.0  # for all kinds together
SLICE_SECONDS = 1.0  # that one of them has before the next one's turn
PASS = timedelta(days=1)  # What is kept among old rows is looked at once in so long: it may have become due.
LATE = timedelta(hours=1)  # without a run: six were missed

TABLE = "activity_activityentry"
# The database refuses to delete what is younger, by its own clock (migration 0007).
DUE = "row.at < statement_timestamp() - interval '365 days' AND row.verb <> ALL(%(kept)s)"
KEEPING = 0x6F6C64  # advisory lock of the run
DOOR = "SET LOCAL console.retention = 'on'"

logger = logging.getLogger(__name__)


class Run(NamedTuple):
    """How many rows a run deleted, and whether more would have gone had there been time."""

    deleted: int
    is_behind: bool


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


class Turn:
    """A kind in a run: it deletes a slice of time at a time, and goes on where it was when it is its turn again."""

    def __init__(self, kind: Kind, *, at: datetime) -> None:
        self.kind, self.at = kind, at
        self.run, _created = RetentionRun.objects.get_or_create(name=kind.name)
        if self.run.pass_began_at is None or not at - PASS < self.run.pass_began_at <= at:
            self.run.pass_began_at, self.run.passed = at, 0
        self.place = Place(self.run.passed)
        self.deleted, self.behind, self.failed = 0, False, False
        self._steps = kind.steps(at, kind.days, self.place) if kind.days else iter(())

    def go_on(self, *, until: float) -> None:
        """Delete until nothing is left or time.monotonic() is `until`; there is time for at least one step."""
        self.behind = False
        try:
            passed = self.place.id
            for rows in self._steps:
                self.deleted += rows
                if time.monotonic() >= until:
                    self.behind = bool(rows) or self.place.id > passed
                    return
        except DatabaseError:
            self._fail()

    def write(self) -> None:
        """Keep what was done."""
        fields: dict[str, object] = {"pass_began_at": self.run.pass_began_at, "passed": self.place.id}
        try:
            fields["oldest"] = self.kind.oldest()
        except DatabaseError:
            self._fail()
        RetentionRun.objects.filter(name=self.kind.name).update(
            ran_at=self.at,
            deleted_last=self.deleted,
            deleted_total=F("deleted_total") + self.deleted,
            behind=self.behind or self.failed,
            **fields,
        )

    def _fail(self) -> None:
        logger.exception("old rows can't be deleted: %s", self.kind.name)
        self.failed = True


def keep(*, at: datetime) -> Run:
    """Delete what is old enough at `at`, of each kind, in RUN_SECONDS altogether; of several processes one does it.

    The kinds take turns, so one with many rows stops none of the others, and has all the time that they don't need; nor
    does one that fails.
    """
    with only_run(KEEPING) as mine:
        turns = _take_turns(at) if mine else []
    return Run(sum(turn.deleted for turn in turns), any(turn.behind for turn in turns))


def _take_turns(at: datetime) -> list[Turn]:
    end = time.monotonic() + RUN_SECONDS
    turns = [Turn(kind, at=at) for kind in KINDS.values()]
    waiting = deque(turns)
    while waiting:
        turn, now = waiting.popleft(), time.monotonic()
        turn.go_on(until=min(now + SLICE_SECONDS, end))
        if turn.behind and time.monotonic() < end:
            waiting.append(turn)
    for turn in turns:
        turn.write()
    return turns


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


def _steps(at: datetime, days: int, place: Place) -> Iterator[int]:
    before = at - timedelta(days=days)
    return by_id(TABLE, place, moment="at", due=DUE, first=DOOR, before=before, kept=kept())


def kept() -> list[str]:
    """Return the events by which the console still decides something, however old they are."""
    return names(event for event in EVENTS.values() if event.kept)


def _oldest() -> datetime | None:
    return ActivityEntry.objects.order_by("id").values_list("at", flat=True).first()


register(Kind("activity", _("Activity"), "ACTIVITY_DAYS", TABLE, _steps, _oldest))
