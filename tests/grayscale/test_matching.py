"""Which devices a task reaches (G-2), held against an oracle that was written from the rules alone."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grayscale.conditions import CHOICES, CONDITIONS, LISTED
from grayscale.matching import Conditions, failed, fits, parts, version_range
from grayscale.models import GrayscaleTask
from grayscale.program_state import rules_of
from releases.field.device import UNKNOWN
from tests import factories
from tests.grayscale import oracle

PAIRS = 30_000
APPLICATIONS = [1, 2, 3]
PLATFORMS = ["android", "ios"]
# Neighbours, equals written differently, text order against number order, long ones.
ENDS = ["0", "9", "9.0", "9.2", "9.10", "10", "10.0.0", "16.9.9", "17", "17.0", "17.0.0", "17.0.1", "17.2", "17.10"]
ENDS += ["4.2.1.33", "4.2.1.34", "999999999.1.2.3.4.5"]
REPORTED = [*ENDS, "17.2-beta", "17.2 (21C62)", "9.0_rc.3", "17+5", "9.2.0.0", "10a", "17.2beta.9"]
REPORTED += ["17.2(21C62)", "9.2/33"]
NAMES = [f"name{number}" for number in range(6)]
KINDS = list(LISTED)
EACH = {name for one in CONDITIONS for name in one.fails_as}


def some(choose: random.Random, values: list[str], most: int) -> list[str]:
    """Return up to `most` of the values, often none: a condition that is not set."""
    return choose.sample(values, choose.choice([0, *range(most + 1)]))


def a_range(choose: random.Random) -> tuple[str, str]:
    """Return a lowest and a highest version, either often open."""
    lowest, highest = (choose.choice(["", choose.choice(ENDS)]) for _ in range(2))
    if lowest and highest and oracle.compared(lowest, highest) > 0:
        lowest, highest = highest, lowest
    return lowest, highest


def a_task(choose: random.Random) -> dict[str, Any]:
    """Return conditions as the oracle reads them."""
    return {
        "applications": {one: a_range(choose) for one in choose.sample(APPLICATIONS, choose.randint(1, 3))},
        "platforms": {one: a_range(choose) for one in some(choose, PLATFORMS, 2)},
        **{one.of_task: some(choose, one.options.values, 3) for one in CHOICES},
        "objects": {kind: choose.sample(NAMES, choose.randint(1, 4)) for kind in some(choose, KINDS, 2)},
    }


def a_device(choose: random.Random, task: dict[str, Any]) -> dict[str, Any]:
    """Return a device; each thing that it says of itself was often chosen to suit the task."""

    def often(wanted: Any, otherwise: list[Any]) -> Any:
        return choose.choice(list(wanted)) if wanted and choose.random() < 0.8 else choose.choice(otherwise)

    def version(limits: tuple[str, str]) -> str:
        return often([one for one in REPORTED if oracle.within(one, *limits)], REPORTED)

    application = often(task["applications"], [*APPLICATIONS, 4])
    platform = often(task["platforms"], PLATFORMS)
    names = {kind: often(task["objects"].get(kind), [*NAMES, None, ""]) for kind in KINDS}
    return {
        "application": application,
        "app_version": version(task["applications"].get(application, ("", ""))),
        "platform": platform,
        "os_version": version(task["platforms"].get(platform, ("", ""))),
        **{one.of_device: often(task[one.of_task], [*one.options.values, UNKNOWN]) for one in CHOICES},
        **names,
    }


def conditions_of(task: dict[str, Any], choose: random.Random) -> Conditions:
    """Return the same conditions for the code; the values of a kind stand on one list or on two."""

    def lists(values: list[str]) -> tuple[frozenset[str], ...]:
        cut = choose.randint(0, len(values))
        return (frozenset(values[:cut]), frozenset(values[cut:]))

    return Conditions(
        applications={one: version_range(*limits) for one, limits in task["applications"].items()},
        platforms={one: version_range(*limits) for one, limits in task["platforms"].items()},
        objects={kind: lists(values) for kind, values in task["objects"].items()},
        choices=tuple((one.of_device, frozenset(task[one.of_task])) for one in CHOICES if task[one.of_task]),
    )


def agree(task: dict[str, Any], device: dict[str, Any], choose: random.Random) -> set[str]:
    """Hold code and oracle against each other; return what fails."""
    facts = factories.make_device(platform=device["platform"])
    vars(facts).update({name: value for name, value in device.items() if name != "application"})
    conditions, application = conditions_of(task, choose), device["application"]
    expected = oracle.failed(task, device)
    assert {str(one) for one in failed(conditions, facts, application=application)} == expected, (task, device)
    assert fits(conditions, facts, application=application) == (not expected)
    return expected


def test_agrees_with_the_oracle_on_many_pairs():
    """A good share fits, and a good share fails by each condition alone: no condition is tested for show."""
    choose = random.Random(20261126)
    alone: Counter[str] = Counter()
    for _ in range(PAIRS):
        task = a_task(choose)
        found = agree(task, a_device(choose, task), choose)
        alone["none" if not found else found.pop() if len(found) == 1 else "several"] += 1
    assert alone["none"] > PAIRS * 0.3
    assert {name for name in EACH if alone[name] < PAIRS * 0.015} == set()


@settings(max_examples=600)
@given(st.randoms(use_true_random=False))
def test_agrees_with_the_oracle_where_hypothesis_looks(choose: random.Random):
    task = a_task(choose)
    agree(task, a_device(choose, task), choose)


NUMBERED = st.lists(st.integers(0, 10**9), min_size=1, max_size=6).map(lambda one: ".".join(map(str, one)))
SUFFIX = st.sampled_from(["", "-beta", " (21C62)", "_rc.3", "+7", "beta.9"])
VERSION = st.one_of(st.sampled_from(REPORTED), st.tuples(NUMBERED, SUFFIX).map("".join))


@settings(max_examples=1000)
@given(VERSION, VERSION)
def test_versions_compare_by_their_numbers(one: str, other: str):
    left, right = parts(one), parts(other)
    assert (left > right) - (left < right) == oracle.compared(one, other)


@pytest.mark.parametrize(
    ("version", "lowest", "highest", "inside"),
    [
        ("17", "17", "17", True),
        ("17.0.0", "17", "", True),
        ("17", "17.0.0", "", True),
        ("17", "", "17.0", True),
        ("10", "9", "", True),
        ("9", "10", "", False),
        ("9.10", "9.9", "", True),
        ("17.0.1", "", "17", False),
        ("16.9.9", "17", "", False),
        ("17.2-beta", "17.2", "17.2", True),
        ("17.2-beta", "17.2.1", "", False),
        ("1.2.3.4.5.7", "1.2.3.4.5.6", "1.2.3.4.5.8", True),
        ("0", "", "0", True),
        ("0.1", "", "0", False),
        ("3", "", "", True),
    ],
)
def test_both_ends_are_included_and_an_empty_end_is_open(version, lowest, highest, inside):
    assert (parts(version) in version_range(lowest, highest)) == inside
    assert oracle.within(version, lowest, highest) == inside


def test_agrees_with_the_oracle_on_rows(version):
    """From settings through verbs, rows and hashed lists to the answer."""
    program, choose = version.mini_program, random.Random(7)
    rows = [factories.make_binding(program).application for _ in APPLICATIONS]
    outcomes = Counter()
    for _ in range(25):
        task = a_task(choose)
        task["objects"] = {
            kind: [f"0302{int(name[-1]):028}" if kind == "guid" else name for name in names]
            for kind, names in task["objects"].items()
        }
        stored = factories.make_task(
            version,
            applications=[(rows[one - 1], *limits) for one, limits in task["applications"].items()],
            platforms=[(one, *limits) for one, limits in task["platforms"].items()],
            **{one.of_task: task[one.of_task] for one in CHOICES},
            object_lists=[factories.make_object_list(program, kind, names) for kind, names in task["objects"].items()],
        )
        (rule,) = rules_of(GrayscaleTask.objects.filter(pk=stored.pk)).values()
        for _ in range(40):
            device = a_device(choose, task)
            facts = factories.make_device(platform=device["platform"])
            vars(facts).update({name: value for name, value in device.items() if name != "application"})
            application = rows[device["application"] - 1].pk if device["application"] < 4 else 0
            found = {str(one) for one in failed(rule.conditions, facts, application=application)}
            assert found == oracle.failed(task, device)
            outcomes[not found] += 1
    assert min(outcomes[True], outcomes[False]) > 200
