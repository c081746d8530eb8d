"""A really running `manage.py up`, and what is left of it."""

import contextlib
import http.client
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from console.local.addresses import PROJECT
from tests.processes import slowness

START_SECONDS = 180  # on a busy machine
STOP_SECONDS = 5.0  # What we promise.


def free_port() -> int:
    """Return a port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Console:
    """One copy of the console in its own data folder."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        env = {**os.environ, "CONSOLE_LOCAL_DIR": str(folder), "PORT": str(port), "PYTHONUNBUFFERED": "1"}
        for name in ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"):
            env.pop(name, None)
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--no-demo"],
            cwd=PROJECT,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.output = ""
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put("")

    def wait_for(self, pattern: str) -> str:
        """Read output until a line matches, and return its first group or the whole match."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            line = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
            self.output += line
            assert line, f"the console ended early:\n{self.output}"
            if found := re.search(pattern, line):
                return found[1] if found.groups() else found[0]

    def wait_until_ready(self) -> None:
        """Wait for the last line of the welcome, which is said when the web process listens."""
        self.wait_for("Ctrl-C stops it")

    def get(self, path: str) -> int:
        """Return the status of a page."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=START_SECONDS)
        with contextlib.closing(connection):
            connection.request("GET", path)
            return connection.getresponse().status

    def ask_for_password(self, email: str) -> None:
        """Ask for a link to set another password, as a browser does."""
        page = f"http://localhost:{self.port}/account/password/reset/"
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        form = browser.open(page, timeout=START_SECONDS).read().decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
        assert token
        sent = urllib.parse.urlencode({"csrfmiddlewaretoken": token[1], "email": email}).encode()
        browser.open(page, sent, timeout=START_SECONDS).close()

    def processes(self) -> list[str]:
        """Return the command lines of all living processes that belong to this data folder."""
        mark = os.fsencode(self.folder)
        found = []
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                # PostgreSQL overwrites its environment with its title, but works in its data folder.
                if (
                    mark in (entry / "environ").read_bytes()
                    or mark in (entry / "cmdline").read_bytes()
                    or mark in os.fsencode((entry / "cwd").readlink())
                ):
                    found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        return [line for line in found if line]

    def end(self, number: signal.Signals) -> float:
        """Send a signal and wait until nothing is left; return the seconds that it took, as of a machine of our own."""
        before = slowness()
        begun = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(START_SECONDS)
        while left := self.processes():
            assert time.monotonic() - begun < START_SECONDS, left
            time.sleep(0.02)
        return (time.monotonic() - begun) / max(before, slowness())


@contextlib.contextmanager
def console(folder: Path, port: int) -> Iterator[Console]:
    """Start the console, and make sure that a failed test leaves nothing behind either."""
    copy = Console(folder, port)
    try:
        yield copy
    finally:
        if copy.process.poll() is None:
            copy.end(signal.SIGTERM)
