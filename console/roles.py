"""What each kind of process may take of the database: how long it waits, and how many connections it keeps.

`manage.py start ROLE` says which one a process is, by CONSOLE_ROLE; commands have no role and no limits.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from console.base.core import pool

VARIABLE = "CONSOLE_ROLE"
# Which start of `manage.py up` a process belongs to: its /healthz says so, and nobody else's does.
INSTANCE = "CONSOLE_INSTANCE"
INSTANCE_HEADER = "Console-Instance"
# A session whose machine is gone without a word holds its locks for a minute, not for two hours.
KEEPALIVES = "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"


@dataclass(frozen=True)
class Role:
    """Limits in milliseconds, as PostgreSQL has them, and the connections of one process; 0: no pool.

    lock: waiting for a row that someone else holds. statement: one query. idle: a transaction in which nothing
    happens, whose locks everybody else would wait for. wait: seconds for a free connection of the pool.
    """

    lock: int
    statement: int
    idle: int
    connections: int
    wait: int = 12

    @property
    def limits(self) -> dict[str, int]:
        """The limits in milliseconds, by PostgreSQL's names."""
        return {
            "lock_timeout": self.lock,
            "statement_timeout": self.statement,
            "idle_in_transaction_session_timeout": self.idle,
        }

    @property
    def options(self) -> str:
        """The limits, as options of a connection."""
        return " ".join([*(f"-c {name}={value}" for name, value in self.limits.items()), KEEPALIVES])


SERVING = {
    # A person would rather try again than wait.
    "web": Role(lock=2_000, statement=20_000, idle=30_000, connections=8),
    # A device asks again by itself, and others wait for its thread.
    "runtime": Role(lock=1_000, statement=10_000, idle=15_000, connections=8, wait=2),
    "all": Role(lock=2_000, statement=20_000, idle=30_000, connections=8),
}
ROLES = {
    **SERVING,
    # Nobody waits for a worker's thread; its children end with their tasks' connections.
    "worker": Role(lock=10_000, statement=120_000, idle=60_000, connections=0),
    "beat": Role(lock=2_000, statement=5_000, idle=10_000, connections=0),
}


def connection_options(role: str, *, pooled: bool = False) -> dict[str, Any]:
    """Return what to add to a connection's OPTIONS; raises KeyError for a role that there is not.

    `pooled` says that others use the same sessions in between: their pooler sets the limits.
    """
    if not role:
        return {"pool": _pool(8)}
    limits = ROLES[role]
    pool = {"pool": _pool(limits.connections, limits.wait) if limits.connections else False}
    return pool if pooled else {**pool, "options": limits.options}


def _pool(connections: int, wait: int = 12) -> dict[str, Any]:
    """Return the pool's options, in seconds; a restart of PostgreSQL within 10 s is waited for by pages."""
    return {
        "min_size": 1,
        "max_size": connections,
        "timeout": wait,
        "reconnect_timeout": 3,
        "reconnect_failed": pool.go_on,
    }


def current() -> str:
    """Return the role of this process; "" for commands."""
    return os.environ.get(VARIABLE, "")
