"""How long what devices report is kept.

The table has a row for each device and no index over all its times: each version is asked by its own, and only those
that have rows. Each step begins where the last one ended: what lies before is dead, and costs time. By ctid, as
`console.base.core.retention` does.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from console.base.core import retention
from console.base.core.retention import Kind, register, row
from console.base.core.times import EARLIEST

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
OLDEST_REPORT = f"""
    {VERSIONS} SELECT min(old.reported_at) FROM known CROSS JOIN LATERAL (
        SELECT reported_at FROM grayscale_updatereport
        WHERE version_id = known.version_id ORDER BY reported_at LIMIT 1
    ) AS old
"""  # noqa: S608 - put together from constants


def _reports(at: datetime, days: int) -> Iterator[int]:
    before, deleted, after, since = at - timedelta(days=days), retention.BATCH, 0, EARLIEST
    while deleted == retention.BATCH:
        last = row(REPORTS, before=before, after=after, since=since, most=retention.BATCH)
        deleted, after, since = last or (0, after, since)
        yield deleted


def _oldest_report() -> datetime | None:
    found: datetime | None = row(OLDEST_REPORT, after=0)[0]
    return found


register(Kind("reports", _("Device update reports"), "REPORT_DAYS", _reports, _oldest_report))
