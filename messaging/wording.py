"""Titles, names and examples of templates in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.utils.translation import get_language

from messaging.models import MyTemplate, PublicKeyword, PublicTemplate


class Keyword(NamedTuple):
    """A keyword as pages show it; `key` is its name in `data`: `thing4`."""

    key: str
    name: str
    example: str
    options: list[str]


def title_of(template: PublicTemplate | MyTemplate) -> str:
    """Return the template's title."""
    return _in_language(template.title, template.title_zh)


def name_of(keyword: PublicKeyword) -> str:
    """Return the keyword's name."""
    return _in_language(keyword.name, keyword.name_zh)


def example_of(keyword: PublicKeyword) -> str:
    """Return the keyword's example."""
    return _in_language(keyword.example, keyword.example_zh)


def keywords_of(template: MyTemplate) -> list[Keyword]:
    """Return what the template consists of, in its order."""
    return [_keyword(each) for each in template.keywords]


def _keyword(keyword: Mapping[str, Any]) -> Keyword:
    name, example = (_in_language(keyword[each], keyword[f"{each}_zh"]) for each in ("name", "example"))
    return Keyword(keyword["key"], name, example, keyword["options"])


def _in_language(english: str, chinese: str) -> str:
    return chinese if (get_language() or "").startswith("zh") else english
