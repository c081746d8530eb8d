"""A server outlives its processes: one that dies is replaced, one that hangs is killed, a reload loses no request."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings

from console import roles
from console.platform import serving
from tests.console.api.device.serving import database_url
from tests.processes import START_SECONDS, free_port, listens, running

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for processes in /proc"),
]


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
def serve(role: str, **options: int) -> Iterator[Server]:
    """Start a server as `manage.py start` does, on the test's database."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "console.settings",
        "DATABASE_URL": database_url(),
        "SECRET_KEY": settings.SECRET_KEY,
        roles.VARIABLE: role,
    }
    port = free_port()
    with running(serving.server("127.0.0.1", port, threads=2, **options), env=environment) as main:
        server = Server(main, port)
        until(lambda: listens(port), "it did not start")
        yield server


def test_one_that_dies_is_replaced() -> None:
    with serve("all", workers=2) as server:
        before = server.processes()
        assert len(before) == 2
        os.kill(min(before), signal.SIGKILL)
        until(lambda: len(server.processes() - before) == 1, "nobody took its place")
        until(lambda: server.get() == 200, "nobody answers")
        assert max(before) in server.processes()  # The other one was not touched.
        assert server.main.poll() is None


def test_a_reload_replaces_all_and_loses_no_request() -> None:
    answers: Counter[int] = Counter()
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            # As a proxy does: a connection that was closed before the answer is tried once more.
            answers[server.get() or server.get()] += 1

    with serve("all") as server:
        before = server.processes()
        asking = [threading.Thread(target=ask) for _ in range(2)]
        for thread in asking:
            thread.start()
        try:
            server.main.send_signal(signal.SIGHUP)
            until(lambda: server.processes() and not server.processes() & before, "the old one is still there")
            until(lambda: server.get() == 200, "the new one does not answer")
        finally:
            stop.set()
            for thread in asking:
                thread.join()
    assert set(answers) == {200}, answers


def test_one_that_hangs_does_not_hold_up_the_stop() -> None:
    with serve("all", kill_seconds=1) as server:
        (hanging,) = server.processes()
        os.kill(hanging, signal.SIGSTOP)
        server.main.terminate()
        server.main.wait(START_SECONDS)
        until(lambda: not command_line(hanging), "it is still there")


def test_each_role_serves_its_own() -> None:
    """P-8: devices are answered by other processes than pages."""
    with serve("runtime") as server:
        assert server.get("/healthz") == 200
        assert server.get("/runtime/v1/openapi.json") == 200
        assert server.get("/cgi-bin/token") == 200
        assert server.get("/account/sign-in/") == 404
        assert server.get("/") == 404
    with serve("web") as server:
        assert server.get("/account/sign-in/") == 200


@pytest.mark.parametrize("role", list(roles.ROLES))
def test_each_role_has_limits_in_the_database(role: str) -> None:
    """What a connection of such a process says of itself."""
    script = """
import django, json; django.setup()
from django.db import connection
with connection.cursor() as cursor:
    names = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
    cursor.execute("SELECT setting::int FROM pg_settings WHERE name = ANY(%s) ORDER BY name", [list(names)])
    print(json.dumps([value for (value,) in cursor.fetchall()]))
"""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "console.settings", roles.VARIABLE: role}
    told = subprocess.run(
        [sys.executable, "-c", script],
        env=environment | {"DATABASE_URL": database_url()},
        capture_output=True,
        check=True,
        timeout=START_SECONDS,
    )
    limits = roles.ROLES[role]
    assert json.loads(told.stdout) == [limits.idle, limits.lock, limits.statement]
