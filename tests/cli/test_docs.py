"""The README of `mpc` against the command itself (A-3)."""

from __future__ import annotations

import re

from mpc import failures
from mpc.app import app, without_compiling

from tests.cli.conftest import ROOT

README = (ROOT / "deploy/cli/README.md").read_text()


def commands(group) -> set[str]:
    names = {command.name or command.callback.__name__ for command in group.registered_commands}
    return names | {each.name for each in group.registered_groups}


def test_names_every_command():
    listed = set(re.findall(r"mpc (\w+)", README))
    assert commands(app) - listed == set()
    for group in app.registered_groups:
        row = next(line for line in README.splitlines() if line.startswith(f"| `mpc {group.name}"))
        assert {name for name in commands(group.typer_instance) if name not in row} == set()


def test_lists_every_exit_code():
    table = README[README.index("## Exit codes") : README.index("## Output")]
    kinds = (failures.Refused, failures.Usage, failures.NoAccess, failures.Away, failures.TooLate, failures.Broken)
    assert re.findall(r"^\| (\d+) \|", table, re.MULTILINE) == ["0", *(str(kind.code) for kind in kinds), "130"]


def test_drops_what_miniprogram_ci_is_told_about_compiling():
    given = ["upload", "--enable-es6", "true", "--uv", "1.0.0", "--use-project-config", "-r", "2", "--threads=4"]
    assert without_compiling(given) == (
        ["upload", "--uv", "1.0.0", "-r", "2"],
        ["enable-es6", "use-project-config", "threads"],
    )
