"""How many entries there are (D-5, D-6): counted in memory, written about each second; for the chart and the daily cap.

Not in the transaction of the entries, where all batches of a program would wait for one row. So counts are a second
late, and a crash loses that second. The cap forgives more: a process learns each TOTAL_SECONDS what the others have
counted, so that with N processes a program may pass its cap by what comes in that time.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from console.base.core import retention
from console.base.core.buffers import Buffer
from console.base.core.retention import Kind, Place, register
from devmgmt.logs import partitions
from devmgmt.logs.criteria import Bucket, Criteria
from devmgmt.logs.entry import ERROR, INFO, WARN, Entry

TOTAL_SECONDS = 10.0
MOST_COUNTED = 20_000  # minutes of programs, between two flushes
MOST_TOTALS = 50_000  # days of programs, in memory

DAY = 24 * 60  # minutes
EPOCH = date(1970, 1, 1)

Counts = Mapping[tuple[int, int], Sequence[int]]  # info, warn and error, by program and minute since 1970

# Sorted, so that two processes never wait for one another crosswise.
WRITE = """
    INSERT INTO devmgmt_logvolume (mini_program_id, minute, info, warn, error)
    SELECT program.id, to_timestamp(60 * counted.minute), counted.info, counted.warn, counted.error
    FROM unnest(%s::bigint[], %s::bigint[], %s::integer[], %s::integer[], %s::integer[])
         AS counted (program, minute, info, warn, error)
    JOIN miniprograms_miniprogram AS program ON program.id = counted.program
    ORDER BY 1, 2
    ON CONFLICT (mini_program_id, minute) DO UPDATE SET
        info = devmgmt_logvolume.info + excluded.info, warn = devmgmt_logvolume.warn + excluded.warn,
        error = devmgmt_logvolume.error + excluded.error
"""
TOTAL = """
    SELECT coalesce(sum(info::bigint + warn + error), 0) FROM devmgmt_logvolume
    WHERE mini_program_id = %s AND minute >= %s AND minute < %s
"""
BUCKETS = """
    SELECT date_bin(make_interval(secs => %(seconds)s), minute, %(start)s), sum(info), sum(warn), sum(error)
    FROM devmgmt_logvolume WHERE mini_program_id = %(mini_program)s AND minute >= %(start)s AND minute < %(end)s
    GROUP BY 1 ORDER BY 1
"""
# By the index of each program, some at a time: nobody waits for it.
PRUNE = """
    DELETE FROM devmgmt_logvolume WHERE (mini_program_id, minute) IN (
        SELECT old.mini_program_id, old.minute
        FROM miniprograms_miniprogram AS program CROSS JOIN LATERAL (
            SELECT mini_program_id, minute FROM devmgmt_logvolume
            WHERE mini_program_id = program.id AND minute < %(before)s LIMIT %(most)s
        ) AS old
        LIMIT %(most)s
    )
"""


OLDEST = """
    SELECT min(old.minute) FROM miniprograms_miniprogram AS program CROSS JOIN LATERAL (
        SELECT minute FROM devmgmt_logvolume WHERE mini_program_id = program.id ORDER BY minute LIMIT 1
    ) AS old
"""


@dataclass
class Total:
    """How many entries of a day are known of, and when it was read by `time.monotonic`."""

    entries: int
    read: float


def count(entries: Iterable[Entry]) -> dict[tuple[int, int], list[int]]:
    """Count entries by program, minute and their highest level."""
    counts: dict[tuple[int, int], list[int]] = {}
    for entry in entries:
        levels = counts.setdefault((entry.mini_program, int(entry.time.timestamp()) // 60), [0, 0, 0])
        levels[2 if entry.level & ERROR else 1 if entry.level & WARN else 0] += 1
    return counts


def write(counts: Counts) -> None:
    """Add counts to what is written; raises DatabaseError."""
    if counts:
        columns = zip(*((*key, *levels) for key, levels in counts.items()), strict=True)
        with connection.cursor() as cursor:
            cursor.execute(WRITE, [list(column) for column in columns])


def total(mini_program: int, day: date) -> int:
    """Return how many entries of the UTC day are written of a program."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    with connection.cursor() as cursor:
        cursor.execute(TOTAL, [mini_program, start, start + timedelta(days=1)])
        (found,) = cursor.fetchone()
    return int(found)


