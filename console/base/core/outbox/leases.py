"""Rows that a worker takes for a while, and what it writes back; every write is guarded by the lease.

An outbox is a table with these columns: id, state (waiting, delivered, failed), tries, next_try_at (also the end of a
lease), lease, give_up_at, finished_at, status, reason, and one that names the receiver.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from django.conf import settings
from django.db import connection

WAITING, DELIVERED, FAILED = "waiting", "delivered", "failed"
RUN_SECONDS = 20  # a run sends nothing new after that
GRACE_SECONDS = 15  # for writing back
RUNS = 4  # at the same time, over all workers
BACKLOG = 1000  # rows that are due for each run beyond the first
MANY = 10_000  # rows: nobody counts further

DUE = "state = 'waiting' AND next_try_at <= %(at)s AND give_up_at > %(at)s"
LEASE = """
WITH due AS (
    SELECT id FROM {table} WHERE {receiver} = %(receiver)s AND {due}
    ORDER BY next_try_at LIMIT %(most)s FOR UPDATE SKIP LOCKED
)
UPDATE {table} AS m SET lease = %(lease)s, next_try_at = %(until)s, tries = tries + 1
FROM due{joined} WHERE m.id = due.id{on} RETURNING {returning}
"""
WRITE_BACK = """
UPDATE {table} AS m SET state = r.state, next_try_at = r.next_try_at, finished_at = r.finished_at,
    status = r.status, reason = r.reason, lease = NULL
