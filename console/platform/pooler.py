"""Whether a role can work over the connection that it was given: a pooler in transaction mode has no sessions."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import Any

import psycopg
from django.core.checks import CheckMessage, Error, Tags, register

from console import databases, roles
from console.base.core import pool

SECONDS = 3  # for an answer; a database that is away is no reason not to start
TRIES = 5  # others may take the pooler's session in between
REFUSED = "startup parameter"  # PgBouncer's words for the limits of a connection
NEEDS_SESSIONS = (
    "The database connection goes through a pooler, such as PgBouncer in transaction mode. Workers, beat and commands "
    "such as migrate need sessions of their own: set DATABASE_SESSION_URL to PostgreSQL itself."
)
TAKES_NO_LIMITS = (
    "The pooler at DATABASE_URL accepts no limits from its clients. Set them there, as deploy/pgbouncer/pgbouncer.ini "
    "does, and set DATABASE_SESSION_URL to PostgreSQL itself."
)
LIMITS = "SELECT name, setting FROM pg_settings WHERE name LIKE '%_timeout'"


def why_not(role: str) -> str:
    """Return why processes of this role ("": commands) can't work over their connection; "" if they can.

    A database that is away is waited for: nothing is known of its connections.
    """
    try:
        if role in roles.SERVING:
            return _weak_limits(role)
        return NEEDS_SESSIONS if _is_shared(role) else ""
    except psycopg.Error as error:
        if REFUSED not in str(error):
            return ""
        return TAKES_NO_LIMITS if role in roles.SERVING else NEEDS_SESSIONS


def _weak_limits(role: str) -> str:
    wanted = roles.ROLES[role].limits
    rows = pool.ask_once(LIMITS, databases.parameters(role), seconds=SECONDS)
    found = {row[0]: int(row[1]) for row in rows}
    weak = [f"{name} = {found[name]}" for name, most in wanted.items() if not 0 < found[name] <= most]
    if not weak:
        return ""
    needed = ", ".join(f"{name} = {most}" for name, most in wanted.items())
    return (
        f"The database's limits for {role} are not in force ({', '.join(weak)}), so one slow query could stop "
        f"everyone. Let the pooler at DATABASE_URL set {needed}, as deploy/pgbouncer/pgbouncer.ini does."
    )


def _is_shared(role: str) -> bool:
    """Return whether two connections that are open at the same time are given the same session.

    PostgreSQL tells each its own process at the start; only a pooler tells another one.
    """
    with closing(_connect(role)) as connection:
        if _process(connection) == connection.info.backend_pid:
            return False
        for _ in range(TRIES):
            mine = _process(connection)
            with closing(_connect(role)) as other:
                if _process(other) == mine:
                    return True
    return False


def _connect(role: str) -> psycopg.Connection[Any]:
    return psycopg.connect(**{**databases.parameters(role), "connect_timeout": SECONDS}, autocommit=True)


def _process(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute("SELECT pg_backend_pid()").fetchone()
    return int(row[0]) if row else 0


@register(Tags.database)
def commands_have_sessions(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Fail before `migrate` when its connection goes through a pooler in transaction mode."""
    sentence = why_not(roles.current()) if databases else ""
    return [Error(sentence, hint="See docs/clusters.md.", id="platform.E002")] if sentence else []
