"""A process full of senders, which can be killed: what the proof of M-6 and M-7 is made with.

`python -m tests.messaging.senders` reads its job from a line of JSON and writes a line for each answer: the id of the
message, or the errcode with a minus.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


class Senders:
    """`threads` of a process send each of `sends` as often as `rounds` says, all in an order of their own.

    A send is {"touser", "template_id", "data"} and, if need be, "key". `times`: what their clocks say, at random.
    `pause`: each stops for ever when its message is written but not committed, and says `inside`.
    """

    def __init__(self, program: int, sends: Iterable[dict[str, Any]], **job: Any) -> None:
        from tests.console.api.device.serving import database_url

        job = {"program": program, "sends": list(sends), "threads": 32, "rounds": 1, "times": [], "pause": False, **job}
        environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "console.settings", "DATABASE_URL": database_url()}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.messaging.senders"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        self.answers = self.process.stdout

    def kill(self) -> None:
        """End it in the middle of whatever it does."""
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            assert stream
            stream.close()

    def finish(self) -> list[int]:
        """Wait for it to end and return the answers that were not read yet."""
        rest = [int(line) for line in self.answers]
        assert self.process.wait() == 0
        return rest


def main() -> None:
    """Do the job."""
    import django

    django.setup()
    from django.conf import settings
    from django.db import connection

    from messaging import sending
    from miniprograms.models import MiniProgram

    # Half of the senders wait for a connection, however slow the machine is.
    settings.DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 16, "timeout": 300}
    sending._wake = lambda: None  # type: ignore[assignment]  # There is no worker to wake.
    job = json.loads(sys.stdin.readline())
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