FROM unnest(%s::bigint[], %s::uuid[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::smallint[], %s::text[])
    AS r (id, lease, state, next_try_at, finished_at, status, reason)
WHERE m.id = r.id AND m.lease = r.lease AND m.state = 'waiting'
"""
GIVE_BACK = """
UPDATE {table} AS m SET lease = NULL, next_try_at = %s, tries = tries - 1
FROM unnest(%s::bigint[], %s::uuid[]) AS r (id, lease)
WHERE m.id = r.id AND m.lease = r.lease AND m.state = 'waiting'
"""
WITH_DUE = """
SELECT a.id FROM unnest(%(receivers)s::bigint[]) AS a (id) CROSS JOIN LATERAL
    (SELECT FROM {table} WHERE {receiver} = a.id AND {due} LIMIT 1) AS m
"""
# By the index of what is due, receiver by receiver: counted to the limit, and of each receiver the first.
COUNT_DUE = """
WITH a AS (SELECT * FROM unnest(%(receivers)s::bigint[], %(since)s::timestamptz[]) AS a (id, since))
SELECT
    (SELECT count(*) FROM (
        SELECT FROM a CROSS JOIN LATERAL (
            SELECT FROM {table} WHERE {receiver} = a.id AND {due} LIMIT %(most)s
        ) AS m LIMIT %(most)s
    ) AS counted),
    (SELECT min(greatest(m.next_try_at, a.since)) FROM a CROSS JOIN LATERAL (
        SELECT next_try_at FROM {table} WHERE {receiver} = a.id AND {due} ORDER BY next_try_at LIMIT 1
    ) AS m)
"""


class Leased(Protocol):
    """A row that a worker has."""

    @property
    def id(self) -> int: ...
    @property
    def lease(self) -> Any: ...
    @property
    def tries(self) -> int: ...
    @property
    def give_up_at(self) -> datetime: ...


Item = TypeVar("Item", bound=Leased)


@dataclass(frozen=True)
class Outbox:
    """A table of what is to be sent, and the column that names its receiver.

    A lease returns the columns `returning` of the row `m`, and of what is `joined` to it by the condition `on`. `slot`
    is the class of the advisory locks of its runs, one for each run.
    """

    table: str
    receiver: str
    slot: int
    returning: str
    joined: str = ""
    on: str = ""

    def with_due(self, receivers: Iterable[int], *, at: datetime) -> set[int]:
        """Return those of the receivers for which something is due; no query where there are none."""
        if not (asked := list(receivers)):
            return set()
        with connection.cursor() as cursor:
            cursor.execute(self._sql(WITH_DUE), {"receivers": asked, "at": at})
            return {receiver for (receiver,) in cursor.fetchall()}

    def backlog(self, receivers: Mapping[int, datetime | None], *, at: datetime) -> tuple[int, datetime | None]:
        """Return how many rows of the receivers are due, at most MANY + 1, and since when the first could be tried.

        The moment of a receiver is `retrying.since`, from which on it could be tried.
        """
        if not receivers:
            return 0, None
        values: dict[str, Any] = {
            "receivers": list(receivers),
            "since": list(receivers.values()),
            "at": at,
            "most": MANY + 1,
        }
        with connection.cursor() as cursor:
            cursor.execute(self._sql(COUNT_DUE), values)
            count, since = cursor.fetchone()
            return count, since

    def lease(self, receiver: int, *, most: int, at: datetime, as_: Callable[..., Item]) -> list[Item]:
        """Take rows of the receiver, those that have waited longest first; the try that begins counts.

        A lease lasts as long as a run may have it: what its worker leaves behind when it dies is due again then.
        """
        until = at + timedelta(seconds=RUN_SECONDS + settings.MESSAGE_TIMEOUT + GRACE_SECONDS)
        values: dict[str, Any] = {"receiver": receiver, "most": most, "at": at, "until": until, "lease": uuid.uuid4()}
        with connection.cursor() as cursor:
            cursor.execute(self._sql(LEASE), values)
            return [as_(*row) for row in cursor.fetchall()]

    def write_back(self, verdicts: Sequence[tuple[Any, ...]]) -> int:
        """Write how tries ended; whatever another worker has meanwhile, or somebody ended, stays. Returns how many."""
        with connection.cursor() as cursor:
            cursor.execute(self._sql(WRITE_BACK), [list(column) for column in zip(*verdicts, strict=True)])
            return cursor.rowcount

    def give_back(self, items: Iterable[Leased], *, at: datetime) -> None:
        """Let go of rows that were not tried."""
        pairs = [(item.id, item.lease) for item in items]
        if pairs:
            with connection.cursor() as cursor:
                cursor.execute(self._sql(GIVE_BACK), [at, *map(list, zip(*pairs, strict=True))])

    @contextmanager
    def run_slot(self, *, at: datetime) -> Iterator[tuple[int | None, int]]:
        """Hold one of the runs that what is due is worth, and yield its number, or None if all are taken; and how many.

        One run is always allowed, another for each BACKLOG of rows, so that the other tasks find a worker. A lock of
        the session: it ends with the worker, however that ends.
        """
        runs = self._runs(at)
        lock = "SELECT pg_try_advisory_lock(%s, %s)"
        number = next((n for n in range(runs) if _ask(lock, [self.slot, n])), None)
        try:
            yield number, runs
        finally:
            if number is not None:
                _ask("SELECT pg_advisory_unlock(%s, %s)", [self.slot, number])

    def _runs(self, at: datetime) -> int:
        """Return how many runs what is due is worth."""
        limited = self._sql("SELECT FROM {table} WHERE {due} LIMIT %(most)s")
        most = (RUNS - 1) * BACKLOG
        due = _ask(f"SELECT count(*) FROM ({limited}) AS due", {"at": at, "most": most})  # noqa: S608
        return 1 + int(due) // BACKLOG

    def _sql(self, query: str) -> str:
        """Put the table's names, which are constants, into a statement."""
        on = f" AND {self.on}" if self.on else ""
        joined = f", {self.joined}" if self.joined else ""
        names = {"table": self.table, "receiver": self.receiver, "returning": self.returning}
        return query.format(due=DUE, joined=joined, on=on, **names)


def expire(statement: str, *, at: datetime) -> Counter[str]:
    """Fail what has expired, by a statement that does so with some rows, until none is left.

    Returns how many by the word that the statement returns of each.
    """
    ended: Counter[str] = Counter()
    while True:
        with connection.cursor() as cursor:
            cursor.execute(statement, {"at": at})
            if not (rows := cursor.fetchall()):
                return ended
            ended.update(word for (word,) in rows)


def _ask(query: str, values: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchone()[0]
