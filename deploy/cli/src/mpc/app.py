"""The commands, and how they end."""

from __future__ import annotations

import re
import sys
from typing import Annotated

import httpx
import typer

from mpc import __version__, contents, login, logs, offline, releasing, rollout, show, upload, verify
from mpc.failures import Away, Failure, Usage

app = typer.Typer(
    name="mpc",
    help="Upload, review, publish and roll out mini programs from a terminal or a pipeline.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    login.login, login.logout, login.whoami,
    upload.upload, upload.preview,
    releasing.submit, releasing.status, releasing.publish, releasing.rollback,
    logs.logs, contents.inspect, verify.verify,
):  # fmt: skip
    app.command()(command)
app.add_typer(rollout.app, name="rollout")
app.add_typer(offline.app, name="offline")

# What miniprogram-ci is told about compiling: a console takes what a build has made.
COMPILING = re.compile(r"--(enable-[A-Za-z0-9-]+|use-project-config|threads|use-cos|test-source-map|scene)(=.*)?")


def _version(value: bool) -> None:
    if value:
        sys.stdout.write(f"mpc {__version__}\n")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Take what comes before the command."""


def without_compiling(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Return the arguments without options of miniprogram-ci that say how to compile, and those options."""
    kept, dropped, rest = [], [], list(arguments)
    while rest:
        argument = rest.pop(0)
        if not (match := COMPILING.fullmatch(argument)):
            kept.append(argument)
            continue
        dropped.append(match[1])
        if not match[2] and rest and not rest[0].startswith("-"):
            rest.pop(0)
    return kept, dropped


def main() -> None:
    """Run a command; the exit code is 0, or what `failures` has for how it ended."""
    arguments, dropped = without_compiling(sys.argv[1:])
    if dropped:
        show.note(f"Nothing is compiled here, so this has no effect: {', '.join(dropped)}")
    try:
        app(arguments)
    except Failure as failed:
        show.failure(failed)
        sys.exit(failed.code)
    except httpx.HTTPError as error:
        away = Away(f"The console can't be reached: {str(error) or type(error).__name__}")
        show.failure(away)
        sys.exit(away.code)
    except OSError as error:
        show.failure(Usage(str(error)))
        sys.exit(Usage.code)
