"""Titles, names and examples of templates in the reader's language, and messages in their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from console.base.core.text import is_chinese, visible
from messaging.models import Ban, MyTemplate, PublicKeyword, PublicTemplate


class Keyword(NamedTuple):
    """A keyword as pages show it; `key` is its name in `data`: `thing4`."""

    key: str
    name: str
    example: str
    options: list[str]


def title_of(template: PublicTemplate | MyTemplate) -> str:
    """Return the title in the reader's language, for pages."""
    return _in_language(template.title, template.title_zh)


def name_of(keyword: PublicKeyword) -> str:
    """Return the keyword's name in the reader's language."""
    return _in_language(keyword.name, keyword.name_zh)


def example_of(keyword: PublicKeyword) -> str:
    """Return the keyword's example in the reader's language."""
    return _in_language(keyword.example, keyword.example_zh)


def keywords_of(template: MyTemplate) -> list[Keyword]:
    """Return what the template consists of, in its order."""
    return [_keyword(each) for each in template.keywords]


def _keyword(keyword: Mapping[str, Any]) -> Keyword:
    name, example = (_in_language(keyword[each], keyword[f"{each}_zh"]) for each in ("name", "example"))
    return Keyword(keyword["key"], name, example, keyword["options"])


def _in_language(english: str, chinese: str, lang: str = "") -> str:
    return chinese if is_chinese(lang) else english


# As the user reads a message: in its language, and nothing in it can be more than text ----------------------------


class Line(NamedTuple):
    """A keyword of a message; `key` is its name in `data`, `example` its value, in the place of an example."""

    key: str
    name: str
    example: str


def title_in(template: MyTemplate, lang: str) -> str:
    """Return the title in the message's language, harmless as `visible` makes it."""
    return visible(_in_language(template.title, template.title_zh, lang))


def lines_in(template: MyTemplate, values: Mapping[str, object], lang: str) -> list[Line]:
    """Return each keyword, in the template's order, with its value; "" for one that the message does not have."""
    return [
        Line(
            each["key"],
            visible(_in_language(each["name"], each["name_zh"], lang)),
            visible(str(values.get(each["key"], ""))),
        )
        for each in template.keywords
    ]


def ban_subject(ban: Ban) -> str:
    """Name what is stopped: City Bus, or City Bus (“Arrival reminder”)."""
    if ban.template is None:
        return str(ban.mini_program)
    return _("%(program)s (“%(template)s”)") % {"template": title_of(ban.template), "program": ban.mini_program}
