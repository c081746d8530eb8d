"""One installation, as production has it: durable PostgreSQL and Valkey, servers, workers, beat; all in one folder.

What dies is started again after a second, as systemd would; what is stopped by a fault is that fault's to bring back.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from console import roles
from console.local import addresses, postgres, valkey
from console.local.process import Service, stop_all, tied
from console.local.supervisor import Watch
from console.local.throwaway import PARENT
from console.platform import serving
from tests.processes import free_port

ROOT = Path(__file__).parents[2]
OWN = "chaos"  # how the harness calls itself to PostgreSQL
RESTART_SECONDS = 1.0
QUEUES = {"deliver": 2, "webhooks": 1, "mail": 1, "reports": 1, "periodic": 1}  # with their concurrency
STORAGE = "32m"
APPLICATION_PATIENCE, ENGINE_PATIENCE = 6.0, 5.0


@dataclass
class Installation:
    """Its processes by name, where they listen, and the environment that they have in common."""

    base: Path
    environment: dict[str, str]
    web: int = field(default_factory=free_port)
    runtime: int = field(default_factory=free_port)
    engines: dict[str, Service] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)

    @property
    def packages(self) -> Path:
        """Where package files lie."""
        return self.base / "packages"

    def connect(self) -> psycopg.Connection:
        """Return a session of the harness's own, each statement a transaction; raises psycopg.OperationalError."""
        url = self.environment["DATABASE_URL"]
        return psycopg.connect(url, autocommit=True, application_name=OWN, connect_timeout=2)

    def rows(self, query: str, *values: object) -> list[tuple]:
        """Ask the database; raises psycopg.Error."""
        with self.connect() as connection:
            return connection.execute(query, values or None).fetchall()  # type: ignore[arg-type]

    def start_engine(self, name: str) -> None:
        """Start PostgreSQL or Valkey, again and again until it answers: its last life may still be ending."""
        engine, deadline = self.engines[name], time.monotonic() + 60
        kind = postgres if name == "postgres" else valkey
        while True:
            if not engine.running:
                engine.start()
            try:
                return kind.wait_until_ready(engine, sockets=self.base)
            except Exception:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def manage(self, *words: str) -> str:
        """Run a command of `manage.py` and return what it prints; raises subprocess.CalledProcessError."""
        command = [sys.executable, "manage.py", *words]
        return subprocess.check_output(command, cwd=ROOT, env=self.environment, text=True)

    def main(self, name: str) -> int:
        """The process id of a service's main process."""
        process = self.services[name].process
        assert process is not None
        return process.pid

    def children(self, name: str) -> list[int]:
        """The processes that do its work: granian's workers, Celery's pool."""
        return children(self.main(name))

    def skew(self, name: str, offset: str) -> None:
        """Let a service run with its clock off by `offset` ("+20s"); "" brings it back. It starts anew for that."""
        library = faketime()
        assert library is not None
        faked = {"LD_PRELOAD": library, "FAKETIME": offset, "FAKETIME_DONT_FAKE_MONOTONIC": "1"} if offset else {}
        service = self.services[name]
        service.env = {key: value for key, value in service.env.items() if "FAKETIME" not in key} | faked
        if not offset:
            service.env.pop("LD_PRELOAD", None)
        service.send(signal.SIGKILL, group=True)


