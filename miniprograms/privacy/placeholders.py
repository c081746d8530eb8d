"""How facts and text meet (S-1).

The facts are typed once, in the form. The text is Markdown in one or two languages and names the facts by
placeholders, {{data}} or {{effective_date}}; it starts as our template, in `texts/`. What users read, in the preview
and in a published version, is the text with the facts filled in; a version keeps the filled text, so that it reads
for ever as it was published. A placeholder that nobody knows is an error beside the text; a stated fact that the text
names nowhere is a warning. A value never becomes Markdown: every sign in it that could is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from functools import cache
from itertools import count
from pathlib import Path
from urllib.parse import quote

from django.utils.dates import MONTHS
from django.utils.translation import gettext as _
from django.utils.translation import override

from miniprograms.models import MiniProgram
from miniprograms.privacy.models import Statements
from miniprograms.privacy.rules import ALONE, MOST_PLACEHOLDERS, WRITTEN
from miniprograms.privacy.states import DataType, Language, Placeholder

TEXTS = Path(__file__).parent / "texts"
COLON = {Language.EN: ": ", Language.ZH: "："}
BRACKETS = {Language.EN: " (%s)", Language.ZH: "（%s）"}
SIGNS = re.compile(r"([\\`*_\[\]<>|~&!#])")
# What means something only where a line begins.
FIRST = re.compile(r"([-+=:]|\d{1,9}(?=[.)]))")
# What our template says about third parties, and what it says instead without any: a user must not read “None” below
# “the following”.
WITHOUT_THIRD_PARTIES = {
    Language.EN: (
        (
            "{{program}} contains software or services of the following third parties, which may receive data as "
            "described:\n\n{{third_parties}}\n\nEach of them handles the data under its own rules. We check which data "
            "a service receives before we use it, and we give it no more than the stated purpose needs.",
            "{{program}} contains no software or services of third parties that receive data.",
        ),
        (
            "Apart from the services in section 2, we pass personal data to others only:",
            "We pass personal data to others only:",
        ),
    ),
    Language.ZH: (
        (
            "接入了以下第三方的软件或服务，它们可能按下述说明接收信息：\n\n{{third_parties}}\n\n"
            "第三方按其自身的规则处理信息。接入前，我们会核查其接收的信息，提供的信息不超出所述目的所必需的范围。",
            "未接入会接收信息的第三方软件或服务。",
        ),
        (
            "除第 2 节所列服务外，仅在下列情形下向他人提供：",
            "仅在下列情形下向他人提供：",
        ),
    ),
}
LINK = "%/:?=&#@!$*+,;~-._"  # Signs that a link in Markdown can carry.


@cache
def template_in(language: Language) -> str:
    """Return the template of the agreement, Markdown with placeholders."""
    return (TEXTS / f"{language.tag}.md").read_text(encoding="utf-8").strip()


def escaped(value: str) -> str:
    """Return a value as Markdown that reads exactly as the value, on one line and wherever it stands."""
    line = SIGNS.sub(r"\\\1", " ".join(value.split()))
    if first := FIRST.match(line):
        end = first.end() if first[0][0].isdigit() else 0
        line = f"{line[:end]}\\{line[end:]}"
    return line


def filled(text: str, stated: Statements, program: MiniProgram, language: Language) -> str:
    """Return the text as users read it; a fact that is not stated yet is in brackets. Reads no database.

    Without third parties the template's sentences about them become the one that says so; a changed text keeps its
    words. Each list once and at most `MOST_PLACEHOLDERS` in all: what `rules.problems_in` refuses stays as it is
    written.
    """
    pairs = WITHOUT_THIRD_PARTIES[language]
    if not stated.third_parties and all(words in text for words, _instead in pairs):
        for words, instead in pairs:
            text = text.replace(words, instead)
    with override(language.value):
        values = {placeholder.value: _words(placeholder, stated, program, language) for placeholder in Placeholder}
    lists = {placeholder.value for placeholder in Placeholder if placeholder.is_list}
    waiting, left = set(lists), count(MOST_PLACEHOLDERS, -1)

    def value_of(found: re.Match[str]) -> str:
        name = found[1].strip()
        return values[name] if name in values and name not in lists and next(left) > 0 else found[0]

    lines: list[str] = []
    after_list = False
    for line in text.split("\n"):
        alone = ALONE.fullmatch(line)
        name = alone[1].strip() if alone else ""
        is_list = name in waiting
        if (is_list or after_list) and line.strip() and lines and lines[-1]:
            lines.append("")  # Else the list would run on into the paragraph beside it.
        lines.append(values[name] if is_list else WRITTEN.sub(value_of, line))
        waiting.discard(name)
        after_list = is_list
    return "\n".join(lines)


def filled_texts(stated: Statements, program: MiniProgram) -> dict[str, str]:
    """Return the filled text of each language by the field that keeps it; "" for a language without a text."""
    return {
        language.field: filled(text, stated, program, language) if (text := stated.text_in(language)) else ""
        for language in Language
    }


def day_in(day: date, language: Language) -> str:
    """Return a date as legal texts write it: “26 November 2026”, “2026年11月26日”."""
    if language is Language.ZH:
        return f"{day.year}年{day.month}月{day.day}日"
    with override(language.value):
        return f"{day.day} {MONTHS[day.month]} {day.year}"


def _words(placeholder: Placeholder, stated: Statements, program: MiniProgram, language: Language) -> str:
    """Return what the placeholder becomes; in the language that is active."""
    words: dict[Placeholder, Callable[[], str]] = {
        Placeholder.PROGRAM: lambda: escaped(program.name),
        Placeholder.TEAM: lambda: escaped(program.team.name),
        Placeholder.DATA: lambda: _data(stated, language),
        Placeholder.THIRD_PARTIES: lambda: _third_parties(stated, language),
        Placeholder.CONTACT: lambda: _contact(stated, language),
        Placeholder.RETENTION: lambda: escaped(stated.retention),
        Placeholder.EFFECTIVE_DATE: lambda: day_in(stated.effective_on, language) if stated.effective_on else "",
    }
    return words[placeholder]() or rf"*\[{escaped(str(placeholder.label))}\]*"


def _data(stated: Statements, language: Language) -> str:
    rows = [(str(DataType(data_type).label), escaped(purpose)) for data_type, purpose in stated.data]
    return _items([_named(name, purpose, language) for name, purpose in rows]) or _("We use no personal data.")


def _third_parties(stated: Statements, language: Language) -> str:
    items = []
    for name, purpose, link in stated.third_parties:
        shown = BRACKETS[language] % _link(link.removeprefix("https://"), link) if link else ""
        items.append(_named(escaped(name) or "…", escaped(purpose), language) + shown)
    return _items(items) or _items([_("None")])


def _contact(stated: Statements, language: Language) -> str:
    items = []
    if email := stated.contact_email:
        items.append(f"{_('E-mail')}{COLON[language]}{_link(email, f'mailto:{quote(email, safe=LINK)}')}")
    if phone := stated.contact_phone:
        number = re.sub(r"[^\d+]", "", phone)
        can_be_called = re.fullmatch(r"\+?\d{3,15}", number) and not any(letter.isalpha() for letter in phone)
        shown = _link(phone, f"tel:{number}") if can_be_called else escaped(phone)
        items.append(f"{_('Phone')}{COLON[language]}{shown}")
    if stated.contact_other:
        items.append(escaped(stated.contact_other))
    return _items(items)


def _named(name: str, words: str, language: Language) -> str:
    return f"**{name}**{COLON[language]}{words}" if words else f"**{name}**"


def _link(shown: str, address: str) -> str:
    return f"[{escaped(shown)}]({quote(address, safe=LINK)})"


def _items(items: list[str]) -> str:
    return "\n".join(f"- {item}" for item in items)
