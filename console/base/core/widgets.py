"""Form widgets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.forms.renderers import BaseRenderer
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe


class SuggestingInput(forms.TextInput):
    """A text field that offers `choices`, and in which anything else can be typed."""

    choices: Sequence[str] = ()

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: BaseRenderer | None = None
    ) -> SafeString:
        """Draw the field and the list of what it offers."""
        given = attrs or {}
        known = f"{given.get('id', name)}-known"
        return format_html(
            '{}<datalist id="{}">{}</datalist>',
            super().render(name, value, {**given, "list": known}, renderer),
            known,
            format_html_join("", '<option value="{}"></option>', ((choice,) for choice in self.choices)),
        )


class FilterSelect(forms.Select):
    """A select in a filter bar, drawn in one go: Django's own renders two templates for each option, and a list with
    fifty teams and categories would spend more time on them than on its rows.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(attrs={"class": "form-select"}, **options)

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: BaseRenderer | None = None
    ) -> SafeString:
        """Draw ungrouped choices, the chosen one selected."""
        chosen = set(self.format_value(value))
        selected = mark_safe(" selected")
        return format_html(
            "<select{}>{}</select>",
            flatatt({"name": name, **self.build_attrs(self.attrs, attrs)}),
            format_html_join(
                "",
                '<option value="{}"{}>{}</option>',
                ((key, selected if str(key) in chosen else "", label) for key, label in self.choices),
            ),
        )
