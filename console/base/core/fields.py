"""Fields for text that people type."""

from __future__ import annotations

import unicodedata
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

LINE_BREAKS = {"\r\n": "\n", "\r": "\n"}
NOTHING_TO_SEE = {"Cc", "Cf", "Cs", "Zs", "Zl", "Zp"}
OVERRIDES = "\u202d\u202e"  # show the letters after them in another order than they have
JOINERS = "\u200c\u200d"  # Part of how some scripts and emoji are written.


def refuse_invisible(text: str) -> None:
    """Raise ValidationError for characters that nobody can see: they disguise names and break mail headers."""
    if any(unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co") and letter not in JOINERS for letter in text):
        raise ValidationError(_("Remove invisible control characters."), code="invisible")


def say_what_to_choose(form: forms.BaseForm, **labels: Any) -> None:
    """Put words in place of the dashes that stand for no choice; of fields that the form has not, nothing."""
    for name, label in labels.items():
        if name in form.fields:
            field: Any = form.fields[name]
            field.choices = [("", label), *(choice for choice in field.choices if choice[0] != "")]


class WordsField(forms.CharField):
    """Several lines of text: NFC, and a line break counts as one character however the browser sends it.

    A text in which there is nothing to see is empty: it explains nothing where a reason is asked for. One that shows
    other words than it has is refused.
    """

    def to_python(self, value: Any) -> str:
        """Return the text as we store it, so that limits count what is stored."""
        text = super().to_python(value) or ""
        for typed, kept in LINE_BREAKS.items():
            text = text.replace(typed, kept)
        if "\0" not in text and all(unicodedata.category(letter) in NOTHING_TO_SEE for letter in text):
            return ""
        if any(letter in text for letter in OVERRIDES):
            raise ValidationError(_("Remove invisible control characters."), code="invisible")
        return unicodedata.normalize("NFC", text)


class LineField(WordsField):
    """One line of visible text: runs of blanks become one, invisible characters are refused."""

    default_error_messages: ClassVar = {"min_length": _("At least %(limit_value)d characters.")}

    def to_python(self, value: Any) -> str:
        """Return the line; raises ValidationError for characters that nobody can see."""
        text = " ".join(super().to_python(value).split())
        refuse_invisible(text)
        return text


class AddressField(forms.EmailField):
    """An e-mail address that a message can carry: in quotes the standard allows even line breaks, we don't."""

    def to_python(self, value: Any) -> str:
        """Return the address; raises ValidationError for characters that nobody can see."""
        text = super().to_python(value) or ""
        refuse_invisible(text)
        return text
