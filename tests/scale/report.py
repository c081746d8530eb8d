"""The tables: on the screen and in docs/scale.md."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.report import machine
from tests.scale.plans import explain
from tests.scale.sizes import BIG, ROWS

if TYPE_CHECKING:
    from tests.scale.asked import Statements

FILE = Path(__file__).resolve().parent.parent.parent / "docs" / "scale.md"
# What may read all of a table, and why.
KNOWN = {"Security log": "for operators alone; its pager counts at most a year's entries, some millions"}
__all__ = ["findings", "machine", "put", "show", "write"]
LARGE = re.compile(r"\b(" + "|".join(table for table, (rows, _width) in ROWS.items() if rows >= BIG) + r")\b")


@dataclass
class Finding:
    """What was found of everything that one page, sweep or call asks."""

    group: str
    name: str
    statements: int = 0
    large: int = 0  # statements that name a large table
    most: int = 0
    cost: float = 0.0
    indexes: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)


def findings(groups: Iterable[tuple[str, str, Statements]]) -> list[Finding]:
    """Ask for all plans."""
    return [_finding(*group) for group in groups]


def _finding(group: str, name: str, statements: Statements) -> Finding:
    found = Finding(group, name, statements=len(statements))
    for sql, params in statements.items():
        if not LARGE.search(sql):
            continue
        plan = explain(sql, params, by_index=group == "Retention")
        found.large += 1
        found.most, found.cost = max(found.most, plan.most), max(found.cost, plan.cost)
        found.indexes |= plan.indexes
        if name not in KNOWN:
            found.problems += [f"{problem}: {' '.join(sql.split())[:1500]}" for problem in plan.problems]
    return found


def show(found: list[Finding]) -> None:
    """Print it, problems with their statements."""
    for finding in found:
        name, large = f"{finding.group:10} {finding.name[:50]:50}", f"{finding.large:4} of {finding.statements:4}"
        print(f"{name} {large} {finding.most:12,} rows {finding.cost:14,.0f}")
        for problem in finding.problems:
            print(f"    ! {problem}")


def write(found: list[Finding], indexes: Mapping[str, int]) -> None:
    """Write the tables of plans in docs/scale.md; `indexes` has the bytes of each table's."""
    put("plans", _lines(found, indexes))


def put(name: str, lines: Iterable[str]) -> None:
    """Write lines between the marks of that name in docs/scale.md."""
    begin, end = (f"<!-- {name}, written by a command: {side} -->" for side in ("begin", "end"))
    text = FILE.read_text()
    before, after = text.split(begin)[0], text.split(end)[1]
    FILE.write_text("\n".join([before + begin, "", *lines, "", end + after]))


def _lines(found: list[Finding], indexes: Mapping[str, int]) -> Iterator[str]:
    yield "| table | rows | a row | table | indexes |"
    yield "|---|---:|---:|---:|---:|"
    total = 0
    for table, (rows, width) in ROWS.items():
        total += rows * width + indexes[table]
        if rows >= BIG:
            gigabytes = f"{rows * width / 1e9:.1f} GB | {indexes[table] / 1e9:.1f} GB"
            yield f"| `{table}` | {rows:,} | {width} B | {gigabytes} |"
    yield f"| all together | | | {total / 1e9:.0f} GB | |"
    for group in dict.fromkeys(finding.group for finding in found):
        yield ""
        yield f"| {group} | statements on large tables | most rows that one reads | highest cost | indexes |"
        yield "|---|---:|---:|---:|---|"
        for finding in found:
            if finding.group == group and finding.large:
                indexes = ", ".join(f"`{index}`" for index in sorted(finding.indexes))
                name = f"{finding.name} ({KNOWN[finding.name]})" if finding.name in KNOWN else finding.name
                figures = f"{finding.large} of {finding.statements} | {finding.most:,} | {finding.cost:,.0f}"
                yield f"| {name} | {figures} | {indexes} |"
