"""`mpc logs`: what the mini program logs on devices."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from functools import partial
from typing import Annotated, Any, Literal

import typer
from rich.text import Text

from mpc import show
from mpc.options import Project, about_project

PAUSE = 2.0  # seconds between two questions of --follow
MOST_AT_ONCE = 2000  # new entries that one question of --follow reads
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
    path = f"{found.path}/logs"
    newest = list(found.api.pages(path, most=max(lines, 1 if follow else 0), **criteria))
    seen = deque((entry["id"] for entry in newest), maxlen=REMEMBERED)
    yield from reversed(newest[:lines])
    while follow:
        time.sleep(PAUSE)
        known, fresh = set(seen), []
        for entry in found.api.pages(path, most=MOST_AT_ONCE, **criteria):
            if entry["id"] in known:
                break
            fresh.append(entry)
        for entry in reversed(fresh):
            seen.append(entry["id"])
            yield entry


def _print(entry: dict[str, Any]) -> None:
    head = Text(f"{entry['time']} ", style="dim")
    head.append(f"{entry['level']:5} ", style=LEVEL.get(entry["level"], ""))
    head.append(f"{entry['version']} {entry['platform']} {entry['page']}", style="dim")
    show.out.print(head, soft_wrap=True)
    for line in entry["lines"]:
        show.out.print(Text(f"  {line['text']}"), soft_wrap=True)
