"""`python -m tests.audit`: what the lock files pin, held against the registries and, where one is reachable, a feed.

The exit code is 1 for a known advisory and for a lock that does not match pyproject.toml or package.json. Outdated
versions are listed and no failure; nor is what could not be found out.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

from tests.audit import advisories, locks, registries
from tests.audit.locks import Pin
from tests.audit.registries import Newer, Unknown, Unreachable

ROOT = Path(__file__).resolve().parent.parent.parent
AT_A_TIME = 8
FEED_SECONDS = 15.0
STEPS = ("major", "minor", "patch")
DAYS, LATE = 90, "late"  # minor and patch releases: see SECURITY.md
Answers = dict[Pin, Newer | Unknown]


def main(arguments: list[str]) -> int:
    """Do what the command line says; the exit code says whether something has to be done."""
    parser = argparse.ArgumentParser(prog="python -m tests.audit", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--root", type=Path, default=ROOT, help="the folder of the lock files")
    parser.add_argument("--seconds", type=float, default=120.0, help="after which what is not known stays so (120)")
    parser.add_argument(
        "--feed", default=os.environ.get("ADVISORY_FEED", advisories.FEED), help="advisories by OSV's querybatch"
    )
    options = parser.parse_args(arguments)
    until = time.monotonic() + options.seconds
    pins, wrong = locks.read(options.root), locks.mismatches(options.root)
    answers = newest(pins, until=until)
    show(pins, answers, declared=locks.declared(options.root))
    for sentence in wrong:
        print(sentence)
    if not wrong:
        print("The lock files match pyproject.toml and package.json; every pin has a hash.")
    try:
        found = advisories.known(pins, feed=options.feed, until=time.monotonic() + FEED_SECONDS)
    except Unknown as error:
        found = {}
        print(f"No advisory feed reachable: only versions were checked. The feed: {error}.")
    else:
        print(f"Advisories: {sum(map(len, found.values()))} for {len(pins)} packages.")
    for pin, ids in found.items():
        print(f"  {pin.name} {pin.version} ({', '.join(pin.locks)}): {', '.join(ids)}")
    return 1 if wrong or found else 0


def newest(pins: list[Pin], *, until: float) -> Answers:
    """Ask for all pins, several at a time; a registry that nobody answers at is asked once."""
    questions = {"PyPI": registries.newer_of_pypi, "npm": registries.newer_of_npm}
    answers: Answers = {}
    for ecosystem, question in questions.items():
        ask = partial(registries.answer, question, until=until)
        for pin in (waiting := [pin for pin in pins if pin.ecosystem == ecosystem])[:1]:
            answers[pin] = ask(pin)
            if isinstance(answers[pin], Unreachable):
                answers |= dict.fromkeys(waiting, answers[pin])
        others = [pin for pin in waiting if pin not in answers]
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            answers |= zip(others, pool.map(ask, others), strict=True)
    return answers


def show(pins: list[Pin], answers: Answers, *, declared: Mapping[str, Requirement]) -> None:
    """Print what is behind, the widest step first, what could not be learned, and the sums."""
    found = [(pin, answers[pin]) for pin in pins]
    behind = [(pin, answer) for pin, answer in found if isinstance(answer, Newer) and answer.step]
    unknown: dict[str, list[str]] = {}
    for pin, answer in found:
        if isinstance(answer, Unknown):
            unknown.setdefault(f"{pin.ecosystem}: {answer}", []).append(pin.name)
    rows = [_row(pin, answer, declared) for pin, answer in behind]
    rows.sort(key=lambda row: (STEPS.index(row[0]), row[1]))
    if rows:
        table = [("behind", "package", "locked", "newest", "days", "lock"), *rows]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        for row in table:
            print("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())
        print()
    for why, names in unknown.items():
        few = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
        print(f"{why}: nothing known about {len(names)} packages ({few}).")
    learned = len(pins) - sum(map(len, unknown.values()))
    steps = ", ".join(f"{sum(row[0] == step for row in rows)} {step}" for step in STEPS)
    late = sum(LATE in row[-1] for row in rows)
    print(f"{len(pins)} packages: {learned - len(rows)} up to date, {len(rows)} outdated ({steps}), {late} late.")


def _row(pin: Pin, answer: Newer, declared: Mapping[str, Requirement]) -> tuple[str, ...]:
    """Return the row of a package that is behind, with what holds it back and whether it is later than we allow."""
    days = None if answer.since is None else (datetime.now(UTC) - answer.since).days
    notes = [pin.locks[0]]
    wanted = declared.get(pin.name) if pin.ecosystem == "PyPI" else None
    if wanted is not None and not wanted.specifier.contains(Version(answer.newest)):
        notes.append(f"held by {wanted.specifier}")
    if answer.step != "major" and days is not None and days > DAYS:
        notes.append(LATE)
    return (answer.step, pin.name, pin.version, answer.newest, "" if days is None else str(days), "; ".join(notes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
