"""A server outlives its processes: one that dies is replaced, one that hangs is killed, a reload loses no request."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest
import requests

from console import roles
from console.platform import exposition, serving
from tests.console.api.device.serving import database_url
from tests.console.platform.servers import command_line, serve, until
from tests.processes import START_SECONDS, free_port, listens, running

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for processes in /proc"),
]


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


@pytest.mark.skipif(not Path("/proc/net/if_inet6").exists(), reason="This machine has no IPv6.")
def test_all_of_ipv6_is_all_of_ipv4_too() -> None:
    with serve("web", host="::") as server:
        metrics = exposition.listen(f"[::]:{free_port()}")
        for address in ("127.0.0.1", "[::1]"):
            assert requests.get(f"http://{address}:{server.port}/healthz", timeout=60).status_code == 200
            assert requests.get(f"http://{address}:{metrics}/metrics", timeout=60).status_code == 200


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


def test_json_ends_no_process_however_deep_it_is() -> None:
    """Python parses it in C to a depth for which a thread needs more room than granian gives it by itself."""
    script = "from console.platform import server; server.APPLICATION = 'tests.console.platform.deep_json:application'"
    port = free_port()
    command = serving.server("127.0.0.1", port)
    command[1:3] = ["-c", f"{script}; server.main()"]
    with running(command, env=os.environ) as main:
        until(lambda: listens(port), "it did not start")
        said = [
            requests.post(
                f"http://127.0.0.1:{port}/", data=before * depth + b"1" + after * depth, timeout=START_SECONDS
            )
            for depth in (8_000, 9_900, 100_000)
            for before, after in ((b"[", b"]"), (b'{"a":', b"}"))
        ]
        parsed = 4 if sys.version_info >= (3, 12) else 0
        assert [answer.text for answer in said] == [*["parsed"] * parsed, *["too deep"] * (6 - parsed)]
        assert main.poll() is None


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
