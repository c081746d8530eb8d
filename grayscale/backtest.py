"""How a guardrail would have acted on the last days, hour by hour, for who chooses its limits (G-13).

The figures are read as the guardrail itself reads them, of hours whose entries have come. What was read is kept; a look
reads for SECONDS at most, newest hours first, and the next one carries on: so a busy program's page loads fast, too.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from django.conf import settings
from django.core.cache import cache
from django.db.models import Q

from devmgmt.logs import volume
from devmgmt.logs.criteria import Criteria
from grayscale.error_rates import MOST_ENTRIES, Counting, ErrorRates, Unread, error_rates
from grayscale.guardrail import Breach, Guardrail, Seen, breach
from grayscale.models import GrayscaleTask
from miniprograms.models import MiniProgram
from releases.field.errors import Figures
from releases.models import Release, Version

DAYS = 7
HOUR = timedelta(hours=1)
LATE = timedelta(minutes=10)  # most of what devices send of an hour is there so long after its end
SECONDS = 2.0
KEPT = DAYS * 24 * 3600
MOST_VERSIONS = 20

Hours = dict[datetime, dict[str, Figures]]  # by the hour's start and the version's number


@dataclass(frozen=True)
class Moment:
    """A version in one hour, beside the one that was online then; `broken` is the limit that it exceeded."""

    start: datetime
    number: str
    seen: Seen
    broken: Breach | None

    @property
    def rate(self) -> float:
        """How many of a hundred devices had an error."""
        return self.seen.ours.rate or 0.0

    @property
    def is_online(self) -> bool:
        """Whether it is the online version itself: a limit that this breaks is too tight."""
        return self.number == self.seen.number


@dataclass(frozen=True, kw_only=True)
class Past:
    """What was read of the hours from `start` to `end`: `looked` of them are known; the log store may be away."""

    start: datetime
    end: datetime
    hours: Hours
    online: list[tuple[datetime, Version]]  # since when which version was, oldest first
    versions: list[Version]
    has_logs: bool

    @property
    def total(self) -> int:
        """How many hours there are."""
        return (self.end - self.start) // HOUR

    @property
    def looked(self) -> int:
        """How many of them are known."""
        return len(self.hours)

    def online_at(self, moment: datetime) -> Version | None:
        """Return the version that was online then."""
        place = bisect_right([at for at, _version in self.online], moment)
        return self.online[place - 1][1] if place else None


@dataclass(frozen=True)
class Verdict:
    """How a guardrail would have acted on what is known."""

    guardrail: Guardrail
    past: Past

    @cached_property
    def moments(self) -> list[Moment]:
        """Every version of every hour that devices were seen with: the online one and those above it, oldest first."""
        return sorted(self._moments(), key=lambda moment: moment.start)

    def _moments(self) -> Iterator[Moment]:
        for start, figures in self.past.hours.items():
            online = self.past.online_at(start + HOUR)
            for version in self.past.versions:
                if ours := figures.get(version.number):
                    if online and version.parts < online.parts:
                        continue  # devices that have not asked yet
                    number = online.number if online else ""
                    theirs = figures.get(number, Figures())
                    seen = Seen(since=start.isoformat(), ours=ours, online=theirs, number=number)
                    yield Moment(start, version.number, seen, breach(self.guardrail, ours, seen.online))

    @cached_property
    def acts(self) -> list[Moment]:
        """The first hour of each version in which it would have suspended, oldest first."""
        first: dict[str, Moment] = {}
        for moment in self.moments:
            if moment.broken:
                first.setdefault(moment.number, moment)
        return list(first.values())

    @cached_property
    def counted(self) -> list[Moment]:
        """The moments with enough devices."""
        return [moment for moment in self.moments if moment.seen.ours.devices >= self.guardrail.devices]

    @property
    def highest(self) -> Moment | None:
        """The moment with the highest error rate among those with enough devices."""
        return max(self.counted, key=lambda moment: (moment.rate, moment.seen.ours.devices), default=None)

    @property
    def busiest(self) -> Moment | None:
        """The moment with most devices."""
        return max(self.moments, key=lambda moment: moment.seen.ours.devices, default=None)


def past(program: MiniProgram, *, at: datetime) -> Past:
    """Return what is known of the program's last days, after reading on for SECONDS at most."""
    end = (at - LATE).replace(minute=0, second=0, microsecond=0)
    start = end - timedelta(days=min(DAYS, settings.LOG_DAYS))
    versions = _versions(program, start=start)
    key = f"guardrail-past-2-{program.pk}"
    kept: Hours = {hour: found for hour, found in (cache.get(key) or {}).items() if start <= hour < end}
    hours, has_logs = dict(kept), True
    if versions:
        has_logs = _read_on(program, versions, hours, start=start, end=end)
    if has_logs and hours.keys() != kept.keys():
        cache.set(key, hours, KEPT)
    online = _online(program, start=start)
    return Past(start=start, end=end, hours=hours, online=online, versions=versions, has_logs=has_logs)


