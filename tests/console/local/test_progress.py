"""One line for what takes a while."""

import io
import subprocess
import sys

from console.local import progress
from console.local.addresses import PROJECT


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_sees_how_far_it_is_in_one_line():
    out = Terminal()
    with progress.Line("Making demo data", out) as line:
        line.update("40%")
    assert out.getvalue() == "Making demo data …\rMaking demo data … 40%\x1b[K\rMaking demo data … 0 s\x1b[K\n"


def test_elsewhere_it_is_a_line_with_its_seconds():
    out = io.StringIO()
    with progress.Line("Making demo data", out) as line:
        line.update("40%")
    assert out.getvalue() == "Making demo data … 0 s\n"


def test_what_a_command_says_is_shown_when_it_fails():
    def run(code):
        command = [sys.executable, "-I", "-S", "console/local/progress.py", "Installing", sys.executable, "-c", code]
        return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False)

    assert run("print('much')").stdout == ""
    failed = run("print('No space left'); raise SystemExit(3)")
    assert (failed.returncode, failed.stderr) == (3, "No space left\n")
