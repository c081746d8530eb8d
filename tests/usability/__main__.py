"""Counts the clicks and seconds of six ways through the console in a browser, and writes docs/usability.md's table.

`make usability`. Each way begins at Home, signed in, and ends where the matter is settled. The console is a real one
(`manage.py up`), one with demo data and one that is empty; e-mails are read from what it prints.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from console.local.pytest_plugin import chromium
from tests.processes import free_port, running
from tests.usability import ways
from tests.usability.hand import Count, Hand

PROJECT = Path(__file__).resolve().parent.parent.parent
TABLE = PROJECT / "docs" / "usability.md"
BEGIN, END = "<!-- measured by make usability -->\n", "<!-- end -->"
# Clicks and seconds before the menu kept to the program, counted by the same hand.
BEFORE = {
    "first_program": (66, 221),
    "upload_to_published": (17, 49),
    "why_not_this_version": (10, 38),
    "revoke_an_api": (6, 21),
    "find_a_failed_message": (5, 13),
    "approve_ten_requests": (21, 56),
}


@dataclass
class Console:
    """A running console: its address, what it has printed so far, and who may sign in how."""

    url: str
    printed: list[str] = field(default_factory=list)

    def link_to(self, email: str) -> str:
        """Wait for an e-mail to this address and return the first link in it."""
        until = time.monotonic() + ways.PATIENCE
        while time.monotonic() < until:
            _before, sent, mail = "".join(self.printed).rpartition(f"Mail to {email}:")
            if sent and (found := re.search(rf"{self.url}\S+", mail)):
                return found[0]
            time.sleep(0.2)
        raise SystemExit(f"No e-mail to {email}.")

    def person(self, browser: Browser, email: str, count: Count) -> Hand:
        """Sign in as one of the demo's people, or as the operator."""
        said = "".join(self.printed)
        mine = re.findall(rf"Sign in as {email} with the password (\S+)", said)
        hand = Hand(browser, self.url, count)
        hand.sign_in(email, (mine or re.findall(r"Demo accounts, all with the password (\S+?):", said))[0])
        return hand


@contextlib.contextmanager
def console(*options: str) -> Iterator[Console]:
    """Run `manage.py up` in a folder of its own until the block ends."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        env = {**os.environ, "CONSOLE_LOCAL_DIR": folder, "PORT": str(port), "PYTHONUNBUFFERED": "1"}
        command = [sys.executable, "manage.py", "up", *options]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        with running(command, cwd=PROJECT, env=env, **pipes) as process:
            one, ready = Console(f"http://localhost:{port}"), threading.Event()

            def read() -> None:
                for line in process.stdout or ():
                    one.printed.append(line)
                    if "Ctrl-C stops it" in line:
                        ready.set()

            threading.Thread(target=read, daemon=True).start()
            if not ready.wait(ways.PATIENCE):
                raise SystemExit("".join(one.printed))
            yield one


def main() -> None:
    """Walk each way once, say what it took, and write the table."""
    rows = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        for options, some in ((("--no-demo",), ways.EMPTY), ((), ways.DEMO)):
            with console(*options) as one:
                for way in some:
                    count = way(one, browser)
                    print(f"{way.__name__}: {count.clicks} clicks, {count.keys} keys, {count.seconds:.0f} s: ", end="")
                    print(", ".join(count.steps))
                    rows.append(_row(way.__name__, way.__doc__ or "", count))
    text = TABLE.read_text()
    head, rest = text.split(BEGIN)
    TABLE.write_text(f"{head}{BEGIN}{HEAD}{''.join(rows)}{END}{rest.split(END)[1]}")


HEAD = """
| | Before: clicks | seconds | Now: clicks | keys | seconds | Clicks and keys |
|---|---:|---:|---:|---:|---:|---:|
"""


def _row(name: str, words: str, count: Count) -> str:
    clicks, seconds = BEFORE[name]
    change = round(100 * (count.clicks + count.keys - clicks) / clicks)
    cells = (words.partition(":")[0], clicks, seconds, count.clicks, count.keys, round(count.seconds), f"{change:+} %")
    return f"| {' | '.join(map(str, cells))} |\n"


if __name__ == "__main__":
    main()
