"""Versions of a mini program: on how many devices they are, and how many of those had an error (G-13, G-17).

A device is on a version when it reported an update to it or logged with it. It had an error when the update failed, or
when it logged an entry of level error. Each device counts once, whatever it sent. Anybody who has a copy of an app can
send in its name, so a `Counting` says whose signals count; the devices whose signals don't are counted as left out.

What is read is bounded: of a span the newest MOST_REPORTS that count of each version and the newest MOST_ENTRIES of the
program. In a program that sends more, the figures are those of the span's end. Of a task with up to FEW places the
entries of its own devices are read as well, so that no flood of others hides them.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet

from devmgmt.logs.criteria import Criteria, DeviceErrors, StoreAway, TooSlow
from devmgmt.logs.store import log_store
from grayscale.guardrail import Seen
from grayscale.models import Claim, GrayscaleTask
from releases.field.errors import Figures
from releases.field.models import UpdateReport
from releases.field.states import ReportResult
from releases.models import Version

MOST_REPORTS = 50_000
MOST_ENTRIES = 100_000
MOST_LEFT_OUT = 100_000  # devices without a place whose reports are counted
FEW = 10_000  # places
AT_ONCE = 5_000  # GUIDs in one question

logger = logging.getLogger(__name__)


class Unread(Exception):
    """The log store did not answer in time; `is_away`: not at all, so the next question would wait as long."""

    def __init__(self, *, is_away: bool) -> None:
        super().__init__()
        self.is_away = is_away


class Counting(NamedTuple):
    """Whose signals count for a version: of devices with a place in one of `tasks`, sent through `applications`.

    Primary keys. Where `tasks` is None every device counts, where `applications` is None every application.
    """

    version: Version
    tasks: tuple[int, ...] | None = None
    applications: frozenset[int] | None = None

    @classmethod
    def of(cls, *tasks: GrayscaleTask) -> Counting:
        """Count devices with a place in one of these tasks of one version, through the tasks' applications (G-17)."""
        reached = {row.application_id for task in tasks for row in task.applications.all()}
        return cls(tasks[0].version, tuple(task.pk for task in tasks), frozenset(reached))

    def condition(self) -> Q:
        """Return which of the version's reports count."""
        condition = Q()
        if self.applications is not None:
            condition &= Q(application__in=self.applications)
        if self.tasks is not None:
            condition &= Q(Exists(Claim.objects.filter(task__in=self.tasks, guid=OuterRef("guid"))))
        return condition

    def enrolled(self, guids: Iterable[str]) -> set[str]:
        """Return those of some devices that have a place; all of them where none is asked for."""
        if self.tasks is None:
            return set(guids)
        asked, found = iter(set(guids)), set[str]()
        while some := list(islice(asked, AT_ONCE)):
            found |= set(Claim.objects.filter(task__in=self.tasks, guid__in=some).values_list("guid", flat=True))
        return found


@dataclass
class ErrorRates:
    """Figures by the start of a span and whose they are; and the GUIDs whose signals were left out.

    A span without a device that counts is absent.
    """

    figures: dict[tuple[datetime, Counting], Figures] = field(default_factory=dict)
    left_out: dict[Counting, set[str]] = field(default_factory=dict)


