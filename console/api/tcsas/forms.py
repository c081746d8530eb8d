"""The forms of pages check what the SDK sends (A-5)."""

from __future__ import annotations

from typing import Any

from django.forms import BaseForm

from console.api.tcsas.errors import invalid


def valid(form: BaseForm) -> dict[str, Any]:
    """Return the cleaned data; raises Refused with the first field that is wrong, and all that is wrong with it."""
    if not form.is_valid():
        name, words = next(iter(form.errors.items()))
        raise invalid(name, " ".join(map(str, words)))
    return form.cleaned_data
