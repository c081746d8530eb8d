"""What commands print: results on stdout, all else on stderr; no colour with NO_COLOR or without a terminal."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Table
from rich.text import Text

from mpc.failures import Failure

WIDTH = 120  # columns, in the log of a pipeline
SEVERITY = {"error": "red", "warning": "yellow", "note": "cyan"}
STATE = {"approved": "green", "online": "green", "rejected": "red", "in_audit": "yellow"}


def _console(*, stderr: bool = False) -> Console:
    stream = sys.stderr if stderr else sys.stdout  # None where it was closed
    width = None if (stream and stream.isatty()) or "COLUMNS" in os.environ else WIDTH
    return Console(stderr=stderr, width=width, highlight=False, markup=False, emoji=False)


out, err = _console(), _console(stderr=True)


def mend_streams() -> None:
    """Let a stream print the number of a character that its encoding lacks, and one that was closed drop everything."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 — for as long as the process
        else:
            stream.reconfigure(errors="backslashreplace")


class _Mode:
    json = printed = False


def use_json(value: bool) -> bool:
    """Print JSON from here on: the callback of `--json`."""
    _Mode.json = _Mode.json or value
    return value


def is_json() -> bool:
    """Whether a program reads what is printed."""
    return _Mode.json


def result(data: Any, human: Callable[[], None]) -> None:
    """Print what a command found: as JSON, or for people by `human`."""
    if _Mode.json:
        print_json(data)
    else:
        human()


def print_json(data: Any) -> None:
    """Print one JSON value on a line of its own, in ASCII, which any encoding of stdout holds."""
    sys.stdout.write(json.dumps(data) + "\n")
    sys.stdout.flush()
    _Mode.printed = True


def line(text: str, style: str = "") -> None:
    """Print a line for people on stdout."""
    out.print(Text(text, style=style), soft_wrap=True)


def note(text: str) -> None:
    """Say on stderr what goes on."""
    err.print(Text(text, style="dim"), soft_wrap=True)


def failure(failed: Failure) -> None:
    """Say why a command failed; with `--json` on stdout, unless there is a result already."""
    if _Mode.json and not _Mode.printed:
        print_json({"error": {"message": failed.message, "exit_code": failed.code, **failed.problem}})
        return
    err.print(Text(f"mpc: {failed.message}", style="red"), soft_wrap=True)
    findings(failed.problem.get("findings") or [], to=err)
    for each in failed.problem.get("errors") or []:
        if each["message"] not in failed.message:
            err.print(Text(f"  {each['field'] or 'request'}: {each['message']}"), soft_wrap=True)
    if failed.problem.get("request_id"):
        note(f"request {failed.problem['request_id']}")


def findings(rows: list[dict[str, Any]], *, to: Console = out) -> None:
    """Draw the package reader's findings as a table."""
    if not rows:
        return
    grid = table("Severity", "Where", "What", "Rule")
    for row in rows:
        what = Text(row["title"])
        what.append(f"\n{row['hint']}" if row.get("hint") else "", style="dim")
        where = " · ".join(filter(None, (row.get("where"), row.get("detail"))))
        severity = Text(row["severity"], style=SEVERITY.get(row["severity"], ""))
        grid.add_row(severity, Text(where), what, Text(row.get("rule") or ""))
    to.print(grid)


def table(*columns: str) -> Table:
    """Return a table that is readable in a log, too."""
    grid = Table(box=box.ASCII2 if not out.is_terminal else box.ROUNDED, header_style="bold", show_lines=False)
    for column in columns:
        grid.add_column(column, overflow="fold")
    return grid


def rows(columns: Iterable[str], lines: Iterable[Iterable[object]]) -> None:
    """Draw a table of texts; words of states have their colour."""
    grid = table(*columns)
    for each in lines:
        cells = ["" if cell is None else str(cell) for cell in each]
        grid.add_row(*(Text(cell, style=STATE.get(cell, "")) for cell in cells))
    out.print(grid)


def size(count: int) -> str:
    """Return a number of bytes in words: 1.5 MB is 1,572,864 bytes, as in the console's limits."""
    if count < 1024:
        return f"{count} B"
    if count < 1024 * 1024:
        return f"{count / 1024:.1f} KB"
    return f"{count / 1024 / 1024:.1f} MB"


@contextmanager
def progress(words: str, total: int) -> Iterator[Callable[[int], None]]:
    """Draw a bar while bytes go; yields what is called with how many there are so far. Silent without a terminal."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=err, transient=True) as bars:
        task = bars.add_task(words, total=total)
        yield lambda done: bars.update(task, completed=done)
