"""The database connections of a process, over a restart and a standstill of PostgreSQL."""

from __future__ import annotations

import os
import select
import socket
import threading
import time
from contextlib import closing, suppress
from threading import Lock
from typing import Any
from weakref import WeakSet

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.signals import connection_created
from django.dispatch import receiver
from psycopg_pool import ConnectionPool

from console.base.core import metrics

# Every connection that a thread may wait on; the lock, since one may come in while others are gone through.
_connections: WeakSet[psycopg.Connection[Any]] = WeakSet()
_lock = Lock()
# Whether this thread took a connection, as `connection_created` says: asking Django for its own costs a microsecond.
taken = threading.local()


@receiver(connection_created)
def replace_dead(*, connection: Any, **_named: Any) -> None:
    """Take another connection when the server has closed the one that the pool gave; the first query would fail.

    psycopg's own check asks the server each time, and waits 1, 2, 4… s after each dead connection. Here a healthy one
    costs a look at its socket, and a dead one has all others checked. One whose server vanished without a word is not
    found: `tcp_user_timeout` ends it.
    """
    taken.here = True
    given = connection.connection
    remember(given)
    if connection.pool is None or getattr(taken, "anew", False):
        return
    look_after = connection.pool.check
    if _is_of_standby(given):
        given.close()  # or the pool would give it to the next one
        look_after = connection.pool.drain  # The others led there, too, and are alive.
    elif not _has_news(given):
        return
    try:
        ConnectionPool.check_connection(given)
    except psycopg.Error:
        connection.close()
        look_after()
        taken.anew = True  # One try: what comes now is used, whatever it is.
        try:
            connection.connect()
        finally:
            taken.anew = False


def _is_of_standby(connection: psycopg.Connection[Any]) -> bool:
    """Whether the server said at last that it takes no writes: a former primary, to which an address still leads."""
    return connection.info.parameter_status("in_hot_standby") == "on"


def _has_news(connection: psycopg.Connection[Any]) -> bool:
    """Whether the server said something unasked: mostly that it goes."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def note_use() -> None:
    """Tell the metrics how the pool of this process fares; nothing where there is none."""
    pool: ConnectionPool[Any] | None = getattr(connections[DEFAULT_DB_ALIAS], "pool", None)
    if pool is None:
        return
    found = pool.pop_stats()
    metrics.pool_connections.labels("used").set(found["pool_size"] - found["pool_available"])
    metrics.pool_connections.labels("free").set(found["pool_available"])
    metrics.pool_waiting.set(found["requests_waiting"])
    metrics.pool_waits.inc(found.get("requests_queued", 0))
    metrics.pool_wait_seconds.inc(found.get("requests_wait_ms", 0) / 1000)
    metrics.pool_failures.inc(found.get("requests_errors", 0))


metrics.ticker.readers.append(note_use)


def go_on(pool: ConnectionPool[Any]) -> None:
    """Try to connect again for waiting threads; else the pool tries when someone asks.

    psycopg's own pauses double up to minutes, and people would wait on long after PostgreSQL is back.
    """
    if pool.get_stats().get("requests_waiting"):
        pool.check()


def ask_once(question: str, parameters: dict[str, Any], *, seconds: int) -> list[tuple[str, ...]]:
    """Return the rows of one statement on a connection of its own, as PostgreSQL writes them.

    Connecting and the answer may take `seconds` each, whoever lets us wait: no statement_timeout ends what waits in a
    pooler, which accepts connections also while the database is away. Raises psycopg.Error; ConnectionTimeout when
    nobody answers.
    """
    with closing(psycopg.connect(**{**parameters, "connect_timeout": seconds})) as own:
        own.pgconn.send_query(question.encode())
        own.pgconn.flush()
        deadline, poll = time.monotonic() + seconds, select.poll()
        poll.register(own.fileno(), select.POLLIN)
        while own.pgconn.is_busy():
            if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
                raise psycopg.errors.ConnectionTimeout("no answer in time")
            own.pgconn.consume_input()
        answer = own.pgconn.get_result()
        if answer is None or answer.status != psycopg.pq.ExecStatus.TUPLES_OK:
            raise psycopg.OperationalError("no answer" if answer is None else answer.error_message.decode())
        columns = range(answer.nfields)
        return [tuple((answer.get_value(row, n) or b"").decode() for n in columns) for row in range(answer.ntuples)]


def remember(connection: psycopg.Connection[Any]) -> None:
    """Let `end_waits` know of a connection; Django's are known."""
    with _lock:
        _connections.add(connection)


def end_waits() -> None:
    """Break all connections of this process, so that threads waiting on one get an error now.

    A database that hangs keeps its connections open and says nothing: no time-out of its own ends that, and
    the kernel's sees nothing wrong.
    """
    with _lock:
        found = list(_connections)
    for connection in found:
        with suppress(psycopg.Error, OSError), socket.socket(fileno=os.dup(connection.fileno())) as own:
            own.shutdown(socket.SHUT_RDWR)
