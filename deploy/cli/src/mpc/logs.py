"""`mpc logs`: what the mini program logs on devices."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, Any, Literal

import typer
from rich.text import Text

from mpc import show
from mpc.options import Project, about_project

PAUSE = 2.0  # seconds between two questions of --follow
MOST_AT_ONCE = 2000  # entries that one question of --follow reads
# How late entries may come for --follow: devices send them some seconds after their time, again after up to a minute
# when they got no answer, and by clocks that are behind.
LATE = timedelta(minutes=2)
REMEMBERED = 10_000
LEVEL = {"warn": "yellow", "error": "red"}


@about_project
def logs(
    found: Project,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on as entries come, until Ctrl-C.")] = False,
    lines: Annotated[int, typer.Option("-n", "--lines", min=0, max=10_000, help="How many of the newest.")] = 50,
    last: Annotated[str, typer.Option("--last", help="15m, 1h, 6h, 24h or 7d.")] = "1h",
    level: Annotated[
        Literal["all", "info", "warn", "error"], typer.Option("--level", help="This level and above.")
    ] = "all",
    platform: Annotated[str, typer.Option("--platform", help="android or ios.")] = "",
    guid: Annotated[str, typer.Option("--guid", help="Of one device.")] = "",
    page: Annotated[str, typer.Option("--page", help="How the page begins.")] = "",
    text: Annotated[str, typer.Option("--filter", help="What filterMsg contains.")] = "",
    version: Annotated[str, typer.Option("--uv", help="Of the mini program.")] = "",
    trace: Annotated[str, typer.Option("--trace", help="Of one launch.")] = "",
) -> None:
    """Show log entries, the oldest first; with --json one a line."""
    criteria = {
        "last": last, "level": level, "platform": platform, "guid": guid, "page": page, "filter_msg": text,
        "version": version, "trace_id": trace,
    }  # fmt: skip
    for entry in _entries(found, criteria, lines, follow=follow):
        show.result(entry, partial(_print, entry))


def _entries(found: Project, criteria: dict[str, Any], lines: int, *, follow: bool) -> Iterator[dict[str, Any]]:
    """Yield the newest entries, the oldest first; then each that comes, in the order in which it came."""
    path = f"{found.path}/logs"
    if not follow:
        yield from reversed(list(found.api.pages(path, most=lines, **criteria)))
        return
    since = _horizon(list(found.api.pages(path, most=1, **criteria)), datetime.now(UTC))
    read = _read(found.api.pages(path, most=max(lines, MOST_AT_ONCE), **criteria), since, least=lines)
    yield from reversed(read[:lines])
    seen = deque((entry["id"] for entry in read), maxlen=REMEMBERED)
    while True:
        time.sleep(PAUSE)
        at, known = datetime.now(UTC), set(seen)
        read = _read(found.api.pages(path, most=MOST_AT_ONCE, **criteria), since)
        fresh = [entry for entry in read if entry["id"] not in known]
        if len(read) == MOST_AT_ONCE and fresh and fresh[-1] is read[-1]:
            show.note(f"More than {MOST_AT_ONCE:,} entries came. Older ones are not shown. Narrow them by criteria.")
        for entry in reversed(fresh):
            seen.append(entry["id"])
            yield entry
        since = max(since, _horizon(read, at))


def _read(newest_first: Iterator[dict[str, Any]], since: datetime, least: int = 0) -> list[dict[str, Any]]:
    """Return the entries since a time, and at least so many where there are."""
    read: list[dict[str, Any]] = []
    for entry in newest_first:
        if len(read) >= least and _time(entry) < since:
            break
        read.append(entry)
    return read


def _horizon(read: list[dict[str, Any]], at: datetime) -> datetime:
    """Return since when the next question reads, after one at `at` that gave `read`, newest first.

    Entries have the time of their device, whose clock may be ahead of `at`, the time of this machine.
    """
    return min(_time(read[0]), at) - LATE if read else datetime.min.replace(tzinfo=UTC)


def _time(entry: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(entry["time"])


def _print(entry: dict[str, Any]) -> None:
    head = Text(f"{entry['time']} ", style="dim")
    head.append(f"{entry['level']:5} ", style=LEVEL.get(entry["level"], ""))
    head.append(f"{entry['version']} {entry['platform']} {entry['page']}", style="dim")
    show.out.print(head, soft_wrap=True)
    for line in entry["lines"]:
        show.out.print(Text(f"  {line['text']}"), soft_wrap=True)
