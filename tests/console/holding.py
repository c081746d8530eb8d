"""A second connection to the database: what holds a row, and what ends other connections."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection

from console.base.core.busy import renew_connection


@contextmanager
def another() -> Iterator[psycopg.Connection[Any]]:
    """Open it; what it holds is let go in the end."""
    given = connection.get_connection_params()
    names = ("host", "port", "dbname", "user", "password")
    other = psycopg.connect(**{name: given[name] for name in names if name in given})
    try:
        yield other
    finally:
        other.close()


def end(pid: int) -> None:
    """End the connection of this server process, as a crash or an operator would, and wait until it is gone."""
    with another() as killer:
        gone = killer.execute("SELECT pg_terminate_backend(%s, 10000)", [pid]).fetchone()
        assert gone == (True,)


def end_own() -> None:
    """End the connection that this thread uses."""
    connection.ensure_connection()
    end(connection.connection.info.backend_pid)


@contextmanager
def impatient() -> Iterator[None]:
    """Let this thread's connection give up a lock soon; a new connection is as patient as ever."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '50ms'")
    try:
        yield
    finally:
        renew_connection()
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")