def entries_today(mini_program: int) -> int:
    """Return how many entries a program has today (UTC), up to a second ago."""
    return total(mini_program, timezone.now().astimezone(UTC).date())


def buckets(criteria: Criteria, step: timedelta) -> list[Bucket]:
    """Count by `criteria`'s time and level alone, from its start on; that and `step` are whole minutes.

    All of the minute in which it ends is counted. Empty buckets are left out.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            BUCKETS,
            {
                "seconds": step.total_seconds(),
                "start": criteria.start,
                "end": criteria.end,
                "mini_program": criteria.mini_program,
            },
        )
        rows = cursor.fetchall()
    found = (
        Bucket(
            start, *(n if level >= criteria.level else 0 for level, n in zip((INFO, WARN, ERROR), counts, strict=True))
        )
        for start, *counts in rows
    )
    return [bucket for bucket in found if bucket.info or bucket.warn or bucket.error]


def _steps(at: datetime, days: int, place: Place) -> Iterator[int]:
    """Delete the counts of days whose entries are dropped."""
    first, deleted = partitions.oldest(at=at), retention.BATCH
    before = datetime(first.year, first.month, first.day, tzinfo=UTC)
    while deleted == retention.BATCH:
        with retention.step() as cursor:
            cursor.execute(PRUNE, {"before": before, "most": retention.BATCH})
            deleted = cursor.rowcount
        yield deleted


def _oldest() -> datetime | None:
    found: datetime | None = retention.row(OLDEST)[0]
    return found


register(Kind("log_volume", _("Log volume by minute"), "LOG_DAYS", "devmgmt_logvolume", _steps, _oldest))


class Volumes(Buffer):
    """Counts of this process, until a thread writes them; and how many entries of a day it knows of."""

    contents, seconds = "volumes of logs", 1.0

    def clear(self) -> None:
        """Know of no entry."""
        self._lock = threading.Lock()
        self._counts: dict[tuple[int, int], list[int]] = {}
        self._unwritten: Counter[tuple[int, int]] = Counter()  # by program and day
        self._totals: dict[tuple[int, int], Total] = {}

    def add(self, entries: Iterable[Entry]) -> None:
        """Count entries that are kept."""
        counts = count(entries)
        with self._lock:
            self._merge(counts)
            for (program, minute), levels in counts.items():
                if known := self._totals.get((program, minute // DAY)):
                    known.entries += sum(levels)
            is_full = len(self._counts) >= MOST_COUNTED
        if self.thread is None and self.follow:
            self.start()
        if is_full:
            self.try_flush()

    def is_over(self, mini_program: int, day: date) -> bool:
        """Return whether a program has all the entries that it may have of a UTC day; raises DatabaseError."""
        key, now = (mini_program, (day - EPOCH).days), time.monotonic()
        known = self._totals.get(key)
        if known is None or known.read + TOTAL_SECONDS < now:
            if known:
                known.read = now  # The other threads go on with what is known.
            elif len(self._totals) >= MOST_TOTALS:
                self._totals = {}
            entries = total(mini_program, day)
            known = self._totals[key] = Total(entries + self._unwritten[key], now)
        return known.entries >= settings.LOG_ENTRIES_PER_DAY

    def flush(self) -> None:
        """Write what was counted. Raises DatabaseError, and then it is counted for the next time."""
        with self._lock:
            counts, self._counts = self._counts, {}
            self._unwritten.clear()
        try:
            write(counts)
        except Exception:
            with self._lock:
                if len(self._counts) + len(counts) <= MOST_COUNTED:
                    self._merge(counts)
            raise

    def _merge(self, counts: Counts) -> None:
        for key, levels in counts.items():
            program, minute = key
            self._unwritten[program, minute // DAY] += sum(levels)
            if known := self._counts.get(key):
                self._counts[key] = [n + more for n, more in zip(known, levels, strict=True)]
            else:
                self._counts[key] = list(levels)


buffer = Volumes()
os.register_at_fork(after_in_child=buffer.forget)
