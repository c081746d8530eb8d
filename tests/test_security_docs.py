"""docs/security-asvs.md and docs/security-inventory.md against the repository: nothing is claimed that is not there."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import NamedTuple

from django.apps import apps
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
PAGE = ROOT / "docs/security-asvs.md"
INVENTORY = ROOT / "docs/security-inventory.md"
# The level of each requirement of a section of ASVS 5.0.0, in its order. Level 3 is not for us.
LEVELS = {
    "1.1": "22", "1.2": "1111122223", "1.3": "112222222223", "1.4": "222", "1.5": "123",
    "2.1": "122", "2.2": "112", "2.3": "12223", "2.4": "23",
    "3.2": "113", "3.3": "12223", "3.4": "11222233", "3.5": "11122333", "3.7": "22333",
    "4.1": "12233", "4.2": "23333", "4.3": "22", "4.4": "1222",
    "5.1": "2", "5.2": "112333", "5.3": "113", "5.4": "222",
    "6.1": "122", "6.2": "111111112222", "6.3": "11223333", "6.4": "112233", "6.5": "22222333", "6.6": "2223",
    "6.8": "2222",
    "7.1": "222", "7.2": "1111", "7.3": "22", "7.4": "11222", "7.5": "223", "7.6": "22",
    "8.1": "1233", "8.2": "1123", "8.3": "133", "8.4": "23",
    "9.1": "111", "9.2": "1222",
    "10.1": "22", "10.2": "223", "10.3": "22223", "10.4": "1111122222233333", "10.5": "22222", "10.6": "22",
    "10.7": "222",
    "11.1": "2233", "11.2": "22233", "11.3": "11233", "11.4": "1222", "11.5": "23", "11.6": "23",
    "12.1": "12233", "12.2": "11", "12.3": "22223",
    "13.1": "2333", "13.2": "222223", "13.3": "2233", "13.4": "1222233",
    "14.1": "22", "14.2": "12223333", "14.3": "122",
    "15.1": "12233", "15.2": "12233", "15.3": "1222222",
    "16.1": "2", "16.2": "22222", "16.3": "2222", "16.4": "222", "16.5": "2223",
    "17.1": "23", "17.2": "22223333", "17.3": "22",
}  # fmt: skip

VERDICTS = ("held", "n/a", "not held")
TEST = re.compile(r"`([\w/]+\.py)::(\w+)`")
ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| ([12]) \| (.+?) \| (held|n/a|not held) \| (.+) \|$")


class Row(NamedTuple):
    """A requirement: its number, its level, what it asks, and what becomes of that here."""

    number: str
    level: str
    asks: str
    verdict: str
    proof: str


@cache
def rows() -> list[Row]:
    """Every row of the page that begins with a number, in its order."""
    lines = [line for line in PAGE.read_text().splitlines() if re.match(r"\| \d", line)]
    assert [line for line in lines if not ROW.match(line)] == []
    return [Row(*found.groups()) for line in lines if (found := ROW.match(line))]


@cache
def names_in(path: str) -> set[str]:
    """The test functions of a file below tests/, also those of classes."""
    file = ROOT / "tests" / path
    tree = ast.parse(file.read_text()) if file.is_file() else ast.Module([], [])
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {function.name for function in functions}


def test_every_requirement_of_both_levels_is_there_once_in_its_order():
    wanted = [
        (f"{section}.{place}", level)
        for section, levels in LEVELS.items()
        for place, level in enumerate(levels, 1)
        if level != "3"
    ]
    assert len(wanted) == 253
    assert [(row.number, row.level) for row in rows()] == wanted


def test_every_chapter_has_its_heading():
    chapters = re.findall(r"^## V(\d+) ", PAGE.read_text(), re.MULTILINE)
    assert chapters == list(dict.fromkeys(section.partition(".")[0] for section in LEVELS))


def test_every_test_that_is_named_is_there():
    """But in a row that waits for what is being built (`<!-- waits: … -->`)."""
    lines = [line for page in (PAGE, INVENTORY) for line in page.read_text().splitlines()]
    named = {(path, name) for line in lines if "<!-- waits" not in line for path, name in TEST.findall(line)}
    assert len(named) > 150
    assert {f"{path}::{name}" for path, name in named if name not in names_in(path)} == set()


def test_what_is_held_names_a_test():
    assert [row.number for row in rows() if row.verdict == "held" and not TEST.search(row.proof)] == []


def test_what_is_not_held_says_what_stands_there_instead():
    assert [row.number for row in rows() if ("Instead" in row.proof) != (row.verdict == "not held")] == []


def test_what_does_not_apply_says_why():
    assert [row.number for row in rows() if row.verdict == "n/a" and len(row.proof) < 6] == []


def test_the_counts_on_the_page_are_true():
    """The line below the introduction: how many of each verdict."""
    counts = Counter(row.verdict for row in rows())
    told = re.search(r"Of 253: (\d+) held, (\d+) n/a, (\d+) not held\.", PAGE.read_text())
    assert told is not None
    assert tuple(map(int, told.groups())) == tuple(counts[verdict] for verdict in VERDICTS)


def test_every_table_of_data_is_classified():
    lines = re.findall(r"^- [0-7]: ((?:.+\n)(?:  .+\n)*)", INVENTORY.read_text(), re.MULTILINE)
    named = Counter(label for line in lines for label in re.findall(r"`(\w+\.\w+)`", line))
    tables = {model._meta.label for model in apps.get_models()}
    assert tables - set(named) == set()
    waiting = {label for line in lines if "<!-- waits" in line for label in named if f"`{label}`" in line}
    assert set(named) - tables - waiting == set()
    assert {label for label, times in named.items() if times > 1} == {"accounts.User"}  # and its password
