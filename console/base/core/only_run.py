"""Work of which one run goes on at a time, over all workers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def only_run(*lock: int) -> Iterator[bool]:
    """Yield whether no other process runs, and keep it so: an advisory lock of the session, which ends with its worker.

    `lock` is its key, of one number or of two. Nobody is waited for.
    """
    key = ", ".join(["%s"] * len(lock))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_try_advisory_lock({key})", lock)
        (mine,) = cursor.fetchone()
    try:
        yield mine
    finally:
        if mine:
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT pg_advisory_unlock({key})", lock)
