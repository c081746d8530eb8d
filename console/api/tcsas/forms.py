"""Forms check what the SDK sends, as they check what people type (A-5)."""

from __future__ import annotations

from typing import Any

from django import forms

from console.api.tcsas.errors import invalid
from console.base.core.fields import WordsField


class NoteForm(forms.Form):
    """What a reviewer says of a decision."""

    note = WordsField(required=False, max_length=2000)


def valid(form: forms.BaseForm) -> dict[str, Any]:
    """Return the cleaned data; raises Refused with the first field that is wrong, and all that is wrong with it."""
    if not form.is_valid():
        name, words = next(iter(form.errors.items()))
        raise invalid(name, " ".join(map(str, words)))
    return form.cleaned_data
