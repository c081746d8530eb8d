"""The words of the console: short, active, one word for one thing, in English and in Chinese.

Each pattern is something that readers stumbled over; beside it stands what to write instead. `CONTRIBUTING.md` says how
a sentence is built.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

from console.local import translations

ENGLISH = {
    r"\bat once\b": "immediately, now",
    r"\b(told|tells?|telling)\b": "notified; shows, names",
    r"\bwhoever\b": "everyone who, people who",
    r"\bexempt": "skip domain verification",
    r"\bstanding\b": "status",
    r"\bovertaken\b": "already done: someone else …",
    r"\bgiv(e|en|es|ing) up\b|\bgave up\b": "withdrawn (a request), ended (a task, a grant), retired (a version)",
    r"\balive\b": "active",
    r"\btally\b": "stats",
    r"\bthose of\b|\bsuch a one\b": "name the thing",
    r"\bholds?\b": "takes effect; contains",
    r"\bmay not\b": "can't, don't have access",
    r"\bnobody\b": "no one",
    r"\bRuns now\b": "rolling out now",
    r"\bWaits\b": "waiting for, needs your attention",
    r"\blook (into|through)\b": "check, view",
    r"\bwritten down\b": "logged, saved",
    r"\bplease\b": "leave it out",
    r"!": "a full stop",
    r"\w'\w|s' ": "’",
}
# Written by migrations as they are.
STORED = {"console/base/hosts/purposes.py", "messaging/states.py"}
CHINESE = {
    r"[\u4e00-\u9fff] [\u4e00-\u9fff]": "no space between Han words",
    r"[\u4e00-\u9fff][,;:?!](?!\w)|[\u4e00-\u9fff]\.(?![\w.])": "full-width punctuation",
    "您": "你",
    "豁免": "跳过域名校验",
    "回退": "回滚",
    "请您": "请",
}
PAGES = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/device-api.md", "docs/server-api.md", "docs/gateway.md")
IN_PAGES = (
    r"\bat once\b",
    r"\b(told|tells?)\b",
    r"\bwhoever\b",
    r"\bexempt",
    r"\bovertaken\b",
    r"\btally\b",
    r"\bsuch a one\b",
)


def found(patterns: dict[str, str], texts: dict[str, str]) -> list[str]:
    """Return each (place: text — what to write) that a pattern finds."""
    return [
        f"{place}: {text} — {instead}"
        for place, text in texts.items()
        for pattern, instead in patterns.items()
        if re.search(pattern, text, re.IGNORECASE)
    ]


def test_english_is_in_the_words_of_the_glossary():
    texts = {
        f"{min(source.files)} {kind} {source.singular[:60]}": text
        for source in translations.sources()
        if "libraries" not in source.files and not STORED & {*source.files}
        for kind, text in (("", source.singular), ("plural of", source.plural))
        if text
    }
    assert found(ENGLISH, texts) == []


def test_chinese_is_written_as_chinese_is():
    texts = {
        str(message.id): text
        for message in translations.load()
        if message.id
        for text in translations.translations(message)
    }
    assert found(CHINESE, texts) == []


@pytest.mark.parametrize("page", PAGES)
def test_pages_for_people_are_in_the_same_words(page):
    lines = (Path(settings.BASE_DIR) / page).read_text().splitlines()
    texts = {f"line {number}": line for number, line in enumerate(lines, 1)}
    assert found({pattern: ENGLISH.get(pattern, "") for pattern in IN_PAGES}, texts) == []
