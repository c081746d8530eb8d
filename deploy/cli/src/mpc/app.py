"""The commands, and how they end."""

from __future__ import annotations

import re
import sys
import traceback
from typing import Annotated, NoReturn

import httpx
import typer

from mpc import __version__, contents, login, logs, offline, releasing, rollout, show, upload, verify
from mpc.failures import Away, Broken, Failure, Usage

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
    show.mend_streams()
    try:
        _run(sys.argv[1:])
    except Exception as error:  # by itself it would end with 1, which says that the console refused
        traceback.print_exception(error)
        words = f"{type(error).__name__}: {error}. This is a fault of mpc, or something that it doesn't understand."
        _end(Broken(words))


def _run(given: list[str]) -> None:
    arguments, dropped = without_compiling(given)
    if dropped:
        show.note(f"Nothing is compiled here, so this has no effect: {', '.join(dropped)}")
    try:
        app(arguments)
    except Failure as failed:
        _end(failed)
    except httpx.InvalidURL as error:
        _end(Usage(f"An argument does not fit into an address: {error}"))
    except httpx.HTTPError as error:
        _end(Away(f"The console can't be reached: {str(error) or type(error).__name__}"))
    except OSError as error:
        _end(Usage(str(error)))


def _end(failed: Failure) -> NoReturn:
    show.failure(failed)
    sys.exit(failed.code)
