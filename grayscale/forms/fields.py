"""Fields of the task form: figures, versions of ranges, moments."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from grayscale import rules

GROUPED = re.compile(r"[0-9]{1,3}(,[0-9]{3})+")


class CountField(forms.IntegerField):
    """A number as people write it: 5000 or 5,000."""

    widget = forms.TextInput

    def __init__(self, **options: Any) -> None:
        options.setdefault("error_messages", {"invalid": _("Write a whole number, for example 5,000.")})
        super().__init__(**options)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Ask a phone for digits."""
        return {"inputmode": "numeric", "autocomplete": "off"}

    def to_python(self, value: Any) -> int | None:
        """Return the number; commas must stand where thousands end."""
        text = str(value).strip() if value is not None else ""
        return super().to_python(text.replace(",", "") if GROUPED.fullmatch(text) else text)

    def prepare_value(self, value: Any) -> Any:
        """Show thousands; what was typed comes back as it was typed."""
        return f"{value:,}" if isinstance(value, int) else value


class RangeEndField(forms.CharField):
    """The lowest or highest version of a range: numbers with dots; empty is open (G-2)."""

    def __init__(self, *, word: Any, label: str) -> None:
        attrs = {"placeholder": word, "autocomplete": "off", "aria-label": label, "inputmode": "decimal"}
        super().__init__(label=label, required=False, widget=forms.TextInput(attrs=attrs))

    def clean(self, value: Any) -> str:
        """Return the version; raises ValidationError for anything but numbers with dots."""
        text: str = super().clean(value)
        if reason := rules.why_not_range_end(text):
            raise ValidationError(reason)
        return text


class MomentField(forms.DateTimeField):
    """A date and time to the minute, in the console's time zone."""

    def __init__(self, **options: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        super().__init__(widget=widget, **options)

    default_error_messages = {"invalid": _("Write a date and a time.")}

    def clean(self, value: Any) -> datetime | None:
        """Return the moment; raises ValidationError for one that is too far away."""
        moment: datetime | None = super().clean(value)
        if moment and (reason := rules.why_not_moment(moment, at=timezone.now())):
            raise ValidationError(reason)
        return moment

    def exactly(self, moment: datetime, kept: datetime | None) -> datetime:
        """Return `kept` where the form shows the same minute: what nobody changed keeps its seconds."""
        if kept and moment.replace(second=0, microsecond=0) == kept.replace(second=0, microsecond=0):
            return kept
        return moment
