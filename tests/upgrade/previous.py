"""The previous release: its files, and processes that run its code on a database of ours.

It runs with the libraries of this one: no second environment is made. `differing_libraries` names those that another
version of is pinned now.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings

from console.local.addresses import PROJECT
from console.local.pytest_plugin import NO_PREVIOUS_RELEASE
from releases.models import package_storage
from tests.console.api.device.serving import database_url

# There is no tag yet. With the first one this becomes the tag before the version that is being worked on.
RELEASE = "4f579b39347a774c0567106963f99a70997366ab"
SCRIPTS = Path(__file__).parent
SECONDS = 300  # for a process, on a busy machine


def unpack(folder: Path) -> Path:
    """Put the release's files into the folder; skips the test where this clone does not have it, in CI fails it."""
    git = ["git", "-c", "safe.directory=*", "-C", str(PROJECT)]  # The clone may have another owner; we only read it.
    archive = subprocess.run([*git, "archive", RELEASE], capture_output=True, check=False)
    if archive.returncode:
        why = f"{NO_PREVIOUS_RELEASE}: {RELEASE[:7]}, {archive.stderr.decode().strip()}"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(why)
    folder.mkdir()
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)
    (folder / "node_modules").symlink_to(PROJECT / "node_modules")
    return folder


def differing_libraries(tree: Path) -> list[str]:
    """Return the lines of the release's requirements that are not among what tests install, with their versions."""
    then = (tree / "requirements.txt").read_text().splitlines()
    now = (PROJECT / "requirements-dev.txt").read_text().splitlines()
    return sorted({line for line in then if "==" in line} - set(now))


def environment(root: Path, **changes: str) -> dict[str, str]:
    """Return the variables of a process that runs the code in `root`, on the database and files of this test."""
    own = {
        "DJANGO_SETTINGS_MODULE": "console.settings",
        "PYTHONPATH": str(root),
        "DATABASE_URL": database_url(),
        "REDIS_URL": settings.REDIS_URL,
        "SECRET_KEY": settings.SECRET_KEY,  # opens what this test sealed
        "EMAIL_URL": "dummymail://",
        "MEDIA_ROOT": str(settings.MEDIA_ROOT),
        "PACKAGE_ROOT": package_storage().path(""),
        "OBJECT_LIST_CACHE": str(settings.OBJECT_LIST_CACHE),
    }
    return {**os.environ, **own, **changes}


def run(root: Path, *arguments: str, **changes: str) -> str:
    """Run Python with the code in `root` and return what it printed."""
    command = [sys.executable, "-P", *arguments]
    done = subprocess.run(
        command,
        cwd=root,
        env=environment(root, **changes),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode:
        libraries = "" if root == PROJECT else f"\nOther libraries than it was made with: {differing_libraries(root)}"
        pytest.fail(f"{' '.join(arguments)} in {root} failed:\n{done.stderr[-8000:]}{libraries}")
    return done.stdout


@contextmanager
def empty_database() -> Iterator[str]:
    """Make a database beside the tests' own; yields its URL."""
    name = f"upgraded_{os.getpid()}"
    with psycopg.connect(database_url(), autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            yield urlsplit(database_url())._replace(path=f"/{name}").geturl()
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


class Turns:
    """A process of the previous release that follows commands (old_turns.py)."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def start(self, verb: str, **members: Any) -> None:
        """Tell it what to do."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"verb": verb, **members}) + "\n")
        self.process.stdin.flush()

    def answer(self) -> dict[str, str]:
        """Return what came of it."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the previous release's process has ended, see its messages above"
        answer: dict[str, str] = json.loads(line)
        return answer

    def does(self, verb: str, **members: Any) -> str:
        """Have it done; return what came of it."""
        self.start(verb, **members)
        return self.answer()["done"]


@contextmanager
def turns(tree: Path) -> Iterator[Turns]:
    """One process that runs until the block ends."""
    command = [sys.executable, "-P", str(SCRIPTS / "old_turns.py")]
    with subprocess.Popen(
        command, cwd=tree, env=environment(tree), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Turns(process)
        finally:
            process.kill()
