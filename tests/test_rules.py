"""docs/rules.md against the rest of the repository: every number that is cited exists, what is built is tested, and
nothing is cited that is not built.
"""

import re
from collections import defaultdict
from functools import cache
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
PAGE = ROOT / "docs/rules.md"
CODE = ("console", "miniprograms", "releases", "grayscale", "devmgmt", "messaging", "templates", "static")
FOLDERS = (*CODE, "tests", "docs")
WRITTEN = {".py", ".html", ".txt", ".js", ".css", ".md", ".json", ".toml", ".example"}
NUMBER = r"[LVGDKMSORAP]-[1-9]\d?"
# A number by itself: neither a part of UTF-8, SHA-256 or a path, nor a value such as the "A-1" of a car.
CITED = re.compile(rf"""(?<![\w-])(?!(?<=["']){NUMBER}["'])({NUMBER})(?![\w-])(?:\s+to\s+({NUMBER})(?![\w-]))?""")
RULE = re.compile(rf"^- ({NUMBER}) (.+?)(?=^- |^#|^\S|\Z)", re.MULTILINE | re.DOTALL)
MARK = re.compile(r"\*Not built yet(?:\.|: [^*]+\.)\*\Z")


@cache
def rules() -> dict[str, str]:
    """Every rule's text by its number, in the order of the page."""
    found = RULE.findall(PAGE.read_text())
    assert len(found) == len(dict(found)), "a number stands twice"
    return {number: " ".join(text.split()) for number, text in found}


def planned() -> set[str]:
    """The rules of which nothing is built."""
    return {number for number, text in rules().items() if text.endswith("*Not built yet.*")}


def cited_in(text: str) -> set[str]:
    """The rules that a text cites; a range cites all from its first to its last number."""
    numbers = set()
    for first, last in CITED.findall(text):
        family, _, low = first.partition("-")
        high = last.partition("-")[2] if last.startswith(family) else low
        numbers |= {f"{family}-{number}" for number in range(int(low), int(high) + 1)} | ({last} - {""})
    return numbers


@cache
def citations() -> dict[str, set[str]]:
    """The files that cite each number, by their paths."""
    found = defaultdict(set)
    inside = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*"))
    for path in (*inside, *ROOT.glob("*")):
        if path.suffix in WRITTEN and path.is_file():
            for number in cited_in(path.read_text(errors="ignore")):
                found[number].add(str(path.relative_to(ROOT)))
    return found


def test_the_page_is_whole():
    numbers = defaultdict(list)
    for rule in rules():
        family, _, number = rule.partition("-")
        numbers[family].append(int(number))
    assert set(numbers) == set("LVGDKMSORAP")
    assert {family: found for family, found in numbers.items() if found != list(range(1, len(found) + 1))} == {}
    marks = {number: text.count("Not built yet") for number, text in rules().items()}
    assert [number for number, count in marks.items() if count != bool(MARK.search(rules()[number]))] == []


def test_what_is_a_citation():
    assert cited_in("UTF-8, SHA-256, GPL-3, P-256, A-1024, V-100, x-V-7, V-7-9, G-0 and 'A-1'") == set()
    assert cited_in('"""K-2: once (V-2,\nV-4; rules M-5\n    to M-7)."""') == {"K-2", "V-2", "V-4", "M-5", "M-6", "M-7"}


def test_every_cited_rule_exists():
    assert {number: files for number, files in citations().items() if number not in rules()} == {}


def test_every_built_rule_is_cited_by_a_test():
    tested = {
        number
        for number, files in citations().items()
        if any(re.search(r"^tests/.*/test_\w+\.py$", file) for file in files)
    }
    assert rules().keys() - planned() - tested == set()


def test_no_rule_is_cited_before_it_is_built():
    cited = {
        number: {file for file in citations()[number] if file.partition("/")[0] in (*CODE, "tests")}
        for number in planned()
    }
    assert {number: files for number, files in cited.items() if files} == {}
