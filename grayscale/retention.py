"""How long what devices report is kept, and what enrolled devices were after the end of their task.

Both tables have a row for each device and no index over all their times: each version and each task is asked by its
own, and only those that have rows. Each step begins where the last one ended: what lies before is dead, and costs time.
By ctid, as `console.core.retention` does.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from console.core import retention
from console.core.retention import Kind, register
from grayscale.models import EARLIEST

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
# Where devices keep the version after the end (G-6), their places still decide. The task says at once that not all are
# there any more: its page counts none of them from then on.
CLAIMS = """
    WITH due AS MATERIALIZED (
        SELECT old.ctid, old.task_id FROM (
            SELECT id FROM grayscale_grayscaletask
            WHERE state = 'ended' AND NOT keeps AND state_since < %(before)s AND id >= %(task)s ORDER BY id
        ) AS task CROSS JOIN LATERAL (
            SELECT ctid, task_id FROM grayscale_claim
            WHERE task_id = task.id AND (task_id, guid) > (%(task)s, %(guid)s) ORDER BY guid LIMIT %(most)s
        ) AS old LIMIT %(most)s
    ), gone AS (
        DELETE FROM grayscale_claim WHERE ctid = ANY (ARRAY(SELECT ctid FROM due)) RETURNING task_id, guid
    ), marked AS (
        UPDATE grayscale_grayscaletask SET enrolments_deleted_at = %(at)s
        WHERE id IN (SELECT task_id FROM due) AND enrolments_deleted_at IS NULL
    )
    SELECT count(*) OVER (), task_id, guid FROM gone ORDER BY task_id DESC, guid DESC LIMIT 1
"""
OLDEST_CLAIM = """
    SELECT min(old.claimed_at) FROM grayscale_grayscaletask AS task CROSS JOIN LATERAL (
        SELECT claimed_at FROM grayscale_claim
        WHERE task_id = task.id AND claimed_at > '2000-01-01T00:00:00Z' ORDER BY claimed_at LIMIT 1
    ) AS old
"""


def _row(query: str, **values: Any) -> Any:
    with retention.step() as cursor:
        cursor.execute(query, values)
        return cursor.fetchone()


def _reports(at: datetime, days: int) -> Iterator[int]:
    before, deleted, after, since = at - timedelta(days=days), retention.BATCH, 0, EARLIEST
    while deleted == retention.BATCH:
        last = _row(REPORTS, before=before, after=after, since=since, most=retention.BATCH)
        deleted, after, since = last or (0, after, since)
        yield deleted


def _oldest_report() -> datetime | None:
    found: datetime | None = _row(OLDEST_REPORT, after=0)[0]
    return found


def _enrolments(at: datetime, days: int) -> Iterator[int]:
    before, deleted, task, guid = at - timedelta(days=days), retention.BATCH, 0, ""
    while deleted == retention.BATCH:
        last = _row(CLAIMS, before=before, at=at, task=task, guid=guid, most=retention.BATCH)
        deleted, task, guid = last or (0, task, guid)
        yield deleted


def _oldest_enrolment() -> datetime | None:
    found: datetime | None = _row(OLDEST_CLAIM)[0]
    return found


register(Kind("reports", _("Update reports of devices"), "REPORT_DAYS", _reports, _oldest_report))
register(Kind("enrolments", _("Enrolled devices"), "ENROLMENT_DAYS", _enrolments, _oldest_enrolment))
