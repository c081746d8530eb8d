"""On how many devices a release lands, by application: what is known from devices that were seen and from reports.

A device is counted under the application through which it asked last, when it asked in the last DAYS days. It has a
version when the last of its two reports, on this version and on the online one, says that this one was installed. One
that is enrolled in a grayscale task of a higher version gets that one, whatever it has. What is read is bounded: the
newest SAMPLE devices by the index of their time, a look-up of two reports and of a place in each task for each. Of more
devices than that the figures are scaled, up to MOST, and say so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from releases.models import Version

DAYS = timedelta(days=30)  # so long a device is kept that was seen
SAMPLE = 20_000
MOST = 1_000_000

INSTALLED = """SELECT FROM grayscale_updatereport AS report
    WHERE report.version_id = %(version)s AND report.guid = seen.guid AND report.result = 'installed'
      AND NOT EXISTS (SELECT FROM grayscale_updatereport AS later
          WHERE later.version_id = %(online)s AND later.guid = seen.guid AND later.result = 'installed'
            AND later.reported_at > report.reported_at)"""
# Never hashed, which OFFSET sees to: a task may have a hundred million places.
ENROLLED = """SELECT FROM grayscale_claim AS claim
    WHERE claim.task_id = ANY (%(tasks)s::bigint[]) AND claim.guid = seen.guid OFFSET 0"""
SEEN = """FROM grayscale_seendevice WHERE mini_program_id = %(program)s AND seen_at > %(after)s AND seen_at <= %(at)s"""
COUNT = f"""
    SELECT application_id, count(*), count(*) FILTER (WHERE has AND NOT enrolled), count(*) FILTER (WHERE enrolled)
    FROM (
        SELECT application_id, EXISTS ({INSTALLED}) AS has, EXISTS ({ENROLLED}) AS enrolled
        FROM (SELECT application_id, guid {SEEN} ORDER BY seen_at DESC LIMIT %(sample)s) AS seen
    ) AS device GROUP BY application_id
"""  # noqa: S608 - put together from constants
TOTAL = f"SELECT count(*) FROM (SELECT {SEEN} LIMIT %(most)s) AS device"  # noqa: S608 - as above


@dataclass(frozen=True)
class HigherTask:
    """A grayscale task that a release of a lower version does not end, with how many devices are enrolled in it."""

    pk: int
    name: str
    number: str
    state: str
    devices: int


@dataclass(frozen=True)
class Spread:
    """Devices by application (primary keys): those seen, and those of them that have the version, or get a higher one.

    `exact`: whether each was counted; else they are scaled from a sample. `beyond`: whether there are more than MOST.
    """

    seen: dict[int, int]
    has: dict[int, int]
    higher: dict[int, int]
    exact: bool = True
    beyond: bool = False


def spread_of(version: Version, *, online: Version | None, at: datetime, tasks: Sequence[HigherTask] = ()) -> Spread:
    """Return on how many devices of the program the version would land, and which have it; two queries."""
    values: dict[str, Any] = {
        "program": version.mini_program_id,
        "version": version.pk,
        "online": online.pk if online else 0,
        "after": at - DAYS,
        "tasks": [task.pk for task in tasks],
        "at": at,
        "sample": SAMPLE,
        "most": MOST,
    }
    with connection.cursor() as cursor:
        cursor.execute(COUNT, values)
        rows = cursor.fetchall()
        counted = sum(seen for _application, seen, *_counts in rows)
        if counted < SAMPLE:
            return _scaled(rows, 1)
        cursor.execute(TOTAL, values)
        (total,) = cursor.fetchone()
    return _scaled(rows, total / counted, exact=total == counted, beyond=total >= MOST)


def _scaled(rows: list[tuple[int, int, int, int]], scale: float, *, exact: bool = True, beyond: bool = False) -> Spread:
    """Return rows of COUNT by application, each figure scaled."""
    seen, has, higher = ({row[0]: round(scale * row[column]) for row in rows} for column in (1, 2, 3))
    return Spread(seen, has, higher, exact, beyond)
