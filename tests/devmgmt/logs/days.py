"""The partitions of log entries in tests that commit."""

from __future__ import annotations

from django.db import connection

from devmgmt.logs import partitions


def drop_days() -> None:
    """Drop all days: Django, which empties tables after a test, does not know of them."""
    with connection.cursor() as cursor:
        for day in partitions.days():
            cursor.execute(f"DROP TABLE {day.name}")
