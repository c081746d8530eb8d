"""Messages from accepted to delivered, against one Celery task for each message (M-7).

One Celery worker with two processes runs both; the stub gateway answers immediately, or after 20 ms, and checks
each signature. Messages are accepted beforehand. The console's time begins with its wake-up, the reference's when the
worker may take the first of its tasks, which are in the queue already.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import psycopg

from tests.bench import stand
from tests.bench.result import Result
from tests.bench.sending_reference import MESSAGES, SECRET
from tests.processes import running

PROCESSES = 2
ROUNDS = 5
# What the gateway does; how many messages are sent each way, so that each takes some seconds; the aim.
GATEWAYS = {
    "immediately": ("/good", 20_000, 2_000, "at least 8 times"),
    "after 20 ms": ("/slow?seconds=0.02", 20_000, 400, "at least 30 times"),
}
PATIENCE = 300.0


def run() -> list[Result]:
    """Measure in turns; raises RuntimeError when a message is not delivered exactly once."""
    with stand.database() as environment, contextlib.ExitStack() as stack:
        environment |= {"EGRESS_ALLOWED": "127.0.0.0/8", "PYTHONUNBUFFERED": "1"}
        fill = [sys.executable, "-m", "tests.bench.sending_reference", str(max(g[1] for g in GATEWAYS.values()))]
        facts = json.loads(subprocess.check_output(fill, env=environment))
        address = stack.enter_context(_stub(environment))
        stack.enter_context(_worker(environment))
        race = Race(environment["DATABASE_URL"], address, facts, stack)
        return [race.compare(name, *gateway) for name, gateway in GATEWAYS.items()]


@contextlib.contextmanager
def _stub(environment: stand.Environment) -> Iterator[str]:
    """The stub gateway in a process of its own; yields its address."""
    command = [sys.executable, "manage.py", "gateway", "--quiet", "--secret", SECRET]
    with running(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = re.search(r"http://[\d.:]+", process.stdout.readline())
        if found is None:
            raise RuntimeError("the stub did not start")
        yield found[0]


@contextlib.contextmanager
def _worker(environment: stand.Environment) -> Iterator[None]:
    """A Celery worker with PROCESSES processes."""
    command = [sys.executable, "-W", "ignore:You're running the worker with superuser", "-m", "celery"]
    command += ["-A", "tests.bench.sending_reference", "--quiet", "worker", "--concurrency", str(PROCESSES)]
    with running([*command, "--loglevel", "ERROR"], env=environment):
        yield


class Race:
    """The two ways of sending, and what they share."""

    def __init__(self, url: str, address: str, facts: dict[str, Any], stack: contextlib.ExitStack) -> None:
        from tests.bench.sending_reference import app

        self.connection = stack.enter_context(psycopg.connect(url, autocommit=True))
        self.address, self.facts, self.app = address, facts, app
        self.ordinal = self.sent = 0
        deadline = time.monotonic() + 60
        while not self.app.control.ping(timeout=0.5):
            if time.monotonic() > deadline:
                raise RuntimeError("the worker did not start")

    def compare(self, name: str, path: str, ours: int, theirs: int, aim: str) -> Result:
        """Send in turns, some rounds; the first one, which warms up, does not count."""
        self.connection.execute("UPDATE messaging_gateway SET url = %s", [self.address + path])
        rates: list[tuple[float, float]] = []
        for _ in range(ROUNDS + 1):
            rates.append((self.rate(ours, self.wake), self.rate(theirs, self.queue)))
            self.check()
        one, other = (statistics.median(column) for column in zip(*rates[1:], strict=True))
        ratio = statistics.median(mine / reference for mine, reference in rates[1:])
        return Result(f"messages, gateway answers {name}", one, "messages/s", "one task each", other, ratio, aim)

    def rate(self, count: int, start: Callable[[list[int]], None]) -> float:
        """Accept messages, let them be sent, and return how many a second were delivered."""
        self.ordinal += 1
        self.sent += count
        self.connection.execute(MESSAGES, {"count": count, "ordinal": self.ordinal})
        self.connection.execute("VACUUM ANALYZE messaging_message")
        rows = self.connection.execute("SELECT id FROM messaging_message WHERE state = 'waiting' ORDER BY id")
        ids = [row[0] for row in rows.fetchall()]
        start(ids)
        began = time.perf_counter()
        left = "SELECT EXISTS (SELECT FROM messaging_message WHERE state = 'waiting')"
        while self.connection.execute(left).fetchone() != (False,):
            if time.perf_counter() - began > PATIENCE:
                raise RuntimeError("not everything was delivered")
            time.sleep(0.02)
        seconds = time.perf_counter() - began
        self.idle()
        return count / seconds

    def wake(self, ids: list[int]) -> None:
        """Wake the console as accepting the first message does."""
        self.app.send_task("messaging.deliver")

    def queue(self, ids: list[int]) -> None:
        """Queue a task for each message, then let the worker have them."""
        self.app.control.cancel_consumer("periodic", reply=True)
        for message in ids:
            self.app.send_task("bench.send_one", [message])
        self.app.control.add_consumer("periodic", reply=True)

    def idle(self) -> None:
        """Wait until the worker does nothing any more: runs linger."""
        while any(tasks for tasks in (self.app.control.inspect(timeout=1).active() or {"": [1]}).values()):
            time.sleep(0.1)

    def check(self) -> None:
        """The stub must have seen each message once."""
        parts = urlsplit(self.address)
        client = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        client.request("GET", "/")
        report = json.loads(client.getresponse().read())
        if (report["messages"], report["duplicates"], report["refused"]) != (self.sent, 0, 0):
            raise RuntimeError(f"{self.sent} messages were sent, and the gateway says {report}")
