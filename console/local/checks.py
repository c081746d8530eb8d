"""Says what is missing when a command needs the local PostgreSQL and nobody runs it."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error

from console.environment import env
from console.local import addresses


def local_postgres_runs(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Fail when no DATABASE_URL is given and the local PostgreSQL has no socket.

    Registered as a database check: Django asks before `migrate`, not before commands without a database.
    """
    socket = addresses.socket_dir() / "pg" / f".s.PGSQL.{addresses.PORT}"
    if not databases or "DATABASE_URL" in env or socket.exists():
        return []
    return [Error("PostgreSQL is not running.", hint="Run `make run`, or set DATABASE_URL.", id="console.E002")]
