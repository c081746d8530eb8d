"""Text of anyone, shown harmlessly, and text in the reader's language.

What nobody could see, or what would move the page, has a picture or a name.
"""

import re
from collections.abc import Iterable
from decimal import Decimal

from django.utils.text import get_text_list
from django.utils.translation import get_language
from django.utils.translation import gettext as _

# Control characters as their pictures; what turns the direction of writing by its name.
_SHOWN = {code: chr(0x2400 + code) for code in range(0x20)}
_SHOWN |= {0x7F: "\u2421"}
_NAMED = (*range(0x80, 0xA0), 0x061C, 0x200E, 0x200F, 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_SHOWN |= {code: f"[U+{code:04X}]" for code in _NAMED}
_SHOWN_IN_LINES = {code: shown for code, shown in _SHOWN.items() if chr(code) not in "\n\t"}
_TAG = re.compile(r"</?\w[^>]*>")
_AFTER_STOP = re.compile(rf"(?<=[。，：])(?:\s|{_TAG.pattern})+")
_BETWEEN_HAN = re.compile(r"(?<=[\u4e00-\u9fff”）]) (?=[\u4e00-\u9fff“（])")


def visible(text: str) -> str:
    """Return the text with every control character and turn of direction as a sign; line breaks, too."""
    return text.translate(_SHOWN)


def visible_lines(text: str) -> str:
    """Return the text as `visible` does, but with its line breaks and tabs as they are."""
    return text.replace("\r\n", "\n").translate(_SHOWN_IN_LINES)


def listed(items: Iterable[object]) -> str:
    """Return “a, b, c”, with the comma that the reader's language has for lists."""
    return _(", ").join(map(str, items))


def all_of(items: Iterable[object]) -> str:
    """Return “a, b and c”."""
    return _with_word(items, _("and"))


def any_of(items: Iterable[object]) -> str:
    """Return “a, b or c”."""
    return _with_word(items, _("or"))


def _with_word(items: Iterable[object], word: str) -> str:
    """Return the list with this word before its last item; no spaces between Han characters."""
    return _BETWEEN_HAN.sub("", get_text_list([str(item) for item in items], word))


def full_stop(words: str) -> str:
    """Return the words as a sentence, with the full stop of the reader's language."""
    return f"{words}。" if is_chinese() else f"{words}."


def colon(words: object) -> str:
    """Return a label with the colon of the reader's language, and its space."""
    return f"{words}：" if is_chinese() else f"{words}: "


def sentences(*said: str) -> str:
    """Return the sentences one after the other; Chinese has no space between them."""
    return ("" if is_chinese() else " ").join(one for one in said if one)


def closed_up(html: str) -> str:
    """Return what a template wrote without the spaces after Chinese stops, where the reader's language is Chinese."""
    return _AFTER_STOP.sub(lambda found: "".join(_TAG.findall(found[0])), html) if is_chinese() else html


def initials(name: str) -> str:
    """Return the first letters of the first and the last word, for an avatar or an icon."""
    words = name.split()
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


def shortened(value: str) -> str:
    """Return a hash or id without its middle: “5d1a…9ecf8c”."""
    return f"{value[:4]}…{value[-6:]}"


def decimals(value: float | Decimal) -> str:
    """Return a number with at most two decimals, and none that are zero."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def percentage(figure: object) -> str:
    """Return “12.5 %” of a figure that is written already; Chinese has no space before the sign."""
    return _("%(rate)s %%") % {"rate": figure}


def is_chinese(language: str = "") -> bool:
    """Return whether this language, or without one the reader's, is Chinese: for what is kept in both languages."""
    return (language or get_language() or "").startswith("zh")
