"""Runs the processes together: starts them in order, restarts what dies, stops all within five seconds."""

import contextlib
import errno
import http.client
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from console import roles
from console.celery import QUEUES
from console.environment import env
from console.local import addresses, ports, postgres, valkey
from console.local.process import LocalServiceError, Service, stop_all, tied
from console.platform import serving

MANAGE = Path(__file__).parents[2] / "manage.py"
LOOK_SECONDS = 0.2
LONGEST_PAUSE = 10.0  # Between two starts of something that keeps dying.
STEADY_SECONDS = 60.0  # After running this long, earlier failures of a service don't count.
# Applications first, while they can still write; together these stay below the promised five seconds.
APPLICATION_PATIENCE, ENGINE_PATIENCE = 2.5, 1.5


class Stop(BaseException):
    """Somebody asked us to stop. Not an Exception, so that no `except Exception` on the way swallows it."""


@contextlib.contextmanager
def stop_on_signals() -> Iterator[None]:
    """Turn Ctrl-C, SIGTERM and a closed terminal into `Stop`, wherever we are."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise Stop

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def ignore_signals() -> None:
    """Let nothing interrupt the stopping, which has its own deadline."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def check_port(host: str, port: int) -> None:
    """Fail with a sentence when nobody can listen on `port`, before anything has been started."""
    if trouble := ports.trouble(host, port):
        raise LocalServiceError(trouble)


def make_folders() -> tuple[Path, Path]:
    """Return the data folder and the socket folder, made if need be and surely ours."""
    base, sockets = addresses.local_dir(), addresses.socket_dir()
    _, owner = postgres.identity() if "DATABASE_URL" not in env else ((), os.getuid())
    try:
        for folder in (base, base / "log", sockets):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # PostgreSQL that had to become `nobody` must reach its own folder inside ours.
            folder.chmod(0o700 if owner == os.getuid() else 0o711)
    except PermissionError as error:
        raise LocalServiceError(
            f"{error.filename} belongs to another user: start the console as that user, or set CONSOLE_LOCAL_DIR."
        ) from None
    if sockets.is_symlink() or sockets.stat().st_uid != os.getuid():
        raise LocalServiceError(
            f"{sockets} belongs to another user. Remove it, or set CONSOLE_LOCAL_DIR to a shorter path."
        )
    return base, sockets


def engines() -> list[Service]:
    """Return PostgreSQL and Valkey, each only where the environment gives no URL, ready to be started."""
    base, sockets = make_folders()
    found = []
    if "DATABASE_URL" not in env:
        postgres.prepare(base / "postgres", sockets=sockets)
        found.append(postgres.service(base / "postgres", sockets=sockets, log=base / "log" / "postgres.log"))
    if "REDIS_URL" not in env:
        found.append(valkey.service(base / "valkey", sockets=sockets, log=base / "log" / "valkey.log"))
    return found


def start_engines(found: Sequence[Service]) -> None:
    """Start the engines beside each other and wait until all answer."""
    sockets = addresses.socket_dir()
    for server in found:
        if server.log:
            server.log.unlink(missing_ok=True)  # One run's log is enough; it must not grow for ever.
        server.start()
    for server in found:
        (postgres if server.name == "PostgreSQL" else valkey).wait_until_ready(server, sockets=sockets)


def applications(host: str, port: int) -> list[Service]:
    """Return the server of pages and devices, one worker for all queues, and beat."""
    serve = serving.server(host, port, threads=serving.THREADS["all"], kill_seconds=1)
    place = str(addresses.local_dir())
    work = serving.worker(",".join(QUEUES), concurrency=len(QUEUES))
    return [
        Service("web", tied(serve, signal.SIGTERM), env=serving.environment("all", place=place)),
        # SIGKILL at our sudden death: the engines are gone as well, and what was begun is in rows.
        Service("worker", tied(work, signal.SIGKILL), env=serving.environment("worker", place=place)),
        Service("beat", tied(serving.beat(), signal.SIGTERM), env=serving.environment("beat", place=place)),
    ]


def gateway(port: int) -> Service:
    """Return what plays the server of the demo's host applications."""
    command = [sys.executable, str(MANAGE), "gateway", "--console", "--quiet", "--port", str(port)]
    return Service("gateway", tied(command, signal.SIGTERM))


@dataclass
class Watch:
    """One service under watch: when it may start again, and how long the next pause is."""

    service: Service
    pause: float = 1.0
    again_at: float | None = None

    def look(self, now: float, say: Callable[[str], None]) -> None:
        """Notice a death, say so, and start the service again after its pause."""
        if self.again_at is not None:
            if now >= self.again_at:
                self.again_at = None
                self.service.start()
        elif not self.service.running and self.service.process is not None:
            if now - self.service.started > STEADY_SECONDS:
                self.pause = 1.0
            code = self.service.process.returncode
            say(f"{self.service.name} stopped with code {code}. Restarting in {self.pause:.0f} s.")
            self.service.send(signal.SIGKILL, group=True)  # What it left behind would be in the way.
            self.again_at = now + self.pause
            self.pause = min(self.pause * 2, LONGEST_PAUSE)


def answers(web: Service, host: str, port: int) -> bool:
    """Tell whether the processes of this start answer, and not a stranger on the same port.

    Raises LocalServiceError when ours has ended since somebody else was quicker to take it.
    """
    if not web.running:
        check_port(host, port)
        return False
    connection = http.client.HTTPConnection(host, port, timeout=1)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().getheader(roles.INSTANCE_HEADER) == os.environ[roles.INSTANCE]
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def terminal_is_gone() -> bool:
    """Return whether our terminal was closed: SIGHUP goes to the first process of a session, and make keeps it."""
    try:
        os.tcgetpgrp(sys.stdout.fileno())
    except OSError as error:
        return error.errno == errno.EIO
    return False


def watch(services: Sequence[Service], say: Callable[[str], None], *, ready: Callable[[], bool]) -> None:
    """Look after the services until `Stop`; `ready` is asked again and again until it says yes."""
    watched = [Watch(service) for service in services]
    waiting, on_terminal = True, sys.stdout.isatty()
    while True:
        if on_terminal and terminal_is_gone():
            raise Stop
        for one in watched:
            one.look(time.monotonic(), say)
        waiting = waiting and not ready()
        time.sleep(LOOK_SECONDS)


def stop(apps: Sequence[Service], found: Sequence[Service]) -> None:
    """Stop everything, applications before engines, within the promised time."""
    ignore_signals()
    stop_all(apps, patience=APPLICATION_PATIENCE)
    stop_all(found, patience=ENGINE_PATIENCE)
