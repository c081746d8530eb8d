"""What has changed since: rows that triggers write in the transaction of the change itself (migration 0001).

A reader that remembers the largest id, or a time, misses a transaction that took its number early and commits
late. Each row therefore carries its transaction's id. Every transaction below `pg_snapshot_xmin` has ended,
so a reader that asks again for everything from the xmin of its last look on has missed nothing, whatever the
order of commits.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db import connection

START = """
    SELECT pg_snapshot_xmin(now)::text, (SELECT array_agg(id) FROM device_change WHERE xid >= pg_snapshot_xmin(now))
    FROM pg_current_snapshot() AS now
"""
LOOK = """
    SELECT pg_snapshot_xmin(pg_current_snapshot())::text, horizon.pruned::text,
           change.id, change.xid::text, change.mini_program_id, change.application_id
    FROM device_horizon AS horizon LEFT JOIN device_change AS change ON change.xid >= %s::xid8
"""
PRUNE = """
    WITH mark AS (
        UPDATE device_horizon
        SET pruned = next, next = GREATEST(next, pg_snapshot_xmin(pg_current_snapshot()))
        RETURNING pruned
    )
    DELETE FROM device_change USING mark WHERE device_change.xid < mark.pruned
"""


@dataclass(frozen=True)
class Position:
    """How far a reader has come: all below transaction `xmin`, and of the later ones the rows in `seen`."""

    xmin: int
    seen: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Changes:
    """What a look found: primary keys of mini programs, whether any host application or key, whether to read it all."""

    position: Position
    mini_programs: set[int] = field(default_factory=set)
    applications: bool = False
    everything: bool = False


def start() -> Position:
    """Return the position from which on changes have to be read by who reads all rows after this call.

    What is committed now counts as seen: one long transaction, in any database of the cluster, holds the xmin back.
    """
    with connection.cursor() as cursor:
        cursor.execute(START)
        xmin, seen = cursor.fetchone()
        return Position(int(xmin), frozenset(seen or ()))


def since(position: Position) -> Changes:
    """Return what was committed after `position`.

    `everything` when rows that were not read may have been pruned, when a table was emptied, or when
    transaction ids went backwards, as they do when another database is behind the same address.
    """
    with connection.cursor() as cursor:
        cursor.execute(LOOK, [str(position.xmin)])
        rows = cursor.fetchall()
    xmin, pruned = int(rows[0][0]), int(rows[0][1])
    found = [row[2:] for row in rows if row[2] is not None]
    fresh = [row for row in found if row[0] not in position.seen]
    return Changes(
        position=Position(xmin, frozenset(id_ for id_, xid, *_ in found if int(xid) >= xmin)),
        mini_programs={program for _, _, program, _ in fresh if program is not None},
        applications=any(application is not None for *_, application in fresh),
        everything=pruned > position.xmin
        or xmin < position.xmin
        or any(program is None and application is None for _, _, program, application in fresh),
    )


def prune() -> int:
    """Delete what had ended at the time of the last call; return how many rows.

    A process that has not looked since finds its position behind the horizon and reads everything.
    """
    with connection.cursor() as cursor:
        cursor.execute(PRUNE)
        deleted: int = cursor.rowcount
        return deleted
