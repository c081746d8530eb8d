"""PostgreSQL and Valkey for as long as something runs: `python -m console.local.throwaway COMMAND …`.

A service whose URL the environment names already is not started. The rest lives in a new folder of the
system's temporary directory, so that runs at the same time never meet, and nothing is kept.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from console.local import addresses, postgres, valkey
from console.local.process import LocalServiceError, stop_all

# Not TMPDIR, which may be longer than the path of a socket may be; mkdtemp makes the name unguessable.
PARENT = "/tmp"  # noqa: S108


@contextlib.contextmanager
def services(*, durable: bool = False) -> Iterator[None]:
    """Start what no URL is given for and name it in the environment; stop it and forget it in the end.

    Durable means that a commit waits for the disk, as in production: for measuring.
    """
    missing = {"DATABASE_URL", "REDIS_URL"} - os.environ.keys()
    base = Path(tempfile.mkdtemp(prefix="console-", dir=PARENT))
    started = []
    try:
        base.chmod(0o711)  # PostgreSQL may have to run as `nobody`, and must reach its own folder inside.
        if "DATABASE_URL" in missing:
            postgres.prepare(base / "postgres", sockets=base)
            started.append(
                postgres.service(base / "postgres", sockets=base, log=base / "postgres.log", durable=durable)
            )
            os.environ["DATABASE_URL"] = addresses.database_url(sockets=base)
        if "REDIS_URL" in missing:
            started.append(valkey.service(base / "valkey", sockets=base, log=base / "valkey.log", durable=durable))
            os.environ["REDIS_URL"] = addresses.redis_url(sockets=base)
        for server in started:
            server.start()
        for server in started:
            (postgres if server.name == "PostgreSQL" else valkey).wait_until_ready(server, sockets=base)
        yield
    finally:
        stop_all(started, patience=3)
        for name in missing:
            os.environ.pop(name, None)
        shutil.rmtree(base, ignore_errors=True)


def main(command: list[str]) -> int:
    """Run `command` beside the services and return its exit code."""
    try:
        with services():
            return subprocess.run(command, check=False).returncode  # noqa: S603 - the developer's own command
    except LocalServiceError as error:
        return sys.stderr.write(f"{error}\n") and 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