def _read_on(
    program: MiniProgram, versions: Sequence[Version], hours: Hours, *, start: datetime, end: datetime
) -> bool:
    """Add hours that are not known yet, newest first, while there is time; returns whether the logs could be read."""
    began, has_logs = time.monotonic(), True
    countings = _countings(versions, start=start)
    for first, last in _spans(program, [hour for hour in _every(start, end) if hour not in hours]):
        try:
            found = error_rates(countings, start=first, end=last, step=HOUR, logs=has_logs)
        except Unread:
            has_logs = False
            found = error_rates(countings, start=first, end=last, step=HOUR, logs=False)
        hours |= {hour: _of_hour(found, hour) for hour in _every(first, last)}
        if time.monotonic() - began > SECONDS:
            break
    return has_logs


def _spans(program: MiniProgram, missing: Sequence[datetime]) -> Iterator[tuple[datetime, datetime]]:
    """Yield spans of missing hours, newest first, each with no more entries than are looked at, or of a single hour."""
    if not missing:
        return
    criteria = Criteria(program.pk, missing[0], missing[-1] + HOUR)
    counts = {bucket.start: bucket.info + bucket.warn + bucket.error for bucket in volume.buckets(criteria, HOUR)}
    first = last = missing[-1] + HOUR
    entries = 0
    for hour in reversed(missing):
        entries += counts.get(hour, 0)
        if first < last and (entries > MOST_ENTRIES or hour + HOUR != first):
            yield first, last
            last, entries = hour + HOUR, counts.get(hour, 0)
        first = hour
    yield first, last


def _every(start: datetime, end: datetime) -> list[datetime]:
    return [start + number * HOUR for number in range((end - start) // HOUR)]


def _of_hour(found: ErrorRates, hour: datetime) -> dict[str, Figures]:
    return {one.version.number: figures for (start, one), figures in found.figures.items() if start == hour}


def _countings(versions: Sequence[Version], *, start: datetime) -> list[Counting]:
    """Count all devices of versions that were online since `start`, of others those enrolled in their tasks (G-17)."""
    online = {version.pk for _since, version in _online(versions[0].mini_program, start=start)}
    tasks: dict[int, list[GrayscaleTask]] = {}
    tried = GrayscaleTask.objects.filter(version__in=versions, ends_at__gt=start)
    for task in tried.select_related("version").prefetch_related("applications"):
        tasks.setdefault(task.version_id, []).append(task)
    return [Counting(one) if one.pk in online else Counting.of(*tasks[one.pk]) for one in versions]


def _versions(program: MiniProgram, *, start: datetime) -> list[Version]:
    """Return the versions that were online or tried since `start`, the newest first."""
    tried = GrayscaleTask.objects.filter(mini_program=program, ends_at__gt=start).values("version")
    online = [version.pk for _since, version in _online(program, start=start)]
    return list(
        Version.objects.filter(Q(pk__in=online) | Q(pk__in=tried), mini_program=program).order_by("-pk")[:MOST_VERSIONS]
    )


def _online(program: MiniProgram, *, start: datetime) -> list[tuple[datetime, Version]]:
    """Return since when which version was online, oldest first, from the one that was at `start` on."""
    found: list[tuple[datetime, Version]] = []
    for release in Release.objects.filter(mini_program=program).select_related("to_version")[: 10 * MOST_VERSIONS]:
        found.append((release.at, release.to_version))
        if release.at <= start:
            break
    return found[::-1]
