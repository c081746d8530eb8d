"""Processes full of senders, which can be killed: what the proof of M-6 and M-7 is made with.

`python -m tests.messaging.senders` is a nursery: it starts Django once, and forks a process for each job that it reads.
A process writes a line for each answer: the id of the message, or the errcode with a minus.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
LONGEST = 1 << 17  # bytes of a job


class Nursery:
    """The process that forks those with senders; `line` leads to it."""

    def __init__(self, line: socket.socket) -> None:
        self.line = line

    @classmethod
    @contextmanager
    def open(cls) -> Iterator[Nursery]:
        """Start it, on the test's database; it ends with the block, with all that it has forked."""
        from tests.console.api.device.serving import database_url
        from tests.processes import running

        environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "console.settings", "DATABASE_URL": database_url()}
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, "-m", "tests.messaging.senders", str(its.fileno())]
        with ours, running(command, cwd=ROOT, env=environment, pass_fds=[its.fileno()]):
            its.close()
            yield cls(ours)

    def ask(self, what: Any, *files: int) -> int:
        """Ask for something, and return the answer."""
        socket.send_fds(self.line, [json.dumps(what).encode()], files)
        return int(self.line.recv(LONGEST))


class Senders:
    """`threads` of a process send each of `sends` as often as `rounds` says, all in an order of their own.

    A send is {"touser", "template_id", "data"} and, if need be, "key". `times`: what their clocks say, at random.
    `pause`: each stops for ever when its message is written but not committed, and says `inside`.
    """

    def __init__(self, nursery: Nursery, program: int, sends: Iterable[dict[str, Any]], **job: Any) -> None:
        job = {"program": program, "sends": list(sends), "threads": 32, "rounds": 1, "times": [], "pause": False, **job}
        self.nursery, self.ended = nursery, False
        ours, its = os.pipe()
        try:
            self.pid = nursery.ask(job, its)
        finally:
            os.close(its)
        self.answers = os.fdopen(ours, encoding="ascii")

    def kill(self) -> None:
        """End it in the middle of whatever it does."""
        if not self.ended:
            os.kill(self.pid, signal.SIGKILL)
            self._wait()
        self.answers.close()

    def finish(self) -> list[int]:
        """Wait for it to end and return the answers that were not read yet."""
        rest = [int(line) for line in self.answers]
        assert self._wait() == 0
        return rest

    def _wait(self) -> int:
        """Wait for its end; returns how it ended."""
        self.ended = True
        return self.nursery.ask({"ended": self.pid})


def main() -> None:
    """Fork a process for each job, and tell how each ended, until nobody asks any more."""
    import django

    django.setup()
    from django.conf import settings

    from messaging import sending

    # Half of the senders wait for a connection, however slow the machine is.
    settings.DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 16, "timeout": 300}
    sending._wake = lambda: None  # type: ignore[assignment]  # There is no worker to wake.
    line = socket.socket(fileno=int(sys.argv[1]))
    while True:
        told, files, _, _ = socket.recv_fds(line, LONGEST, 1)
        if not told:
            return
        asked = json.loads(told)
        if "ended" in asked:
            _, status = os.waitpid(asked["ended"], 0)
            answer = os.waitstatus_to_exitcode(status)
        elif answer := os.fork():
            os.close(files[0])
        else:
            line.close()
            os.dup2(files[0], 1)
            os.close(files[0])
            os._exit(outcome(asked))
        line.send(str(answer).encode())


def outcome(job: dict[str, Any]) -> int:
    """Do a job in the process that was forked for it; returns the exit code."""
    try:
        send_all(job)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def send_all(job: dict[str, Any]) -> None:
    """Let all threads do their work."""
    from django.db import connection

    from miniprograms.models import MiniProgram

    program = MiniProgram.objects.get(pk=job["program"])
    connection.close()
    start = threading.Barrier(job["threads"])
    threads = [threading.Thread(target=work, args=(job, program, start)) for _ in range(job["threads"])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def work(job: dict[str, Any], program: Any, start: threading.Barrier) -> None:
    """What each thread does: all sends in an order of its own, as often as there are rounds."""
    from django.db import connection

    start.wait()
    if job["pause"]:
        connection.execute_wrappers.append(stop_inside)
    for _ in range(job["rounds"]):
        for asked in random.sample(job["sends"], len(job["sends"])):
            os.write(1, b"%d\n" % answer(program, asked, job["times"]))


def answer(program: Any, asked: dict[str, Any], times: list[str]) -> int:
    """Send once, at one of the times; return the id of the message, or the errcode with a minus."""
    from django.db import connection

    from console.base.core.errors import ServerRefused
    from messaging.sending import Sending, send

    given = Sending(asked["touser"], asked["template_id"], asked["data"])
    at = datetime.fromisoformat(random.choice(times)) if times else None
    key = asked.get("key", "")
    try:
        return send(program, given, idempotency_key=key, body_sha256="a" if key else "", at=at)
    except ServerRefused as refused:
        return -refused.errcode
    finally:
        connection.close()


def stop_inside(execute: Any, sql: str, *rest: Any) -> Any:
    """Run the statement, and stop for ever when it has written a message."""
    found = execute(sql, *rest)
    if "INSERT INTO messaging_message" in sql:
        os.write(1, b"inside\n")
        threading.Event().wait()
    return found


if __name__ == "__main__":
    main()
