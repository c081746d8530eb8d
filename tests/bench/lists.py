"""The lists at 10,000 mini programs and 100,000 versions, against Django admin's changelists of the same rows.

One granian process serves both, to a client that asks for one page at a time over one connection: a page, its
reference, the next page, round after round. Pages are whole, with menu and filters, as a license holder of twenty
teams and an operator get them. The tabs of the versions across programs have two references: a row there shows facts
of seven tables, which a plain changelist does not.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.bench import stand
from tests.bench.result import Result

PROGRAMS, VERSIONS = 10_000, 100_000
FEW_PROGRAMS, FEW_VERSIONS = 10, 100
ROUNDS, REPEATS = 15, 2
PAGE_SIZE = 25
FIRST, LAST = ", first page", ", last page"


@dataclass(frozen=True)
class Page:
    """A page of the console, and the changelist to compare it with."""

    name: str
    path: str
    reference: str
    beside: str = "Django admin's changelist"


def pages(made: dict[str, Any]) -> list[Page]:
    """Return what is measured, as addresses in a filled console; `made` is what `rows.fill` returned."""
    program, rows = f"/miniprograms/{made['app_id']}/versions/", made["rows"]
    programs_of, versions_of = "/bench/miniprograms/miniprogram/?", "/bench/releases/version/?"
    of_program = f"mini_program__id__exact={made['program']}"
    found = [
        *_ends("mini programs", "/miniprograms/?team=", programs_of, rows["programs"]),
        Page("mini programs of a team", f"/miniprograms/?team={made['team']}", f"{programs_of}team={made['team']}"),
        Page("mini programs by name", "/miniprograms/?team=&q=harbour", f"{programs_of}q=harbour"),
        *_ends("versions", "/versions/?team=", versions_of, rows["versions"]),
        *_tab("versions, in audit", "in_audit", "in_audit"),
        *_tab("versions, ready to publish", "ready", "approved"),
        *_tab("versions, nothing online", "nothing", "development"),
        Page("one program's versions", program, f"{versions_of}{of_program}"),
        *_ends("one program's uploads", f"{program}all/?", f"{versions_of}{of_program}&", rows["own_versions"]),
    ]
    for name, kind in (("audits", "audit"), ("releases", "release")):
        reference = f"/bench/releases/{kind}/?{of_program}&"
        found += _ends(f"one program's {name}", f"{program}{name}/?", reference, rows[f"own_{name}"])
    return found


def _tab(name: str, tab: str, state: str) -> list[Page]:
    """Return a tab of the versions across programs, twice: its rows are programs and show facts of seven tables."""
    path = f"/versions/?team=&show={tab}"
    facts = f"/bench-facts/miniprograms/miniprogram/?tab={tab}"
    return [
        Page(name, path, f"/bench/releases/version/?state={state}", "admin's changelist of versions in that state"),
        Page(name, path, facts, "admin's changelist with the same columns, a query in a cell"),
    ]


def _ends(name: str, path: str, reference: str, rows: int) -> list[Page]:
    """Return the first and the last page of a list."""
    last = -(-rows // PAGE_SIZE)
    return [
        Page(f"{name}{FIRST}", path, reference),
        Page(f"{name}{LAST}", f"{path}&page={last}", f"{reference}p={last}"),
    ]


@contextmanager
def filled(
    programs: int, versions: int, **variables: str
) -> Iterator[tuple[dict[str, Any], stand.Visitor, stand.Visitor]]:
    """Start a console with so many rows; yields what was made, the license holder and the operator.

    `variables` are of its environment.
    """
    with stand.database() as environment:
        environment |= variables
        fill = [sys.executable, "-m", "tests.bench.rows", str(programs), str(versions)]
        made: dict[str, Any] = json.loads(subprocess.check_output(fill, env=environment))
        with stand.console(environment) as port:
            yield made, stand.Visitor(port, made["session"]), stand.Visitor(port, made["operator_session"])


def run() -> list[Result]:
    """Measure and compare."""
    with filled(FEW_PROGRAMS, FEW_VERSIONS) as (made, holder, _operator):
        few = {page.name: holder.queries(page.path) for page in pages(made)}
    with filled(PROGRAMS, VERSIONS) as (made, holder, operator):
        many = {page.name: holder.queries(page.path) for page in pages(made)}
        times = _timed(pages(made), holder, operator)
    ours = {page.name: own for page, (own, _theirs) in times.items()}
    aim = "at most 1 times"
    results = [_compared(page.name, *both, reference=page.beside, aim=aim) for page, both in times.items()]
    results += [_beside_first(name, ours) for name in ours if name.endswith(LAST)]
    results += [_beside_few(name, many[name], few[name]) for name in many if not name.endswith(LAST)]
    return results


Times = dict[Page, tuple[list[float], list[float]]]


def _timed(pages: list[Page], holder: stand.Visitor, operator: stand.Visitor) -> Times:
    """Return the milliseconds of each round: of the console, and of the reference."""
    times: Times = {page: ([], []) for page in pages}
    for page in pages:  # Once without the clock, so that templates are compiled and rows are in memory.
        holder.get(page.path)
        operator.get(page.reference)
    for _ in range(ROUNDS):
        for page, (ours, theirs) in times.items():
            ours.append(min(holder.milliseconds(page.path) for _ in range(REPEATS)))
            theirs.append(min(operator.milliseconds(page.reference) for _ in range(REPEATS)))
    return times


def _compared(name: str, ours: list[float], theirs: list[float], *, reference: str, aim: str) -> Result:
    """The ratio is the median of the rounds' ratios."""
    return Result(
        name=name,
        value=statistics.median(ours),
        unit="ms",
        reference=reference,
        reference_value=statistics.median(theirs),
        ratio=statistics.median(own / other for own, other in zip(ours, theirs, strict=True)),
        aim=aim,
    )


def _beside_first(name: str, ours: dict[str, list[float]]) -> Result:
    first = name.removesuffix(LAST) + FIRST
    return _compared(name, ours[name], ours[first], reference="its first page", aim="at most 1.5 times")


def _beside_few(name: str, many: int, few: int) -> Result:
    return Result(
        name=f"queries of {name.removesuffix(FIRST)}",
        value=many,
        unit="queries",
        reference=f"with {FEW_PROGRAMS} mini programs",
        reference_value=few,
        ratio=many / few,
        aim="equal",
    )
