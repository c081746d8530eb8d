"""The days of the PostgreSQL store: each UTC day is one partition, made ahead, closed when it is over, dropped later.

A closed day has a trigram index for searches in `filter_msg`. One on the open day would make writing slow; instead each
window of it that is over gets a partial one, which what is written now does not enter. The day's own replaces them.

Nothing here ever holds up writers: whatever can't have its lock immediately is left to the next sweep.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from psycopg.errors import LockNotAvailable, ObjectNotInPrerequisiteState

from console.base.core.only_run import only_run

TABLE = "devmgmt_logentry"
DAYS_AHEAD = 3
WINDOW = 2  # hours, a divisor of 24
LATE = timedelta(minutes=10)  # most of what devices send of a window is there so long after its end
PATIENCE = "500ms"  # for a lock that others wait behind
LONG_PATIENCE = "1min"  # for one that nobody waits behind: an index is built for nothing when it is not got
KEEPING, MAKING = 0x6D706C6F67, 0x6D706C6F68  # advisory locks

# By name, attached or not: a process may have ended between two steps.
DAYS = """
    SELECT day.relname, part.inhrelid IS NOT NULL, coalesce(part.inhdetachpending, false),
           (SELECT index.indisvalid FROM pg_index AS index JOIN pg_class AS name ON name.oid = index.indexrelid
            WHERE index.indrelid = day.oid AND name.relname = day.relname || '_filter_msg')
    FROM pg_class AS day
    LEFT JOIN pg_inherits AS part ON part.inhrelid = day.oid AND part.inhparent = 'devmgmt_logentry'::regclass
    WHERE day.relkind = 'r' AND day.relname ~ '^devmgmt_logentry_[0-9]{8}$' AND pg_table_is_visible(day.oid)
    ORDER BY day.relname
"""

WINDOWS = """
    SELECT name.relname, index.indisvalid FROM pg_index AS index JOIN pg_class AS name ON name.oid = index.indexrelid
    WHERE name.relname ~ '^devmgmt_logentry_[0-9]+_filter_msg_[0-9]+_[0-9]+$' AND pg_table_is_visible(name.oid)
    ORDER BY name.relname
"""

logger = logging.getLogger(__name__)


class Day(NamedTuple):
    """A partition. `is_indexed` is None without the index of closed days, False when building it was broken off."""

    name: str
    is_attached: bool
    is_leaving: bool
    is_indexed: bool | None

    @property
    def date(self) -> date:
        """The UTC day of its entries."""
        return datetime.strptime(self.name[-8:], "%Y%m%d").replace(tzinfo=UTC).date()


class Window(NamedTuple):
    """A partial trigram index, named by its day and hours. It is not valid when building it was broken off."""

    name: str
    is_valid: bool

    @property
    def start(self) -> datetime:
        """The first moment of it."""
        return self._moment(-2)

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return self._moment(-1)

    def _moment(self, part: int) -> datetime:
        parts = self.name.split("_")
        return datetime.strptime(parts[2], "%Y%m%d").replace(tzinfo=UTC) + timedelta(hours=int(parts[part]))


def days() -> list[Day]:
    """Return the days that there are, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(DAYS)
        return [Day(*row) for row in cursor.fetchall()]


