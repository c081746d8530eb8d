"""The command lines of the processes, the same for `manage.py start` and for the supervisor of `manage.py up`."""

from __future__ import annotations

import sys
from typing import Any

from console import roles
from console.base.core import metrics
from console.platform.folders import folder_for

THREADS = {"web": 8, "runtime": 4, "all": 8}
# A process of a server that does not end within that time is killed: one request that never ends must not hold up all.
KILL_SECONDS = 10
# On a reload each process is replaced by a new one, which has so long to start before the old one stops.
RELOAD_SECONDS = 5


def environment(role: str, *, place: str | None = None) -> dict[str, str]:
    """Return what a process of the role has in its environment: its role, and a new folder for its metrics."""
    return {roles.VARIABLE: role, metrics.FOLDER: str(folder_for(role, place=place))}


def command_of(role: str, **options: Any) -> list[str]:
    """Return the command line of a role; the options are those of `server`, `worker` or `beat`."""
    if role in roles.SERVING:
        threads = options.get("threads") or THREADS[role]
        return server(options["host"], options["port"], workers=options["workers"], threads=threads)
    if role == "worker":
        return worker(options["queues"], concurrency=options["concurrency"])
    return beat()


def server(host: str, port: int, *, workers: int = 1, threads: int = 4, kill_seconds: int = KILL_SECONDS) -> list[str]:
    """Return the server's command line.

    A process that dies is started again, and one that hangs is killed, when it reloads (SIGHUP) as well.
    """
    return [
        *(sys.executable, "-m", "console.platform.server", "--host", host, "--port", str(port)),
        *("--workers", str(workers), "--threads", str(threads)),
        *("--kill-seconds", str(kill_seconds), "--reload-seconds", str(RELOAD_SECONDS)),
    ]


def worker(queues: str, *, concurrency: int) -> list[str]:
    """Return the command line of a worker of these queues, comma-separated.

    Nothing is asked of other workers by the broker (gossip, mingle): it is what did not outlive a broker's restart.
    """
    return [
        *_celery(),
        *("worker", "--queues", queues, "--concurrency", str(concurrency), "--hostname", f"{queues}@%h"),
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
    ]


def beat() -> list[str]:
    """Return the command line of the scheduler, which keeps no file."""
    return [*_celery(), "beat", "--pidfile", ""]


def _celery() -> list[str]:
    # An operator may have reasons to run it as root, as a first run in a container does.
    quiet = ("-W", "ignore:You're running the worker with superuser")
    return [sys.executable, *quiet, "-m", "celery", "--app", "console", "--quiet"]
