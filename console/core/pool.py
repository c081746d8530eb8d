"""The pool of database connections, over a restart of PostgreSQL."""

from __future__ import annotations

import select
from typing import Any

import psycopg
from django.db.backends.signals import connection_created
from django.dispatch import receiver
from psycopg_pool import ConnectionPool


@receiver(connection_created)
def replace_dead(*, connection: Any, **_named: Any) -> None:
    """Take another connection when the server has closed the one that the pool gave; the first query would fail.

    psycopg's own check asks the server each time, and waits 1, 2, 4… s after each dead connection. Here a healthy one
    costs a look at its socket, and a dead one has all others checked. One whose server vanished without a word is not
    found: `tcp_user_timeout` ends it.
    """
    given = connection.connection
    if connection.pool is None or not _has_news(given):
        return
    try:
        ConnectionPool.check_connection(given)
    except psycopg.Error:
        connection.close()
        connection.pool.check()
        connection.connect()


def _has_news(connection: psycopg.Connection[Any]) -> bool:
    """Whether the server said something unasked: mostly that it goes."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def go_on(pool: ConnectionPool[Any]) -> None:
    """Try to connect again for whoever waits; else the pool tries when someone asks.

    psycopg's own pauses double up to minutes, and people would wait on long after PostgreSQL is back.
    """
    if pool.get_stats().get("requests_waiting"):
        pool.check()
