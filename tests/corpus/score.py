"""Finds against truths: recall and precision, by form, and what has to be reached."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from tests.corpus.found import Found
from tests.corpus.truth import Program, Truth

# (recall, precision) over the programs of a group in which nothing is obfuscated.
BOUNDS = {"APIs": (0.95, 0.95), "domains": (0.95, 0.95), "secrets": (0.90, 0.95)}


class Stats(msgspec.Struct):
    """Right finds, what was missed, and what was found and is not there."""

    right: int = 0
    missed: int = 0
    false: int = 0

    @property
    def recall(self) -> float:
        """How much of what is there was found; 1 where there is nothing."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def precision(self) -> float:
        """How much of what was found is there; 1 where nothing was found."""
        return self.right / (self.right + self.false) if self.right + self.false else 1.0

    def add(self, other: Stats) -> None:
        """Count what the other one counts, too."""
        self.right += other.right
        self.missed += other.missed
        self.false += other.false


class Difference(msgspec.Struct):
    """What a scan missed of one thing, and what it found in vain."""

    right: int
    missed: list[str]
    false: list[str]

    @property
    def stats(self) -> Stats:
        """The same in numbers."""
        return Stats(self.right, len(self.missed), len(self.false))


class Score(msgspec.Struct):
    """How a program was seen. `silent`: an API or an asked origin is missing or can't be known, and no mark says so."""

    program: Program
    differences: dict[str, Difference]
    marks: list[str]
    silent: bool

    @property
    def faults(self) -> list[str]:
        """What was missed and what was false, one line each."""
        lines = []
        for thing, difference in self.differences.items():
            lines += [f"{thing}: missed {name}" for name in difference.missed]
            lines += [f"{thing}: false {name}" for name in difference.false]
        return lines + (["nothing says that not all could be followed"] if self.silent else [])


def compare(program: Program, found: Found) -> Score:
    """Compare what was found in a program with what it does."""
    truth = program.truth
    differences = {
        "APIs": _of_names({*truth.apis}, found.apis, {*truth.either}),
        "domains": _of_domains(truth, found),
        "secrets": _of_secrets(truth.secrets, found.secrets),
    }
    unseen = {*truth.apis, *truth.called} - found.apis - found.called - found.mentioned
    return Score(program, differences, found.marks, silent=(truth.open or bool(unseen)) and not found.marks)


def total(scores: Iterable[Score]) -> dict[str, Stats]:
    """Add up the totals of programs, by thing."""
    totals = {thing: Stats() for thing in BOUNDS}
    for score in scores:
        for thing, difference in score.differences.items():
            totals[thing].add(difference.stats)
    return totals


def by_group(scores: Iterable[Score]) -> dict[str, list[Score]]:
    """Return what counts for the bounds: of each group the programs in which nothing is obfuscated."""
    groups: dict[str, list[Score]] = {}
    for score in scores:
        if not score.program.truth.obfuscated:
            groups.setdefault(score.program.group, []).append(score)
    return groups


def shortfalls(scores: list[Score]) -> list[str]:
    """Say which bounds are missed, and which programs were reported as wholly read when they were not."""
    lines = []
    for group, members in by_group(scores).items():
        for thing, stats in total(members).items():
            recall, precision = BOUNDS[thing]
            if stats.recall < recall:
                lines.append(f"{group}: recall of {thing} is {stats.recall:.3f}, at least {recall} is wanted")
            if stats.precision < precision:
                lines.append(f"{group}: precision of {thing} is {stats.precision:.3f}, at least {precision} is wanted")
    lines += [f"{score.program.name}: something is missing, and no mark says so" for score in scores if score.silent]
    return lines


def _of_names(true: set[str], seen: set[str], either: set[str]) -> Difference:
    return Difference(len(true & seen), sorted(true - seen), sorted(seen - true - either))


def _of_domains(truth: Truth, found: Found) -> Difference:
    """An origin that is requested is distinguished from one that only occurs; one that is both may be found as both."""
    called = _of_names({*truth.called}, found.called, {*truth.either})
    occurring = {*truth.called, *truth.mentioned, *truth.either}
    seen = found.mentioned & occurring if truth.mentions_more else found.mentioned
    mentioned = _of_names({*truth.mentioned}, seen, occurring)
    return Difference(
        called.right + mentioned.right,
        [f"{origin} (asked)" for origin in called.missed] + mentioned.missed,
        [f"{origin} (asked)" for origin in called.false] + mentioned.false,
    )


def _of_secrets(true: list[str], seen: list[str]) -> Difference:
    """Compare kinds; what was found as a `credential`, of no kind in particular, was found."""
    missed, false = Counter(true) - Counter(seen), Counter(seen) - Counter(true)
    for kind in list(missed.elements()):
        if false["credential"] > 0:
            false["credential"] -= 1
            missed[kind] -= 1
    return Difference(len(true) - missed.total(), sorted(missed.elements()), sorted(false.elements()))
