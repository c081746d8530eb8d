"""Sweeps of keys."""

from datetime import datetime, timedelta

from celery import shared_task
from django.db import connection

from console.base.core import times

DAY = timedelta(days=1)
USES_KEPT = timedelta(days=90)
BATCH = 5000

# The day limits count the tokens of today: they are deleted only a day after their end.
PRUNE = """
    DELETE FROM {table} WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM {table} WHERE {column} < %s ORDER BY {column} LIMIT %s FOR UPDATE SKIP LOCKED
    ))
"""


@shared_task(name="keys.prune")
def prune() -> int:
    """Delete tokens a day after their end, and counts of more than 90 days ago; a batch of each.

    They come of mini programs, not of devices. Login codes, which devices ask for, are in `retention.py`.
    """
    return delete_old(at=times.of_the_database())


def delete_old(*, at: datetime) -> int:
    """Delete what was over a day, or 90 days, before `at`; return how many rows."""
    oldest = times.platform_day(at) - USES_KEPT
    deleted = 0
    with connection.cursor() as cursor:
        for table, column, before in (
            ("keys_accesstoken", "expires_at", at - DAY),
            ("keys_secretuse", "day", oldest),
            ("keys_refusal", "day", oldest),
        ):
            cursor.execute(PRUNE.format(table=table, column=column), [before, BATCH])
            deleted += cursor.rowcount
    return deleted
