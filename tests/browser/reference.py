"""The reference client, which is the device of the journeys."""

from __future__ import annotations

import os
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from django.core.management import CommandError, call_command

ROOT = Path(__file__).parents[2]


class Ran(NamedTuple):
    """How the command ended, and what it printed."""

    code: int
    output: str
    error: str


def run(*arguments: str, apart: bool = False) -> Ran:
    """Run `manage.py device`: here, or apart in a process of its own as people run it, which starts all of Django."""
    if apart:
        command = [sys.executable, "manage.py", "device", *arguments]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=os.environ, check=False)
        return Ran(done.returncode, done.stdout, done.stderr)
    output = StringIO()
    try:
        call_command("device", *arguments, stdout=output)
    except CommandError as error:
        return Ran(error.returncode, output.getvalue(), str(error))
    return Ran(0, output.getvalue(), "")
