"""A running server of a role, as `manage.py start` starts it, on the test's database."""

from __future__ import annotations

import contextlib
import http.client
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from django.conf import settings

from console import roles
from console.platform import serving
from tests import stored
from tests.console.api.device.serving import database_url
from tests.processes import START_SECONDS, free_port, listens, running


def until(holds: Callable[[], object], what: str) -> None:
    """Wait until `holds()`."""
    deadline = time.monotonic() + START_SECONDS
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


class Server:
    """A running server of a role."""

    def __init__(self, main: subprocess.Popen[bytes], port: int) -> None:
        self.main, self.port = main, port

    def get(self, path: str = "/healthz") -> int:
        """Status of a page; 0 when nobody answers."""
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=START_SECONDS)) as asking:
            try:
                asking.request("GET", path)
                return asking.getresponse().status
            except (OSError, http.client.HTTPException):
                return 0

    def processes(self) -> set[int]:
        """The processes that serve."""
        children = Path(f"/proc/{self.main.pid}/task/{self.main.pid}/children").read_text()
        return {int(child) for child in children.split() if "platform.server" in command_line(int(child))}


def command_line(process: int) -> str:
    """How a process was started; "" for one that is gone."""
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


@contextlib.contextmanager
def serve(
    role: str, variables: dict[str, str] | None = None, *, host: str = "127.0.0.1", **options: int
) -> Iterator[Server]:
    """Start a server as `manage.py start` does, with `variables` in its environment."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "console.settings",
        "DATABASE_URL": database_url(),
        "SECRET_KEY": settings.SECRET_KEY,
        **stored.variables(),
        roles.VARIABLE: role,
        **(variables or {}),
    }
    port = free_port()
    with running(serving.server(host, port, **{"threads": 2, **options}), env=environment) as main:
        server = Server(main, port)
        until(lambda: listens(port), "it did not start")
        yield server
