"""Which values a keyword takes, by its type (M-5), as WeChat's table for subscription messages says. No database.

Characters are the code points of the text in NFC: an é is one however it was sent, an emoji may be several. Digits are
0 to 9, letters A to Z in both cases; only names may have those of other alphabets. Symbols are what Unicode calls
punctuation or symbol.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.base.core.text import listed
from messaging.states import KeywordType

HAN = "々〇\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"
BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # turn the text around them, so that people read another one
_han = re.compile(f"[{HAN}]")
_bidi = re.compile(f"[{BIDI}]")
_clock = re.compile(r"(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?", re.ASCII)
_days = [
    re.compile(pattern, re.ASCII)
    for pattern in (
        r"(?:(?P<y>\d{4})年)?(?P<m>\d{1,2})月(?P<d>\d{1,2})日",
        r"(?P<y>\d{4})(?P<s>[-/.])(?P<m>\d{1,2})(?P=s)(?P<d>\d{1,2})",
        r"(?P<m>\d{1,2})[-/.](?P<d>\d{1,2})",
    )
]
_month = re.compile(r"(?P<y>\d{4})(?:年(?P<m>\d{1,2})月|[-/.](?P<n>\d{1,2}))", re.ASCII)
_amount = re.compile(r"[A-Z]{0,2}(?P<sign>.)\d{1,10}(?:\.\d{1,4})?元?", re.ASCII)


def why_not(kind: str, value: str, *, options: Sequence[str] = ()) -> str:
    """Return why `value` can't stand for a keyword of this type, in the reader's words; "" when it can."""
    value = unicodedata.normalize("NFC", value)
    if all(unicodedata.category(character)[0] in "ZC" for character in value):
        return _("The value is empty.")
    fits = value in options if kind == KeywordType.ENUM else RULES[kind][0](value)
    return "" if fits else rule(kind, options=options)


def rule(kind: str, *, options: Sequence[str] = ()) -> str:
    """Return what a keyword of this type takes, in the reader's words."""
    if kind == KeywordType.ENUM:
        return _("One of these values: %(values)s") % {"values": listed(options)}
    return str(RULES[kind][1])


def problems(keywords: Sequence[Mapping[str, Any]], data: Mapping[str, str]) -> dict[str, str]:
    """Return why a message can't be: key → reason, in the order of the template's keywords; {} when it can.

    `keywords` as MyTemplate has them.
    """
    found = {}
    for keyword in keywords:
        key = keyword["key"]
        why = (
            why_not(keyword["kind"], data[key], options=keyword["options"])
            if key in data
            else _("The field is missing.")
        )
        if why:
            found[key] = why
    known = {keyword["key"] for keyword in keywords}
    return found | {key: _("The template has no such keyword.") for key in data if key not in known}


def _is_symbol(character: str) -> bool:
    return unicodedata.category(character)[0] in "PS"


def _is_thing(value: str) -> bool:
    """Anything in one line; surrogates are halves of characters."""
    lines = any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in value)
    return len(value) <= 20 and not lines and not _bidi.search(value)


def _is_number(value: str) -> bool:
    return re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", value) is not None and len(value.replace(".", "")) <= 32


def _is_character_string(value: str) -> bool:
    """A space is a symbol where it is between others."""
    fits = all(re.match("[A-Za-z0-9 ]", character) or _is_symbol(character) for character in value)
    return len(value) <= 32 and fits and value == value.strip()


def _is_name(value: str) -> bool:
    """With one Han character it is a Chinese name."""
    fits = all(unicodedata.category(character)[0] in "LMPS" or character == " " for character in value)
    return fits and len(value) <= (10 if _han.search(value) else 20)


def _is_day(text: str) -> bool:
    match = next((found for pattern in _days if (found := pattern.fullmatch(text))), None)
    if match is None:
        return False
    parts = match.groupdict()
    try:
        date(int(parts.get("y") or 2000), int(parts["m"]), int(parts["d"]))  # Without a year a leap day is one.
    except ValueError:
        return False
    return True


