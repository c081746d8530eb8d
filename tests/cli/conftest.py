"""`mpc` as people and pipelines run it: a process of its own against a console over HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from console.api.manage import actions, guard, login_views
from console.api.rate import Counter
from miniprograms.models import MiniProgram
from tests import factories
from tests.cli.projects import taro

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "deploy/cli/src"
LONGEST = 120  # seconds, of one command


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed with `--json`, one value a line."""
        return json.loads(self.out)


@dataclass
class Mpc:
    """Runs commands in a folder, with what the environment of a pipeline holds, and nothing of ours."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    def start(self, *arguments: str, **env: str) -> subprocess.Popen[str]:
        """Start a command."""
        command = [sys.executable, "-m", "mpc", *arguments]
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(command, cwd=self.folder, env=self.env | env, text=True, **pipes)

    def __call__(self, *arguments: str, **env: str) -> Ran:
        """Run a command to its end."""
        with self.start(*arguments, **env) as process:
            out, err = process.communicate(timeout=LONGEST)
        return Ran(process.returncode, out, err)

    def done(self, *arguments: str, **env: str) -> Ran:
        """Run a command that succeeds."""
        ran = self(*arguments, **env)
        assert ran.code == 0, ran.out + ran.err
        return ran


@pytest.fixture(autouse=True)
def nobody_asked_before(monkeypatch):
    """What a process counts, it counts for one test."""
    monkeypatch.setattr(guard, "calls", Counter("600/minute"))
    monkeypatch.setattr(login_views, "begun", Counter("20/minute"))
    monkeypatch.setattr(login_views, "asked", Counter("240/minute"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A clean project of Taro, built."""
    return taro(tmp_path / "project")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A home without anything, and the way to the sources."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TZ") if name in os.environ}
    return {**kept, "HOME": str(tmp_path / "home"), "PYTHONPATH": str(SOURCE), "MPC_RETRY_SECONDS": "20"}


@pytest.fixture
def mpc(project: Path, environment: dict[str, str]) -> Mpc:
    """The command in the project's folder, signed in nowhere."""
    return Mpc(project, environment)


@pytest.fixture
def program() -> MiniProgram:
    """A mini program that one host app serves."""
    program = factories.make_program()
    factories.make_binding(program)
    return program


@pytest.fixture
def pipeline(live_server, settings, mpc: Mpc, program: MiniProgram) -> Callable[..., Mpc]:
    """Give the command the token of a robot with these scopes, as a pipeline does."""
    settings.BASE_URL = live_server.url

    def make(*scopes: str, whole_team: bool = False) -> Mpc:
        made = actions.create_robot(
            program.team, name="release", scopes=list(scopes), program=None if whole_team else program, addresses=[],
            expires_at=None, by=program.created_by,
        )  # fmt: skip
        mpc.env |= {"MPC_URL": live_server.url, "MPC_TOKEN": str(made.secret)}
        return mpc

    return make
