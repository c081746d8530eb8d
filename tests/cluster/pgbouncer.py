"""Debian's PgBouncer with the configuration that we ship, in front of a PostgreSQL of a test."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from console.local import addresses, postgres
from console.local.process import tied
from tests.processes import free_port, running, wait_until_listens

SHIPPED = addresses.PROJECT / "deploy" / "pgbouncer" / "pgbouncer.ini"
MISSING = "no PgBouncer on this machine"


class Pooler(NamedTuple):
    """Where it listens, and the process."""

    port: int
    password: str
    pid: int

    def url(self, alias: str) -> str:
        """Return the URL of one of its databases."""
        return f"postgresql://{addresses.USER}:{self.password}@127.0.0.1:{self.port}/{alias}"


def executable() -> str | None:
    """Return where it is; Debian keeps it out of an ordinary user's path."""
    return shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")


@contextlib.contextmanager
def pgbouncer(folder: Path, *, sockets: Path, more: str = "", **changes: str) -> Iterator[Pooler]:
    """Run it in a new folder before the PostgreSQL there; `more` databases by lines, other `changes` of settings."""
    folder.mkdir(parents=True)
    port, password = free_port(), secrets.token_urlsafe(12)
    (folder / "userlist.txt").write_text(f'"{addresses.USER}" "{password}"\n')
    _write(folder, port, sockets, more, changes)
    prefix, owner = postgres.identity()  # As PostgreSQL, it refuses to be root.
    for path in (folder, *folder.iterdir()):
        os.chown(path, owner, -1)
    command = [*prefix, *tied([str(executable()), str(folder / "pgbouncer.ini")], signal.SIGTERM)]
    with (folder / "output").open("wb") as output, running(command, stdout=output, stderr=output) as process:
        wait_until_listens(process, port, f"PgBouncer, see {folder}/pgbouncer.log,")
        yield Pooler(port, password, process.pid)


def _write(folder: Path, port: int, sockets: Path, more: str, changes: dict[str, str]) -> None:
    ours = SHIPPED.read_text()
    names = {
        "host=127.0.0.1 port=5432": f"host={sockets / 'pg'} port={addresses.PORT}",
        "listen_port = 6432": f"listen_port = {port}",
        "/etc/pgbouncer": str(folder),
        "/run/postgresql": str(folder),
        "/var/log/postgresql": str(folder),
        **changes,
    }
    for there, here in names.items():
        assert there in ours, there
        ours = ours.replace(there, here)
    (folder / "pgbouncer.ini").write_text(ours.replace("\n[pgbouncer]\n", f"{more}\n[pgbouncer]\n"))
