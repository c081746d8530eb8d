"""Where the local PostgreSQL and Valkey listen: the same answer in every process of a project folder.

Settings ask here when no `DATABASE_URL` or `REDIS_URL` is given, so `manage.py migrate` in a second shell
finds the services that `make run` started in the first. Pure functions: nothing is created or started.

The database URL is the form that libpq itself understands (`psql`, `psycopg.connect`); django-environ turns
its query into `OPTIONS["host"]`, so settings must add to `OPTIONS`, never replace it.
"""

import hashlib
import ipaddress
import os
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

PROJECT = Path(__file__).resolve().parent.parent.parent
DATABASE = USER = "console"
PORT = 5432  # No TCP port is opened: the number is only a part of the socket's name.

LOOPBACK_NAMES = ["localhost", ".localhost", "127.0.0.1", "[::1]"]
# What to do instead, wherever DEBUG and another address meet.
ONLY_HERE = (
    "With DEBUG on, error pages show internals, so the console answers on this machine only (localhost). To let "
    "others reach it, set DEBUG=0, SECRET_KEY, BASE_URL and ALLOWED_HOSTS: docs/production.md."
)

# A Unix socket's whole path is limited to 107 bytes on Linux and 103 on macOS; `/pg/.s.PGSQL.5432` follows.
_LONGEST_SOCKET_DIR = 80
# Characters that mean the same in a path, a URL and a configuration line, so that nothing needs quoting.
_PLAIN_PATH = re.compile(r"[A-Za-z0-9_./-]+")


def local_dir() -> Path:
    """Return the folder that keeps all data of the local services (`CONSOLE_LOCAL_DIR`, else `.local`)."""
    given = os.environ.get("CONSOLE_LOCAL_DIR")
    return Path(given).resolve() if given else PROJECT / ".local"


def is_loopback(host: str) -> bool:
    """Whether this address or name means this machine and no other; a name is looked up nowhere."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def socket_dir() -> Path:
    """Return the sockets' folder: inside `local_dir()`, or in /tmp when that path is too long or odd."""
    inside = local_dir() / "run"
    if len(os.fsencode(inside)) <= _LONGEST_SOCKET_DIR and _PLAIN_PATH.fullmatch(str(inside)):
        return inside
    digest = hashlib.sha256(os.fsencode(inside)).hexdigest()[:12]
    # Not tempfile.gettempdir(): TMPDIR may differ between two shells, and both must find the same socket.
    return Path("/tmp") / f"console-{os.getuid()}-{digest}"  # noqa: S108


def database_url(name: str = DATABASE, *, sockets: Path | None = None) -> str:
    """Return the URL of the local database, for django-environ, psycopg and psql alike."""
    return f"postgresql://{USER}@/{name}?host={(sockets or socket_dir()) / 'pg'}&port={PORT}"


def redis_url(db: int = 0, *, sockets: Path | None = None) -> str:
    """Return the URL of the local Valkey, for redis-py and Django's cache."""
    return f"unix://{(sockets or socket_dir()) / 'valkey.sock'}?db={db}"


def broker_url(url: str | None = None) -> str:
    """Return `url`, by default the local Valkey, in Celery's spelling, which differs for Unix sockets."""
    parts = urlsplit(url or redis_url())
    if parts.scheme != "unix":
        return parts.geturl()
    db = parse_qs(parts.query).get("db", ["0"])[0]
    return f"redis+socket://{parts.path}?virtual_host={db}"