def windows() -> list[Window]:
    """Return the windows that have an index, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(WINDOWS)
        return [Window(*row) for row in cursor.fetchall()]


def oldest(*, at: datetime) -> date:
    """Return the first UTC day that is still kept."""
    return (at - timedelta(days=settings.LOG_DAYS)).astimezone(UTC).date()


def make(dates: Collection[date]) -> None:
    """Make the days that are missing. Entries are written and read meanwhile: only an empty table is locked."""
    with transaction.atomic(), connection.cursor() as cursor:
        # Before the days are read: who comes second waits, and finds them made.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [MAKING])
        there = {day.date: day for day in days()}
        for wanted in sorted(dates):
            day = there.get(wanted)
            name = f"{TABLE}_{wanted:%Y%m%d}"
            if day is None:
                cursor.execute(f"CREATE TABLE {name} (LIKE {TABLE} INCLUDING ALL)")
            if day is None or not day.is_attached:
                bounds = f"FROM ('{wanted} 00:00+00') TO ('{wanted + timedelta(days=1)} 00:00+00')"
                cursor.execute(f"ALTER TABLE {TABLE} ATTACH PARTITION {name} FOR VALUES {bounds}")


def keep(*, at: datetime) -> int:
    """Make days ahead, close those that are over, drop those that are too old; return how many were dropped.

    May come at any time, after any outage; of several processes the first one does it. A day that fails stops no other
    one: its DatabaseError is raised in the end.
    """
    with only_run(KEEPING) as mine:
        if not mine:
            return 0
        try:
            _run(["SET statement_timeout = 0"])  # The index of a large day takes hours.
            return _keep(at.astimezone(UTC))
        finally:
            _run(["RESET statement_timeout", "RESET lock_timeout"])


def _keep(at: datetime) -> int:
    first = oldest(at=at)
    wanted = [first + timedelta(days=n) for n in range((at.date() - first).days + DAYS_AHEAD + 1)]
    _wait_at_most(PATIENCE)
    there, failures = days(), list[DatabaseError]()
    if missing := set(wanted) - {day.date for day in there if day.is_attached}:
        with _later("made", failures):
            make(missing)
        there = days()
    dropped = 0
    for day in there:
        if day.date < first:
            with _later("dropped", failures):
                _drop(day)
                dropped += 1
    _wait_at_most(LONG_PATIENCE)
    for day in there:
        if first <= day.date < at.date() and not day.is_indexed:
            with _later("closed", failures):
                _close(day)
    with _later("indexed", failures):
        _keep_windows(at)
    if failures:
        raise failures[0]
    return dropped


def _drop(day: Day) -> None:
    """Take the day out of the table and drop it; readers and writers of other days go on."""
    if day.is_leaving:
        _run([f"ALTER TABLE {TABLE} DETACH PARTITION {day.name} FINALIZE"])
    elif day.is_attached:
        _run([f"ALTER TABLE {TABLE} DETACH PARTITION {day.name} {_concurrently()}"])
    _run([f"DROP TABLE {day.name}"])


def _close(day: Day) -> None:
    """Make searches for text quick, which would make writing slow while the day is on."""
    name = f"{day.name}_filter_msg"
    if day.is_indexed is False:
        _run([f"DROP INDEX {_concurrently()} {name}"])
    _run([f"ANALYZE {day.name}" if connection.in_atomic_block else f"VACUUM (ANALYZE) {day.name}"])
    _run([_trigrams(name, day)])


def _trigrams(name: str, day: Day) -> str:
    return f"CREATE INDEX {_concurrently()} {name} ON {day.name} USING gin (filter_msg gin_trgm_ops)"


def _keep_windows(at: datetime) -> None:
    """Make the indexes of windows that are over; drop those that were broken off, and those of closed days."""
    there = {day.date: day for day in days()}
    for window in windows():
        if not window.is_valid or there[window.start.date()].is_indexed:
            _run([f"DROP INDEX {_concurrently()} {window.name}"])
    if (day := there.get(at.date())) is None or not day.is_attached:
        return
    made = {window.name for window in windows()}
    for hour in range(0, 24, WINDOW):
        window = Window(f"{day.name}_filter_msg_{hour:02}_{hour + WINDOW:02}", True)
        if window.end + LATE <= at and window.name not in made:
            span = f"time >= '{window.start}' AND time < '{window.end}'"
            _run([f"{_trigrams(window.name, day)} WHERE {span}"])


def _wait_at_most(patience: str) -> None:
    _run([f"SET lock_timeout = '{patience}'"])


def _concurrently() -> str:
    """PostgreSQL can't do it inside a transaction."""
    return "" if connection.in_atomic_block else "CONCURRENTLY"


def _run(statements: Iterable[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@contextmanager
def _later(what: str, failures: list[DatabaseError]) -> Iterator[None]:
    """Leave to the next sweep what can't have its lock now; of two days that leave, one waits for the other.

    What fails otherwise is added to `failures`, and the rest goes on; not in a transaction, nor without a connection.
    """
    try:
        yield
    except DatabaseError as error:
        if connection.in_atomic_block or not connection.is_usable():
            raise
        if isinstance(error.__cause__, (LockNotAvailable, ObjectNotInPrerequisiteState)):
            logger.info("a day of logs is in use and will be %s later", what)
        else:
            logger.exception("a day of logs can't be %s", what)
            failures.append(error)
