"""Which database a process speaks with: behind a pooler in transaction mode, or in sessions of its own.

A pooler in transaction mode (PgBouncer) gives each transaction any of its connections. Pages and devices don't mind.
Workers hold locks of a session and migrations set limits for one, so these use DATABASE_SESSION_URL. That it is set
also says that DATABASE_URL leads to such a pooler, which takes no limits from a client: it has them itself
(deploy/pgbouncer), and `manage.py start` looks whether they are in force.
"""

from __future__ import annotations

from typing import Any

from console import roles
from console.environment import env
from console.local import addresses

URL, SESSION_URL = "DATABASE_URL", "DATABASE_SESSION_URL"
# A server that vanished without a word is noticed within seconds, not when the kernel gives up; within a minute where
# nothing is said.
PATIENCE = {
    "connect_timeout": 5,
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}
_LIBPQ = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}


def is_pooled(role: str) -> bool:
    """Return whether processes of this role share sessions by transactions."""
    return role in roles.SERVING and bool(env.str(SESSION_URL, default=""))


def of(role: str) -> dict[str, Any]:
    """Return Django's settings of the database for a role ("": commands); KeyError for a role that there is not."""
    pooled = is_pooled(role)
    own = "" if role in roles.SERVING else env.str(SESSION_URL, default="")
    found: dict[str, Any] = (
        env.db("DATABASE_SESSION_URL") if own else env.db("DATABASE_URL", default=addresses.database_url())
    )
    found.setdefault("OPTIONS", {}).update({**PATIENCE, **roles.connection_options(role, pooled=pooled)})
    found["DISABLE_SERVER_SIDE_CURSORS"] = pooled  # Outside of a transaction they need a session.
    return found


def parameters(role: str) -> dict[str, Any]:
    """Return the same for `psycopg.connect`."""
    found = of(role)
    options = {name: value for name, value in found["OPTIONS"].items() if name != "pool"}
    return {theirs: found[ours] for ours, theirs in _LIBPQ.items() if found.get(ours)} | options