def _is_month(text: str) -> bool:
    match = _month.fullmatch(text)
    return match is not None and int(match["y"]) > 0 and 1 <= int(match["m"] or match["n"]) <= 12


def _moments(value: str) -> list[str]:
    """Return what each side of a ~ has: "date", "clock", "both", or "" when it is no moment."""
    return [_moment(text) for text in re.split(" ?[~～] ?", value)]


def _moment(text: str) -> str:
    match re.sub("日(?=[0-9])", "日 ", text).split(" "):
        case [alone] if _clock.fullmatch(alone):
            return "clock"
        case [alone] if _is_day(alone) or _is_month(alone):
            return "date"
        case [day, clock] if _is_day(day) and _clock.fullmatch(clock):
            return "both"
    return ""


def _is_time(value: str) -> bool:
    moments = _moments(value)
    return len(moments) <= 2 and all(moment in ("clock", "both") for moment in moments)


def _is_date(value: str) -> bool:
    """The end may leave out the day when the beginning has a time: 2019-10-01 15:01~18:00."""
    moments = _moments(value)
    return moments == ["both", "clock"] or (len(moments) <= 2 and all(moment in ("date", "both") for moment in moments))


def _is_amount(value: str) -> bool:
    match = _amount.fullmatch(value)
    return match is not None and unicodedata.category(match["sign"]) == "Sc"


def _is_phone_number(value: str) -> bool:
    return re.fullmatch(r"[0-9+\-() #*./]{1,17}", value) is not None and re.search("[0-9]", value) is not None


def _matching(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda value: compiled.fullmatch(value) is not None


RULES: dict[str, tuple[Callable[[str], bool], Any]] = {
    KeywordType.THING: (_is_thing, gettext_lazy("Up to 20 characters, without line breaks.")),
    KeywordType.NUMBER: (_is_number, gettext_lazy("Up to 32 digits, with or without decimals: 3.50")),
    KeywordType.LETTER: (_matching("[A-Za-z]{1,32}"), gettext_lazy("Up to 32 letters from A to Z.")),
    KeywordType.SYMBOL: (
        lambda value: len(value) <= 5 and all(map(_is_symbol, value)),
        gettext_lazy("Up to 5 symbols, without letters, digits and spaces."),
    ),
    KeywordType.CHARACTER_STRING: (
        _is_character_string,
        gettext_lazy("Up to 32 letters from A to Z, digits and symbols."),
    ),
    KeywordType.TIME: (
        _is_time,
        gettext_lazy(
            "A time in 24-hour format, with or without a date: 15:01 or 2019-10-01 15:01. A range: 15:01~16:30."
        ),
    ),
    KeywordType.DATE: (
        _is_date,
        gettext_lazy("A date, with or without a time: 2019-10-01 or 2019-10-01 15:01. A range: 2019-10-01~2019-10-07."),
    ),
    KeywordType.AMOUNT: (
        _is_amount,
        gettext_lazy("A currency sign and up to 10 digits, with or without decimals: ￥45.00"),
    ),
    KeywordType.PHONE_NUMBER: (
        _is_phone_number,
        gettext_lazy("A phone number of up to 17 digits and signs: +86-0766-66888866"),
    ),
    KeywordType.CAR_NUMBER: (
        _matching(f"[{HAN}A-Za-z0-9][A-Za-z0-9]{{0,6}}[{HAN}A-Za-z0-9]?"),
        gettext_lazy("Up to 8 letters and digits; the first and the last may be Chinese: 粤A8Z888挂"),
    ),
    KeywordType.NAME: (
        _is_name,
        gettext_lazy("Up to 10 Chinese characters, or up to 20 letters and symbols; no digits."),
    ),
    KeywordType.PHRASE: (_matching(f"[{HAN}]{{1,5}}"), gettext_lazy("Up to 5 Chinese characters.")),
}