def error_rates(
    countings: Sequence[Counting], *, start: datetime, end: datetime, step: timedelta, logs: bool = True
) -> ErrorRates:
    """Return the figures of versions of one program in spans of `step` from `start` to before `end`.

    Raises Unread; without `logs`, reports alone are counted.
    """
    seen: dict[tuple[datetime, Counting], dict[str, bool]] = defaultdict(dict)
    left_out: dict[Counting, set[str]] = {}
    logged = _logged(countings, start=start, end=end, step=step) if logs and countings else []
    for one in countings:
        for at, guid, result in _reported(one, start=start, end=end):
            seen[start + (at - start) // step * step, one][guid] = result == ReportResult.FAILED
        left_out[one] = _reported_in_vain(one, start=start, end=end)
        mine, others = _split(one, [row for row in logged if row.version == one.version.number])
        for row in mine + _own(one, start=start, end=end, step=step, logs=logs):
            span = seen[row.start, one]
            span[row.guid] = span.get(row.guid, False) or row.error
        left_out[one] |= {row.guid for row in others}
    figures = {key: Figures(len(devices), sum(devices.values())) for key, devices in seen.items()}
    return ErrorRates(figures, left_out)


@dataclass(frozen=True)
class Now:
    """The figures of this moment, how many devices were left out, and whether the logs are in them or their store away.

    `is_store_away` is true of the question that found it out.
    """

    figures: dict[Counting, Figures]
    left_out: dict[Counting, int]
    has_logs: bool
    is_store_away: bool = False


def error_rates_now(countings: Sequence[Counting], *, start: datetime, end: datetime, logs: bool = True) -> Now:
    """Return the figures from `start` to `end`; without `logs`, of reports alone.

    A log store that does not answer is no reason to suspend anything, nor to leave the reports out.
    """
    is_away = False
    try:
        found = error_rates(countings, start=start, end=end, step=end - start, logs=logs)
    except Unread as error:
        logger.warning("the guardrail uses reports only: the log store did not answer")
        logs, is_away = False, error.is_away
        found = error_rates(countings, start=start, end=end, step=end - start, logs=False)
    figures = {one: figures for (_start, one), figures in found.figures.items()}
    return Now(figures, {one: len(guids) for one, guids in found.left_out.items()}, logs, is_away)


def seen_now(ours: Counting, online: Version | None, *, at: datetime, window: timedelta) -> Seen:
    """Return what a guardrail would see now of a version beside the online one, over the `window` before `at`."""
    theirs = Counting(online, None, ours.applications) if online else None
    start = at - window
    now = error_rates_now([ours, *([theirs] if theirs else [])], start=start, end=at)
    return Seen(
        since=start.isoformat(),
        ours=now.figures.get(ours, Figures()),
        online=now.figures.get(theirs, Figures()) if theirs else Figures(),
        number=online.number if online else "",
        logs=now.has_logs,
    )


def _reported(one: Counting, *, start: datetime, end: datetime) -> Iterable[tuple[datetime, str, str]]:
    reports = _reports(one.version, start, end).filter(one.condition())
    return reports.values_list("reported_at", "guid", "result")[:MOST_REPORTS]


def _reported_in_vain(one: Counting, *, start: datetime, end: datetime) -> set[str]:
    """Return the devices whose reports do not count."""
    if one.tasks is None and one.applications is None:
        return set()
    others = _reports(one.version, start, end).filter(~one.condition())
    return set(others.values_list("guid", flat=True)[:MOST_LEFT_OUT])


def _reports(version: Version, start: datetime, end: datetime) -> QuerySet[UpdateReport]:
    """Return the reports of a span, the newest first."""
    span = UpdateReport.objects.filter(version=version, reported_at__gte=start, reported_at__lt=end)
    return span.order_by("-reported_at")


def _split(one: Counting, rows: list[DeviceErrors]) -> tuple[list[DeviceErrors], list[DeviceErrors]]:
    """Return what counts, and what does not."""
    enrolled = one.enrolled(row.guid for row in rows)
    counts, others = list[DeviceErrors](), list[DeviceErrors]()
    for row in rows:
        through = one.applications is None or row.application in one.applications
        (counts if through and row.guid in enrolled else others).append(row)
    return counts, others


def _logged(
    countings: Sequence[Counting], *, start: datetime, end: datetime, step: timedelta
) -> Sequence[DeviceErrors]:
    numbers = sorted({one.version.number for one in countings})
    return _devices(countings[0].version, numbers, start=start, end=end, step=step)


def _own(one: Counting, *, start: datetime, end: datetime, step: timedelta, logs: bool) -> list[DeviceErrors]:
    """Return what the devices of a small task logged, whatever others send meanwhile."""
    if not logs or one.tasks is None:
        return []
    guids = list(Claim.objects.filter(task__in=one.tasks).values_list("guid", flat=True)[: FEW + 1])
    if not 0 < len(guids) <= FEW:
        return []
    rows = _devices(one.version, [one.version.number], start=start, end=end, step=step, guids=guids)
    return _split(one, list(rows))[0]


def _devices(
    version: Version,
    numbers: Sequence[str],
    *,
    start: datetime,
    end: datetime,
    step: timedelta,
    guids: Sequence[str] | None = None,
) -> Sequence[DeviceErrors]:
    criteria = Criteria(version.mini_program_id, start, end)
    try:
        return log_store().devices(criteria, numbers, step=step, limit=MOST_ENTRIES, guids=guids)
    except (TooSlow, StoreAway) as error:
        raise Unread(is_away=isinstance(error, StoreAway)) from error
