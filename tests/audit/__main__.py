"""`python -m tests.audit`: what the lock files pin, held against the registries and, where one is reachable, a feed.

The exit code is 1 for a known advisory and for a lock that does not match pyproject.toml or package.json. Being behind
is told and is no failure; so is what could not be learned.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from packaging.version import Version

from tests.audit import advisories, locks, registries
from tests.audit.locks import Pin
from tests.audit.registries import Newer, Unknown, Unreachable

ROOT = Path(__file__).resolve().parent.parent.parent
PYTHON = "3.11"  # the lowest that pyproject.toml supports
AT_A_TIME = 8
FEED_SECONDS = 15.0
STEPS = ("major", "minor", "patch")
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
        print(f"No advisory feed reachable: versions only. It said: {error}.")
    else:
        print(f"Advisories: {sum(map(len, found.values()))} for {len(pins)} packages.")
    for pin, ids in found.items():
        print(f"  {pin.name} {pin.version} ({', '.join(pin.locks)}): {', '.join(ids)}")
    return 1 if wrong or found else 0


def newest(pins: list[Pin], *, until: float) -> Answers:
    """Ask for all pins, several at a time; a registry that nobody answers at is asked once."""
    index = registries.configured_index(PYTHON)
    questions = {"PyPI": index.newer, "npm": registries.newer_of_npm}
    answers: Answers = {}
    for ecosystem, question in questions.items():
        ask = partial(registries.answer, question, until=until)
        first, *others = (pin for pin in pins if pin.ecosystem == ecosystem)
        answers[first] = ask(first)
        if isinstance(answers[first], Unreachable):
            answers |= dict.fromkeys(others, answers[first])
            continue
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            answers |= zip(others, pool.map(ask, others), strict=True)
    return answers


def show(pins: list[Pin], answers: Answers, *, declared: dict) -> None:
    """Print what is behind, the widest step first, what could not be learned, and the sums."""
    rows = []
    for pin in pins:
        answer = answers[pin]
        if isinstance(answer, Newer) and answer.step:
            wanted = declared.get(pin.name) if pin.ecosystem == "PyPI" else None
            held = wanted is not None and not wanted.specifier.contains(Version(answer.newest))
            days = "" if answer.since is None else str((datetime.now(UTC) - answer.since).days)
            lock = pin.locks[0] + (f"; held by {wanted.specifier}" if held and wanted else "")
            rows.append((answer.step, pin.name, pin.version, answer.newest, days, lock))
    rows.sort(key=lambda row: (STEPS.index(row[0]), row[1]))
    if rows:
        table = [("behind", "package", "locked", "newest", "days", "lock"), *rows]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        for row in table:
            print("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())
        print()
    unknown: dict[str, list[str]] = {}
    for pin in pins:
        if isinstance(answer := answers[pin], Unknown):
            unknown.setdefault(f"{pin.ecosystem}: {answer}", []).append(pin.name)
    for why, names in unknown.items():
        few = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
        print(f"{why}: nothing is known of {len(names)} packages ({few}).")
    learned = len(pins) - sum(map(len, unknown.values()))
    steps = ", ".join(f"{sum(row[0] == step for row in rows)} {step}" for step in STEPS)
    print(f"{len(pins)} packages: {learned - len(rows)} are the newest, {len(rows)} behind ({steps}).")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
