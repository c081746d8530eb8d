"""What the places of a task add up to: over time, and by what the devices were when they got them (G-11).

A task may have a hundred million places, and its page asks every few seconds. So what was counted once is kept in the
cache, each look counts only what came after, and no look counts more than STEP places: where the cache is empty and
the task is very large, the next looks carry on.
"""

from __future__ import annotations

import math
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db import connection

from console.base.core import times
from grayscale.models import Claim, GrayscaleTask

BUCKET = 300  # seconds
STEP = 200_000  # places that one look counts at most
KINDS = 500  # different versions that are kept of each split; the rarest are dropped
NUMBERS, FIRST_NUMBER = re.compile(r"(?:[0-9]+(?:[.][0-9]+)*)?"), re.compile("[0-9]*")
SETTLED = timedelta(minutes=1)  # a claim is committed long before
KEPT = 7 * 24 * 3600
FRESH = 5  # seconds for which a figure is always good enough

# The four groupings in one pass.
COUNT = """
    SELECT GROUPING(bucket, application_id, platform, network),
           bucket, application_id, app_version, platform, os_version, network, count(*)
    FROM (
        SELECT floor(extract(epoch FROM claimed_at) / %(bucket)s)::bigint AS bucket,
               application_id, app_version, platform, os_version, network
        FROM grayscale_claim WHERE task_id = %(task)s AND claimed_at > %(after)s AND claimed_at <= %(until)s
    ) AS claims
    GROUP BY GROUPING SETS ((bucket), (application_id, app_version), (platform, os_version), (network))
"""
BY_TIME, BY_APPLICATION, BY_PLATFORM, BY_NETWORK = 0b0111, 0b1011, 0b1101, 0b1110


@dataclass
class Stats:
    """Places until `until`: by bucket of time, by (application, version), by (platform, system) and by network."""

    until: datetime = datetime(2000, 1, 1, tzinfo=UTC)
    buckets: Counter[int] = field(default_factory=Counter)
    applications: Counter[tuple[int, str]] = field(default_factory=Counter)
    platforms: Counter[tuple[str, str]] = field(default_factory=Counter)
    networks: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """How many places were counted."""
        return self.buckets.total()

    def since(self, at: datetime) -> int:
        """Return how many places were taken in the buckets from `at` on."""
        first = int(at.timestamp() // BUCKET)
        return sum(count for bucket, count in self.buckets.items() if bucket >= first)

    def curve(self, start: datetime, until: datetime, *, points: int = 240) -> tuple[list[float], list[int]]:
        """Return moments (POSIX seconds, ascending) and how many had a place at each, in about `points` steps."""
        first, last = start.timestamp(), until.timestamp()
        step = max(math.ceil((last - first) / points / BUCKET), 1) * BUCKET
        slots: Counter[int] = Counter()
        count = 0
        for bucket, taken in self.buckets.items():
            if (bucket + 1) * BUCKET <= first:
                count += taken
            elif bucket * BUCKET < last:
                slots[bucket * BUCKET // step] += taken
        at, had = [first], [count]
        for slot in sorted(slots):
            count += slots[slot]
            for moment, total in ((slot * step, had[-1]), (min((slot + 1) * step, last), count)):
                if moment > at[-1]:
                    at.append(moment)
                    had.append(total)
                else:
                    had[-1] = total
        if last > at[-1]:
            at.append(last)
            had.append(count)
        return at, had

    def add(self, rows: list[tuple[Any, ...]], *, until: datetime) -> None:
        """Add what was counted between the old `until` and the new one.

        Of an application's version the dotted numbers count, of a system's the first one.
        """
        for grouping, bucket, application, app_version, platform, system, network, count in rows:
            if grouping == BY_TIME:
                self.buckets[bucket] += count
            elif grouping == BY_APPLICATION:
                self.applications[application, NUMBERS.match(app_version)[0]] += count  # type: ignore[index]
            elif grouping == BY_PLATFORM:
                self.platforms[platform, FIRST_NUMBER.match(system)[0]] += count  # type: ignore[index]
            elif grouping == BY_NETWORK:
                self.networks[network] += count
        self.applications = Counter(dict(self.applications.most_common(KINDS)))
        self.platforms = Counter(dict(self.platforms.most_common(KINDS)))
        self.until = until


def stats_of(task: GrayscaleTask, *, at: datetime) -> Stats:
    """Return the task's places by time and kind of device; up to STEP more than the last look saw."""
    key = f"grayscale-stats-1-{task.pk}"
    found: Stats = cache.get(key) or Stats()
    # What is kept is for all machines, and claims have the time of the database: no clock of one may be ahead of it.
    settled = min(at, times.of_the_database()) - SETTLED
    end = _end_of_step(task, found.until, settled)
    if end > found.until:
        found.add(_count(task, found.until, end), until=end)
        cache.set(key, found, KEPT)
    if end == settled:
        found.add(_count(task, end, at), until=at)
    return found


def _end_of_step(task: GrayscaleTask, after: datetime, until: datetime) -> datetime:
    """Return the moment up to which there are about STEP places after `after`, `until` at most."""
    claims = Claim.objects.filter(task=task, claimed_at__gt=after, claimed_at__lte=until).order_by("claimed_at")
    beyond = claims.values_list("claimed_at", flat=True)[STEP : STEP + 1]
    return next(iter(beyond), max(until, after))


def _count(task: GrayscaleTask, after: datetime, until: datetime) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {"bucket": BUCKET, "task": task.pk, "after": after, "until": until})
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def kept(key: str, make: Callable[[], Any]) -> Any:
    """Return what `make` makes, from the cache for FRESH seconds, or longer where making it takes long.

    So that it never takes more than a twentieth of one process, however large the task and however many look.
    """
    found = cache.get(key)
    if found is None:
        started = time.monotonic()
        found = make()
        cache.set(key, found, FRESH + int(20 * (time.monotonic() - started)))
    return found
