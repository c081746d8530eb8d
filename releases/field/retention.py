"""How long what devices report is kept, and that they were seen.

The tables have a row for each device and no index over all their times: each version or program is asked by its own,
and only those that have rows. Each step begins where the last one ended: what lies before is dead, and costs time. By
ctid, as `console.base.core.retention` does.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from console.base.core import retention
from console.base.core.retention import Kind, Place, register, row
from console.base.core.times import EARLIEST
from releases.field.spread import DAYS


def _known(table: str, of: str) -> str:
    """Return the SQL of `known`: each value of the column `of` that has rows, from %(after)s on."""
    return f"""
    WITH RECURSIVE known ({of}) AS (
        SELECT min({of}) FROM {table} WHERE {of} >= %(after)s
        UNION ALL
        SELECT (SELECT min({of}) FROM {table} WHERE {of} > known.{of})
        FROM known WHERE known.{of} IS NOT NULL
    )
"""  # noqa: S608 - put together from constants


def _oldest(table: str, of: str, moment: str) -> datetime | None:
    """Return the earliest `moment`, by the index of `of` and it."""
    query = f"""
    {_known(table, of)} SELECT min(old.{moment}) FROM known CROSS JOIN LATERAL (
        SELECT {moment} FROM {table}
        WHERE {of} = known.{of} ORDER BY {moment} LIMIT 1
    ) AS old
"""  # noqa: S608 - put together from constants
    found: datetime | None = row(query, after=0)[0]
    return found


# A report that comes in just now is left alone: its device has news.
REPORTS = f"""
    {_known("grayscale_updatereport", "version_id")}, due AS MATERIALIZED (
        SELECT old.ctid FROM known CROSS JOIN LATERAL (
            SELECT ctid FROM grayscale_updatereport
            WHERE version_id = known.version_id AND reported_at < %(before)s
                AND (version_id, reported_at) >= (%(after)s, %(since)s)
            ORDER BY reported_at LIMIT %(most)s FOR UPDATE SKIP LOCKED
        ) AS old LIMIT %(most)s
    ), gone AS (
        DELETE FROM grayscale_updatereport WHERE ctid = ANY (ARRAY(SELECT ctid FROM due))
        RETURNING version_id, reported_at
    )
    SELECT count(*) OVER (), version_id, reported_at FROM gone ORDER BY version_id DESC, reported_at DESC LIMIT 1
"""  # noqa: S608 - put together from constants
SEEN = f"""
    {_known("grayscale_seendevice", "mini_program_id")}, due AS MATERIALIZED (
        SELECT old.ctid FROM known CROSS JOIN LATERAL (
            SELECT ctid FROM grayscale_seendevice
            WHERE mini_program_id = known.mini_program_id AND seen_at < %(before)s
                AND seen_at >= CASE known.mini_program_id WHEN %(after)s THEN %(since)s ELSE '2000-01-01Z' END
            ORDER BY seen_at LIMIT %(most)s FOR UPDATE SKIP LOCKED
        ) AS old LIMIT %(most)s
    ), gone AS (
        DELETE FROM grayscale_seendevice WHERE ctid = ANY (ARRAY(SELECT ctid FROM due))
        RETURNING mini_program_id, seen_at
    )
    SELECT count(*) OVER (), mini_program_id, seen_at FROM gone ORDER BY mini_program_id DESC, seen_at DESC LIMIT 1
"""  # noqa: S608 - put together from constants


def _reports(at: datetime, days: int, place: Place) -> Iterator[int]:
    return _one_by_one(REPORTS, at - timedelta(days=days))


def _seen(at: datetime, days: int, place: Place) -> Iterator[int]:
    return _one_by_one(SEEN, at - timedelta(days=days))


def _one_by_one(query: str, before: datetime) -> Iterator[int]:
    """Delete what is before `before`, of one version or program after the other."""
    deleted, after, since = retention.BATCH, 0, EARLIEST
    while deleted == retention.BATCH:
        last = row(query, before=before, after=after, since=since, most=retention.BATCH)
        deleted, after, since = last or (0, after, since)
        yield deleted


def _oldest_report() -> datetime | None:
    return _oldest("grayscale_updatereport", "version_id", "reported_at")


def _oldest_seen() -> datetime | None:
    return _oldest("grayscale_seendevice", "mini_program_id", "seen_at")


register(Kind("reports", _("Device update reports"), "REPORT_DAYS", "grayscale_updatereport", _reports, _oldest_report))
# So long estimates and the spread of a release look back.
register(
    Kind("seen_devices", _("Devices that asked for updates"), DAYS.days, "grayscale_seendevice", _seen, _oldest_seen)
)
