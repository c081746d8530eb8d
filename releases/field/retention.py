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

VERSIONS = """
    WITH RECURSIVE known (version_id) AS (
        SELECT min(version_id) FROM grayscale_updatereport WHERE version_id >= %(after)s
        UNION ALL
        SELECT (SELECT min(version_id) FROM grayscale_updatereport WHERE version_id > known.version_id)
        FROM known WHERE known.version_id IS NOT NULL
    )
"""
# A report that comes in just now is left alone: its device has news.
REPORTS = f"""
    {VERSIONS}, due AS MATERIALIZED (
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
PROGRAMS = """
    WITH RECURSIVE known (mini_program_id) AS (
        SELECT min(mini_program_id) FROM grayscale_seendevice WHERE mini_program_id >= %(after)s
        UNION ALL
        SELECT (SELECT min(mini_program_id) FROM grayscale_seendevice WHERE mini_program_id > known.mini_program_id)
        FROM known WHERE known.mini_program_id IS NOT NULL
    )
"""
SEEN = f"""
    {PROGRAMS}, due AS MATERIALIZED (
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
OLDEST_SEEN = f"""
    {PROGRAMS} SELECT min(old.seen_at) FROM known CROSS JOIN LATERAL (
        SELECT seen_at FROM grayscale_seendevice
        WHERE mini_program_id = known.mini_program_id ORDER BY seen_at LIMIT 1
    ) AS old
"""  # noqa: S608 - put together from constants
OLDEST_REPORT = f"""
    {VERSIONS} SELECT min(old.reported_at) FROM known CROSS JOIN LATERAL (
        SELECT reported_at FROM grayscale_updatereport
        WHERE version_id = known.version_id ORDER BY reported_at LIMIT 1
    ) AS old
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
    found: datetime | None = row(OLDEST_REPORT, after=0)[0]
    return found


def _oldest_seen() -> datetime | None:
    found: datetime | None = row(OLDEST_SEEN, after=0)[0]
    return found


register(Kind("reports", _("Device update reports"), "REPORT_DAYS", "grayscale_updatereport", _reports, _oldest_report))
# So long estimates and the spread of a release look back.
register(
    Kind("seen_devices", _("Devices that asked for updates"), DAYS.days, "grayscale_seendevice", _seen, _oldest_seen)
)
