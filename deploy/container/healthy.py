"""HEALTHCHECK of the image: ends with 0 while the container's process does its work, with 1 and a reason else.

What it does, process 1 says: a server answers /healthz, a worker and the scheduler show a heartbeat in the database
each 10 seconds. A command such as `migrate` is left alone, and so is everyone while the database is away.
It stands alone: loading Django each half minute would cost more than all else that an idle console does.
"""

import os
import socket
import sys
import urllib.request
from pathlib import Path

SECONDS = 5
LATE_SECONDS = 90
SEEN = "SELECT FROM platform_heartbeat WHERE name LIKE %s AND seen_at > clock_timestamp() - make_interval(secs => %s)"


def main() -> None:
    """Look at process 1; raises SystemExit with the reason where it is not well."""
    command = Path("/proc/1/cmdline").read_text().split("\0")
    if "console.platform.server" in command:
        port = command[command.index("--port") + 1]
        urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=SECONDS).close()
    elif "celery" in command:
        name = "beat" if "beat" in command else f"worker:%@{socket.gethostname()}"
        if not has_shown(name):
            sys.exit(f"no heartbeat of {name} for {LATE_SECONDS} seconds")


def has_shown(name: str) -> bool:
    """Return whether a heartbeat like this was seen; True while the database can't be asked."""
    import psycopg

    file = os.environ.get("DATABASE_URL_FILE")
    url = Path(file).read_text() if file else os.environ["DATABASE_URL"]
    try:
        with psycopg.connect(url.strip(), connect_timeout=SECONDS, options=f"-c statement_timeout={SECONDS}s") as own:
            return own.execute(SEEN, [name, LATE_SECONDS]).rowcount > 0
    except psycopg.OperationalError as error:
        print(f"the database can't be asked: {error}")  # noqa: T201 - into the log of health checks
        return True


if __name__ == "__main__":
    main()
