"""How long it is kept after the end of a task which devices were enrolled.

The table has a row for each device and no index over all its times: each task is asked by its own, and only those that
have rows. Each step begins where the last one ended: what lies before is dead, and costs time.
By ctid, as `console.base.core.retention` does.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from console.base.core import retention
from console.base.core.retention import Kind, Place, register, row

# Where devices keep the version after the end (G-6), their places still decide. The task states first that not all are
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


def _enrolments(at: datetime, days: int, place: Place) -> Iterator[int]:
    before, deleted, task, guid = at - timedelta(days=days), retention.BATCH, 0, ""
    while deleted == retention.BATCH:
        last = row(CLAIMS, before=before, at=at, task=task, guid=guid, most=retention.BATCH)
        deleted, task, guid = last or (0, task, guid)
        yield deleted


def _oldest_enrolment() -> datetime | None:
    found: datetime | None = row(OLDEST_CLAIM)[0]
    return found


register(Kind("enrolments", _("Enrolled devices"), "ENROLMENT_DAYS", "grayscale_claim", _enrolments, _oldest_enrolment))
