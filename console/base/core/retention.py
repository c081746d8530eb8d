"""Deletes what is old enough: in small steps, each a short transaction by an index, that nobody waits for.

An app that owns such rows describes them by a `Kind` in its `retention.py` and registers it when it starts;
`console.base.activity.retention` goes through them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, models, transaction
from django.db.backends.utils import CursorWrapper
from django.utils.functional import Promise

BATCH = 2000  # rows that one step looks at, or deletes, at most: some hundredths of a second


@dataclass
class Place:
    """How far the rows of a kind were looked through: up to which id. What is kept there is not read by each run."""

    id: int = 0


@dataclass(frozen=True)
class Kind:
    """Rows that are deleted some days after they were needed last.

    `setting` names the number of days, or is that number; 0 keeps them for ever. `steps(at, days, place)` deletes a
    step each time it is asked on and yields how many rows that were; it ends when there is nothing left to delete.
    Where rows go by their ids it begins at `place` and moves it. `oldest()` is when the oldest row was written.
    `table` is where they are.
    """

    name: str
    label: str | Promise
    setting: str | int
    table: str
    steps: Callable[[datetime, int, Place], Iterator[int]]
    oldest: Callable[[], datetime | None]

    @property
    def days(self) -> int:
        """How long they are kept."""
        return self.setting if isinstance(self.setting, int) else int(getattr(settings, self.setting))


KINDS: dict[str, Kind] = {}


@contextmanager
def step() -> Iterator[CursorWrapper]:
    """Open the transaction of one step, in which tables are read along an index, as far as the LIMIT goes.

    Any other plan reads all that is old first, and without fresh statistics the planner may well think of it.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_bitmapscan = off; SET LOCAL enable_seqscan = off")
        yield cursor


def register(kind: Kind) -> None:
    """Let the next run look after the kind."""
    KINDS[kind.name] = kind


def delete(name: str, *, at: datetime) -> int:
    """Delete all of the kind of that name that is old enough at `at`, however long it takes; return how many rows."""
    kind = KINDS[name]
    return sum(kind.steps(at, kind.days, Place())) if kind.days else 0


# Rows whose ids rise with time: the oldest are read by the primary key, so no index over the time is needed. What is
# kept among them is passed over. What is found is deleted by ctid: for that there is but one plan.
STEP = """
    WITH seen AS MATERIALIZED (
        SELECT ctid, id, {moment} < %(before)s AS is_old FROM {table} WHERE id > %(after)s ORDER BY id LIMIT %(most)s
    ), due AS MATERIALIZED (
        SELECT row.ctid FROM {table} AS row
        WHERE row.ctid = ANY (ARRAY(SELECT ctid FROM seen WHERE is_old)) AND ({due}) FOR UPDATE SKIP LOCKED
    ), gone AS (
        DELETE FROM {table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM due)) RETURNING id
    )
    SELECT (SELECT count(*) FROM gone), max(id) FILTER (WHERE is_old) FROM seen
"""
# Rows by an index of their time alone.
BY_TIME = """
    DELETE FROM {table} WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM {table} WHERE {moment} < %s ORDER BY {moment} LIMIT %s FOR UPDATE SKIP LOCKED
    ))
"""


def by_id(table: str, place: Place, *, moment: str, due: str, first: str = "", **values: Any) -> Iterator[int]:
    """Delete rows of `table` in the order of their ids, from `place` on, while the column `moment` is before `before`.

    `due` says which of them, as SQL about `row` with `values`, which hold `before`. `first` is a statement at the
    beginning of each step's transaction.
    """
    query, last = STEP.format(table=table, moment=moment, due=due), 0
    while last is not None:
        with step() as cursor:
            if first:
                cursor.execute(first)
            cursor.execute(query, {**values, "after": place.id, "most": BATCH})
            deleted, last = cursor.fetchone()
        place.id = last or place.id
        yield deleted


def by_time(table: str, *, moment: str, before: datetime | date) -> Iterator[int]:
    """Delete rows of `table` whose `moment`, which has an index, is before `before`, the oldest first."""
    query, deleted = BY_TIME.format(table=table, moment=moment), BATCH
    while deleted == BATCH:
        with step() as cursor:
            cursor.execute(query, [before, BATCH])
            deleted = cursor.rowcount
        yield deleted


def of_moment(name: str, label: str | Promise, days: str | int, model: type[models.Model], moment: str) -> Kind:
    """Return the kind of a model's rows that go some days after a moment of theirs, which has an index."""
    table, rows = model._meta.db_table, model._default_manager

    def steps(at: datetime, days: int, place: Place) -> Iterator[int]:
        return by_time(table, moment=moment, before=at - timedelta(days=days))

    def oldest() -> datetime | None:
        return rows.order_by(moment).values_list(moment, flat=True).first()

    return Kind(name, label, days, table, steps, oldest)


def row(query: str, **values: Any) -> Any:
    """Run one step whose statement is a kind's own; return its only row."""
    with step() as cursor:
        cursor.execute(query, values)
        return cursor.fetchone()
