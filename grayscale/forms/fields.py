"""Fields of the task form: figures, versions of ranges, moments."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from console.base.core.moments import MomentField
from console.base.core.text import decimals
from grayscale import rules

GROUPED = re.compile(r"[0-9]{1,3}(,[0-9]{3})+")
PLAIN = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")


class CountField(forms.IntegerField):
    """A number as people write it: 5000 or 5,000."""

    widget = forms.TextInput

    def __init__(self, **options: Any) -> None:
        options.setdefault("error_messages", {"invalid": _("Enter a whole number, for example 5,000.")})
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


class PercentField(forms.DecimalField):
    """A number of percent or percentage points, with at most two decimals: 5, 0.5, 5 % (G-13)."""

    widget = forms.TextInput

    def __init__(self, **options: Any) -> None:
        errors = {"invalid": _("Enter a number, for example 5 or 0.5.")}
        super().__init__(required=False, error_messages=errors, **options)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Ask a phone for digits and a point."""
        return {"inputmode": "decimal", "autocomplete": "off"}

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]  # the stubs' own
        """Return the number with two decimals; a sign of percent may follow it."""
        text = str(value).strip().removesuffix("%").strip() if value is not None else ""
        if not PLAIN.fullmatch(text) and text:
            raise ValidationError(self.error_messages["invalid"])
        return super().to_python(text)

    def clean(self, value: Any) -> Decimal | None:
        """Return the number; raises ValidationError for one that is out of range."""
        number: Decimal | None = super().clean(value)
        if number is None:
            return None
        if reason := rules.why_not_percent(number):
            raise ValidationError(reason)
        return number.quantize(Decimal("0.01"))

    def prepare_value(self, value: Any) -> Any:
        """Show no zeros at the end; what was typed comes back as it was typed."""
        return decimals(value) if isinstance(value, Decimal) else value


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


class WindowField(MomentField):
    """The start or end of a task, to the minute."""

    def clean(self, value: Any) -> datetime | None:
        """Return the moment; raises ValidationError for one that is too far away."""
        moment: datetime | None = super().clean(value)
        if moment and (reason := rules.why_not_moment(moment, at=timezone.now())):
            raise ValidationError(reason)
        return moment