def faketime() -> str | None:
    """Return the library that moves a process's clock (Debian: libfaketime), if the machine has it."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    return str(found[0]) if found else None


def children(pid: int) -> list[int]:
    """Return the child processes, in the order of their numbers; [] when the parent is gone."""
    found: list[int] = []
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += map(int, file.read_text().split())
    # Python's resource tracker does no work.
    return [child for child in sorted(found) if "resource_tracker" not in _command_line(child)]


def _command_line(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    return ""


@contextlib.contextmanager
def running(
    mail_port: int, logs: Path | None = None, *, restored: Installation | None = None
) -> Iterator[Installation]:
    """Run an installation with a migrated database; whatever happens, nothing of it is left but `logs`.

    `restored`: what shall be restored in it. It has the same SECRET_KEY, and its database stays empty.
    """
    base = Path(tempfile.mkdtemp(prefix="console-chaos-", dir=PARENT))
    base.chmod(0o711)
    one = Installation(base, environment_of(base, mail_port))
    if restored:
        one.environment["SECRET_KEY"] = restored.environment["SECRET_KEY"]
    try:
        postgres.prepare(base / "postgres", sockets=base)
        one.engines["postgres"] = postgres.service(base / "postgres", sockets=base, log=base / "postgres.log")
        one.engines["valkey"] = valkey.service(base / "valkey", sockets=base, log=base / "valkey.log")
        for name in one.engines:
            one.start_engine(name)
        if not restored:
            migrate(one)
        one.services |= services_of(one)
        with _small_file_system(one.packages):
            yield one
    finally:
        stop_all(list(one.engines.values()), patience=ENGINE_PATIENCE)
        if logs:
            logs.mkdir(parents=True, exist_ok=True)
            for file in base.glob("*.log"):
                shutil.copy(file, logs)
        shutil.rmtree(base, ignore_errors=True)


def migrate(one: Installation) -> None:
    """Make the tables."""
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0", "--skip-checks"]
    subprocess.run(command, cwd=ROOT, env=one.environment, check=True)


@contextlib.contextmanager
def _small_file_system(folder: Path) -> Iterator[None]:
    """Let the folder be a file system of its own that can be filled, where we may mount one: for root, mostly."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={STORAGE},mode=0700", "tmpfs", str(folder)]
    mounts = shutil.which("mount") is not None and subprocess.run(command, capture_output=True, check=False)
    try:
        yield
    finally:
        if mounts and mounts.returncode == 0:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextlib.contextmanager
def served(one: Installation) -> Iterator[None]:
    """Run its servers, workers and beat while the block lasts, and start again what dies."""
    ending, started = threading.Event(), threading.Event()

    def supervise() -> None:
        # All are started by this one thread: the kernel ends them with the thread that started them.
        watched = [Watch(service) for service in one.services.values()]
        for service in one.services.values():
            service.start()
        started.set()
        while not ending.wait(0.1):
            for watch in watched:
                watch.look(time.monotonic(), lambda words: None)
                watch.pause = RESTART_SECONDS
        stop_all(list(one.services.values()), patience=APPLICATION_PATIENCE)

    thread = threading.Thread(target=supervise, name="supervisor")
    thread.start()
    started.wait()
    try:
        yield
    finally:
        for service in one.services.values():
            service.send(signal.SIGCONT, group=True)
        ending.set()
        thread.join()


def environment_of(base: Path, mail_port: int) -> dict[str, str]:
    """Return what its processes have in common."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("CELERY_", "PYTEST_"))}
    return {
        **kept,
        "PYTHONPATH": str(ROOT),
        "DJANGO_SETTINGS_MODULE": "tests.chaos.settings",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "DATABASE_URL": addresses.database_url(sockets=base),
        "REDIS_URL": addresses.redis_url(sockets=base),
        "EMAIL_URL": f"smtp://127.0.0.1:{mail_port}",
        "BASE_URL": "https://console.example.com",
        "CONSOLE_LOCAL_DIR": str(base),
        "PACKAGE_ROOT": str(base / "packages"),
        "MEDIA_ROOT": str(base / "media"),
        "STATIC_ROOT": str(base / "static"),
        "OBJECT_LIST_CACHE": str(base / "object-lists"),
        "EGRESS_ALLOWED": "127.0.0.0/8",
        "SERVER_RATE_LIMIT": "100000/second",
        "DEVICE_RATE_LIMIT": "100000/second",
        "UNPROVEN_PLACES_PER_ADDRESS": "1000000/second",
        "UNPROVEN_PLACES_PER_APPLICATION": "1000000/second",
        "UNPROVEN_RATE_LIMIT": "1000000/second",
        "SUDO_SECONDS": "86400",
        "LOG_LEVEL": "WARNING",
    }


def services_of(one: Installation) -> dict[str, Service]:
    """Return its servers, workers and beat, not started."""
    host = {"host": "127.0.0.1", "workers": 2}
    commands = {
        "web": serving.command_of("web", port=one.web, **host),
        "runtime": serving.command_of("runtime", port=one.runtime, **host),
        **{f"worker-{queue}": serving.worker(queue, concurrency=processes) for queue, processes in QUEUES.items()},
        "beat": serving.beat(),
    }
    return {name: _service(one, name, command) for name, command in commands.items()}


def _service(one: Installation, name: str, command: list[str]) -> Service:
    env = {**one.environment, roles.VARIABLE: name.partition("-")[0], "PGAPPNAME": f"console-{name}"}
    return Service(name, tied(command, signal.SIGTERM), log=one.base / f"{name}.log", env=env)
