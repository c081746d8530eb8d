"""pg_dump and pg_restore: where they are, and how they are run. Nothing of the URL is on their command lines."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.db import connection
from psycopg import pq

from console.local import postgres
from console.local.process import LocalServiceError, tied
from console.platform.backup.folder import BackupError

ANSWER_SECONDS = 10
LOCK_SECONDS = 60  # so long pg_dump waits for a table that somebody changes
# Sessions would be a thief's. Heartbeats tell of processes that are not there any more.
WITHOUT_ROWS = ("django_session", "platform_heartbeat")


class Tools:
    """Those of one major version of PostgreSQL."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def dump(self, file: Path, *, snapshot: str) -> None:
        """Write the database as the exported snapshot sees it. Raises BackupError."""
        options = ["--format=custom", "--no-owner", "--no-privileges", "--no-comments", f"--snapshot={snapshot}"]
        options += [f"--lock-wait-timeout={LOCK_SECONDS}s", f"--file={file}"]
        _run([self.folder / "pg_dump", *options, *(f"--exclude-table-data={table}" for table in WITHOUT_ROWS)])

    def read(self, file: Path) -> None:
        """Read a dump to its end and forget it. Raises BackupError for one that is cut or damaged."""
        _run([self.folder / "pg_restore", f"--file={os.devnull}", file])

    def restore(self, file: Path) -> None:
        """Restore into the empty database, in one transaction. Raises BackupError."""
        options = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", "--no-comments"]
        name = connection.get_connection_params()["dbname"]
        _run([self.folder / "pg_restore", *options, f"--dbname={name}", file])


def tools(given: Path | None = None) -> Tools:
    """Return those of the server's major version; `given` is a folder to look in first. Raises BackupError."""
    major = server_major()
    candidates = [given] if given else _candidates(major)
    found = {folder: _major(folder) for folder in candidates}
    for folder, number in found.items():
        if number == major:
            return Tools(folder)
    others = ", ".join(f"{number} in {folder}" for folder, number in found.items() if number)
    raise BackupError(
        f"There is no pg_dump {major} on this machine, and PostgreSQL is version {major}. Install it "
        f"(Debian: apt-get install postgresql-client-{major}), or name its folder with --pg-bin."
        + (f" Found: version {others}." if others else "")
    )


def server_major() -> int:
    """Return the server's major version. Raises DatabaseError."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::integer / 10000")
        return int(cursor.fetchone()[0])


def _candidates(major: int) -> list[Path]:
    folders = [Path(f"/usr/lib/postgresql/{major}/bin"), Path(f"/usr/pgsql-{major}/bin")]
    if program := shutil.which("pg_dump"):
        folders.append(Path(program).parent)
    with contextlib.suppress(LocalServiceError):
        folders.append(postgres.binaries())
    return folders


def _major(folder: Path) -> int | None:
    """Return the version of both programs in the folder; None where one is missing or does not run."""
    numbers = set()
    for name in ("pg_dump", "pg_restore"):
        try:
            command = [str(folder / name), "--version"]
            done = subprocess.run(command, capture_output=True, text=True, timeout=ANSWER_SECONDS, check=True)  # noqa: S603
        except (OSError, subprocess.SubprocessError):
            return None
        numbers.add(int(re.findall(r"\d+", done.stdout)[0]))
    return numbers.pop() if len(numbers) == 1 else None


def _run(command: Sequence[str | Path]) -> None:
    """Run it, as long as it takes; it ends with us. Raises BackupError with the end of what it says."""
    environment = {**os.environ, **_libpq(connection.get_connection_params())}
    program = tied([str(word) for word in command], signal.SIGTERM)
    quiet: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    done = subprocess.run(program, env=environment, check=False, **quiet)  # noqa: S603 - our own words, no shell
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()[-5:]
        raise BackupError("\n".join([f"{Path(command[0]).name} failed (exit status {done.returncode}):", *said]))


def _libpq(parameters: dict[str, Any]) -> dict[str, str]:
    """Return the parameters of a connection as libpq's environment variables; those that have none are left out."""
    names = {option.keyword.decode(): option.envvar.decode() for option in pq.Conninfo.get_defaults() if option.envvar}
    return {names[key]: str(value) for key, value in parameters.items() if key in names and value is not None}
