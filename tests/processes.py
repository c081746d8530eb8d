"""Processes that tests and measurements start: each ends with its block, whatever it is doing by then."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

GRACE_SECONDS = 10.0
START_SECONDS = 120.0


@contextlib.contextmanager
def running(command: Sequence[str], *, grace: float = GRACE_SECONDS, **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """Run `command` while the block lasts, in a process group of its own; `options` are those of Popen.

    In the end it is asked to stop, and what is left of the group after `grace` seconds is killed: granian may wait for
    ever for a process that does not end.
    """
    with subprocess.Popen(command, start_new_session=True, **options) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(grace)
            kill(process)


def kill(process: subprocess.Popen[Any]) -> None:
    """Kill a process and its group, in the middle of whatever they do."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextlib.contextmanager
def granian(
    options: Sequence[str] = ("console.wsgi:application",),
    *,
    env: Mapping[str, str],
    workers: int = 1,
    threads: int = 1,
) -> Iterator[int]:
    """Run granian on a free port; yields the port when it answers. RuntimeError when it does not."""
    port = free_port()
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port), "--no-ws"]
    command += ["--workers", str(workers), "--blocking-threads", str(threads), "--log-level", "warning", *options]
    with running(command, env=env) as process:
        wait_until_listens(process, port, options[-1])
        yield port


def wait_until_listens(process: subprocess.Popen[Any], port: int, name: str) -> None:
    """Wait until a process listens; RuntimeError when it ends or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while not listens(port):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{name} did not start")
        time.sleep(0.05)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Whether somebody listens there."""
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    return False


def slowness() -> float:
    """How many times longer work takes now than it would if nobody else used this machine; at least 1."""
    wall, cpu = time.monotonic(), time.process_time()
    while time.process_time() - cpu < 0.1:
        pass
    return max(1.0, (time.monotonic() - wall) / (time.process_time() - cpu))
