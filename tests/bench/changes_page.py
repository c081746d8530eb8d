"""The page of a version that changes 1,000 files of the online one, and one of those files side by side.

One granian process serves them to a client that asks for one page at a time over one connection, round after round.
The pages are whole, as the program's license holder gets them. The references are the second that the page may take,
and the same page for a version that changes 10 files.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys

import django

from tests.bench import stand
from tests.bench.result import Result

MANY, FEW = 1_000, 10
ROUNDS = 15
LINES = 60
SECOND = 1_000.0  # ms


def run() -> list[Result]:
    """Measure and compare."""
    with stand.database() as environment:
        filled = subprocess.check_output([sys.executable, "-m", "tests.bench.changes_page"], env=environment)
        made = json.loads(filled)
        with stand.console(environment) as port:
            holder = stand.Visitor(port, made["session"])
            many, few = (f"{made['versions']}{number}/changes/" for number in ("1.2.0", "1.1.0"))
            file = f"{many}file/?path=lib/part7/file7.js"
            times: dict[str, list[float]] = {many: [], few: [], file: []}
            for path in times:  # Once without the clock, so that templates are compiled and rows are in memory.
                holder.get(path)
            for _ in range(ROUNDS):
                for path, taken in times.items():
                    taken.append(holder.milliseconds(path))
            queries = [holder.queries(path) for path in (many, few)]
    name = f"changes of {MANY:,} files"
    return [
        _within_a_second(name, times[many]),
        _within_a_second(f"one of {MANY:,} files, side by side", times[file]),
        _beside(name, times[many], times[few]),
        Result(
            name=f"queries of {name}",
            value=queries[0],
            unit="queries",
            reference=f"of {FEW} files",
            reference_value=queries[1],
            ratio=queries[0] / queries[1],
            aim="equal",
        ),
    ]


def _within_a_second(name: str, times: list[float]) -> Result:
    value = statistics.median(times)
    return Result(name, value, "ms", "one second", SECOND, value / SECOND, "at most 1 times")


def _beside(name: str, many: list[float], few: list[float]) -> Result:
    """The ratio is the median of the rounds' ratios."""
    return Result(
        name=name,
        value=statistics.median(many),
        unit="ms",
        reference=f"changes of {FEW} files",
        reference_value=statistics.median(few),
        ratio=statistics.median(one / other for one, other in zip(many, few, strict=True)),
        aim="for information",
    )


def fill() -> None:
    """Make a program with an online version, one that changes few of its files and one that changes many."""
    django.setup()
    from django.test import Client

    from tests import factories

    before, after = _sources(0), _sources(1)
    program = factories.make_program()
    factories.make_binding(program)
    online = factories.make_version(program, "1.0.0", **before)
    _publish(online)
    changed = dict(list(after.items())[:FEW])
    factories.make_version(program, "1.1.0", **{**before, **changed})
    factories.make_version(program, "1.2.0", **after)
    client = Client()
    client.force_login(program.created_by)
    print(
        json.dumps(
            {"session": client.cookies["sessionid"].value, "versions": f"/miniprograms/{program.app_id}/versions/"}
        )
    )


def _sources(release: int) -> dict[str, str]:
    """Return files of some lines, of which each release changes a few."""
    return {
        f"lib/part{n % 25}/file{n}.js": "".join(
            f"const value{line} = load({n}, {line * (release if line % 20 == 0 else 1)})\n" for line in range(LINES)
        )
        for n in range(MANY)
    }


def _publish(version) -> None:  # type: ignore[no-untyped-def]
    """Bring the version online by the verbs."""
    from releases import actions
    from tests import factories

    audit = actions.submit(version, by=version.uploaded_by)
    for decision in audit.decisions.select_related("application", "audit__version__mini_program"):
        actions.decide(decision, approve=True, by=factories.make_reviewer(decision.application))
    version.refresh_from_db()
    actions.publish(version, by=version.uploaded_by)


if __name__ == "__main__":
    fill()
