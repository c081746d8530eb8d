"""deploy/container/console, the entry point of the image; tests/install builds and runs all of it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from console.local.addresses import PROJECT


@pytest.mark.parametrize(
    ("words", "listen", "command"),
    [
        (["web", "--workers", "2"], None, "manage.py start web --host 0.0.0.0 --workers 2"),
        (["runtime"], "::", "manage.py start runtime --host ::"),
        (["worker", "--queues", "mail"], "::", "manage.py start worker --queues mail"),
        (["backup", "/backup"], None, "manage.py backup /backup"),
    ],
)
def test_a_role_becomes_its_process(words: list[str], listen: str | None, command: str, tmp_path: Path) -> None:
    script = (PROJECT / "deploy" / "container" / "console").read_text().replace("/opt/console", str(tmp_path))
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\necho "$@"\n')
    python.chmod(0o755)
    variables = {"PATH": f"{tmp_path}:/usr/bin:/bin"} | ({"LISTEN": listen} if listen else {})
    done = subprocess.run(
        ["sh", "-c", script, "console", *words], env=variables, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == f"{command}\n"
