"""Time that passes for the database alone: its clock can't be turned, so rows are moved back."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import TypeVar

from django.db import connection
from django.db.models import F

from console.platform.models import Heartbeat

T = TypeVar("T")
MOMENTS = ("first_at", "seen_at", "sent_at", "started_at", "failed_at", "notified_at")


def let_pass(seconds: float, **which: object) -> None:
    """Let so much time pass since all that was written in the rows."""
    moved = {moment: F(moment) - timedelta(seconds=seconds) for moment in MOMENTS}
    Heartbeat.objects.filter(**which).update(**moved)


def at_once(work: Callable[[], T], *, times: int = 4) -> list[T]:
    """Do the work in several threads that begin together; each has a connection of its own."""
    together = Barrier(times, timeout=30)

    def run(_number: int) -> T:
        try:
            connection.ensure_connection()
            together.wait()
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(run, range(times)))
