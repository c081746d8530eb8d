"""The guardrail of a task, as it is typed (G-13): part of the task form, and alone to be tried on past data."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from grayscale import rules
from grayscale.forms.fields import CountField, PercentField
from grayscale.guardrail import Guardrail

GUARD = ("guard_rate", "guard_points", "guard_devices")


class GuardrailForm(forms.Form):
    """Two limits, of which one will do, and from how many devices on they count; all empty for none."""

    guard_rate = PercentField(label=gettext_lazy("Guardrail, devices with errors"))
    guard_points = PercentField(label=gettext_lazy("Guardrail, points worse than online"))
    guard_devices = CountField(label=gettext_lazy("Guardrail, number of devices"), required=False)

    def clean_guard_devices(self) -> int | None:
        """G-13: a number of devices that is looked at."""
        devices: int | None = self.cleaned_data["guard_devices"]
        if devices is not None and (reason := rules.why_not_guarded(devices)):
            raise ValidationError(reason)
        return devices

    def clean(self) -> dict[str, Any]:
        """G-13: a limit and a number of devices, or neither."""
        data = super().clean() or self.cleaned_data
        if not {*GUARD} & {*self.errors}:
            has_limit = data["guard_rate"] is not None or data["guard_points"] is not None
            if has_limit and data["guard_devices"] is None:
                self.add_error("guard_devices", _("Enter the number of devices."))
            elif data["guard_devices"] is not None and not has_limit:
                self.add_error("guard_rate", rules.no_limit())
        return data

    def guardrail(self) -> Guardrail | None:
        """Return what was typed, once it is clean; None without a guardrail."""
        data = self.cleaned_data
        if data["guard_devices"] is None:
            return None
        return Guardrail(rate=data["guard_rate"], points=data["guard_points"], devices=data["guard_devices"])
