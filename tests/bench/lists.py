"""The lists at 10,000 mini programs and 100,000 versions, against Django admin's changelists of the same rows.

One granian process serves both, to a client that asks one page at a time over one connection; a page, then its
reference, then the next page, round after round. A page is what a license holder of every team gets, frame and all.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.bench import stand

PROGRAMS, VERSIONS = 10_000, 100_000
FEW_PROGRAMS, FEW_VERSIONS = 10, 100
ROUNDS, REPEATS = 15, 3
REFERENCE = "Django admin's changelist"


@dataclass(frozen=True)
class Page:
    """A page of the console, and the changelist that shows the same rows; `first` names the page to compare it with."""

    name: str
    path: str
    reference: str
    first: str = ""


def pages(made: dict[str, Any]) -> list[Page]:
    """Return what is measured, as addresses in a filled console."""
    program = f"/miniprograms/{made['app_id']}/versions/"
    programs_admin, versions_admin = "/bench/miniprograms/miniprogram/", "/bench/releases/version/"
    ours = f"mini_program__id__exact={made['program']}"
    return [
        Page("mini programs, first page", "/miniprograms/?team=", programs_admin),
        Page(
            "mini programs, last page",
            "/miniprograms/?team=&page=9999",
            f"{programs_admin}?p={{last}}",
            "mini programs, first page",
        ),
        Page(
            "mini programs of a team",
            f"/miniprograms/?team={made['team']}",
            f"{programs_admin}?team__id__exact={made['team']}",
        ),
        Page("mini programs by name", "/miniprograms/?team=&q=harbour", f"{programs_admin}?q=harbour"),
        Page("versions, first page", "/versions/?team=", versions_admin),
        Page(
            "versions, last page", "/versions/?team=&page=9999", f"{versions_admin}?p={{last}}", "versions, first page"
        ),
        Page("versions in audit", "/versions/?team=&show=in_audit", f"{versions_admin}?state__exact=in_audit"),
        Page("versions ready to publish", "/versions/?team=&show=ready", f"{versions_admin}?state__exact=approved"),
        Page("nothing online", "/versions/?team=&show=nothing", f"{programs_admin}?shelf__exact=on"),
        Page("one program's versions", program, f"{versions_admin}?{ours}"),
        Page("all versions, first page", f"{program}all/", f"{versions_admin}?{ours}"),
        Page(
            "all versions, last page",
            f"{program}all/?page=9999",
            f"{versions_admin}?{ours}&p={{last}}",
            "all versions, first page",
        ),
        Page("audits, first page", f"{program}audits/", f"/bench/releases/audit/?{ours}"),
        Page(
            "audits, last page",
            f"{program}audits/?page=9999",
            f"/bench/releases/audit/?{ours}&p={{last}}",
            "audits, first page",
        ),
        Page("releases, first page", f"{program}releases/", f"/bench/releases/release/?{ours}"),
        Page(
            "releases, last page",
            f"{program}releases/?page=9999",
            f"/bench/releases/release/?{ours}&p={{last}}",
            "releases, first page",
        ),
    ]


@contextmanager
def filled(programs: int, versions: int) -> Iterator[tuple[dict[str, Any], stand.Visitor, stand.Visitor]]:
    """Start a console with so many rows; yields what was made, the license holder and the operator."""
    with stand.database() as environment:
        fill = [sys.executable, "-m", "tests.bench.rows", str(programs), str(versions)]
        made: dict[str, Any] = json.loads(subprocess.check_output(fill, env=environment))
        with stand.console(environment) as port:
            yield made, stand.Visitor(port, made["session"]), stand.Visitor(port, made["operator_session"])
