"""One line for each thing that takes a while: `python console/local/progress.py TITLE COMMAND …`.

It runs before anything is installed, so it imports the standard library and nothing else.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import time
from typing import TextIO

SHOWN_AFTER = 1.0  # seconds; what is done sooner needs no line


class Line:
    """`Title … 12 s`, as a context. On a terminal it shows how far it is; elsewhere it is written in two parts."""

    def __init__(self, title: str, out: TextIO) -> None:
        self.title = title
        self.out = out
        self.began = time.monotonic()

    def __enter__(self) -> Line:
        self._write(f"{self.title} …")
        return self

    def update(self, part: str) -> None:
        """Show how far it is; only a terminal can write over a line."""
        if self.out.isatty():
            self._write(f"\r{self.title} … {part}\x1b[K")

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        taken = "" if kind else f" {time.monotonic() - self.began:.0f} s"
        self._write(f"\r{self.title} …{taken}\x1b[K\n" if self.out.isatty() else f"{taken}\n")

    def _write(self, text: str) -> None:
        with contextlib.suppress(OSError):  # The terminal may be gone.
            self.out.write(text)
            self.out.flush()


def main(title: str, command: list[str]) -> int:
    """Run `command` and return its exit code; what it says is shown only when it fails."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)  # noqa: S603 - of the Makefile
        try:
            process.wait(SHOWN_AFTER)
        except subprocess.TimeoutExpired:
            with Line(title, sys.stdout) as line:
                _wait(process, line)
        if process.returncode:
            said.seek(0)
            sys.stderr.write(said.read().decode(errors="replace"))
    return process.returncode


def _wait(process: subprocess.Popen[bytes], line: Line) -> None:
    while True:
        try:
            process.wait(1)
            return
        except subprocess.TimeoutExpired:
            line.update(f"{time.monotonic() - line.began + SHOWN_AFTER:.0f} s")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1], sys.argv[2:]))
    except KeyboardInterrupt:
        sys.exit("\nStopped. Start again: make run")
