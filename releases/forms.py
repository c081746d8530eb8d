"""The forms of version management."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from console.core.fields import WordsField
from console.core.pages import NoteForm
from miniprograms.models import MiniProgram
from releases import rules
from releases.inspection import PackageRefused, inspected, package_limits
from releases.models import Version
from releases.package import Inspection
from releases.package.findings import human_size

NUMBER = re.compile(r"(0|[1-9][0-9]{0,3})\.(0|[1-9][0-9]{0,3})\.(0|[1-9][0-9]{0,3})")


class VersionNumberField(forms.CharField):
    """A number `d.d.d`, each part 0–9999; cleans to three integers (V-1)."""

    default_error_messages = {
        "form": _("Write three numbers with dots, each from 0 to 9999: 1.10.0."),
        "zeros": _("Write each part without leading zeros: 1.10.0."),
    }

    def clean(self, value: object) -> tuple[int, int, int]:
        """Return (major, minor, patch)."""
        text = super().clean(value)
        match = NUMBER.fullmatch(text)
        if not match:
            padded = re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,4}){2}", text)
            raise ValidationError(self.error_messages["zeros" if padded else "form"])
        major, minor, patch = map(int, match.groups())
        return major, minor, patch


class UploadForm(forms.Form):
    """A new version. `inspection` holds the findings of a refused package."""

    file = forms.FileField(
        label=_("Package file"),
        error_messages={"required": _("Choose the package file."), "empty": _("The file is empty.")},
        widget=forms.ClearableFileInput(attrs={"accept": ".zip,.apkg,.wxapkg-src"}),
    )
    number = VersionNumberField(label=_("Version number"), max_length=14)
    notes = WordsField(
        label=_("Change notes"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 5})
    )
    inspection: Inspection | None = None

    def __init__(self, *args: object, program: MiniProgram, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.program = program
        limits = package_limits()
        self.fields["file"].help_text = _(
            "Packed by the Luffa Cloud IDE. Up to %(upload)s; unpacked up to %(unpacked)s; "
            "main package and each subpackage up to %(package)s."
        ) % {
            "upload": human_size(limits.upload_size),
            "unpacked": human_size(limits.unpacked_size),
            "package": human_size(limits.package_size),
        }
        newest = program.versions.first()
        self.fields["number"].help_text = (
            _("Highest so far: %(number)s. A number is used only once.") % {"number": newest}
            if newest
            else _("Three numbers with dots, for example 1.0.0. A number is used only once.")
        )

    def clean(self) -> dict[str, Any]:
        """With a wrong number the verb does not run: say what it would have found in the package all the same (V-3)."""
        data = super().clean() or self.cleaned_data
        if self.errors and data.get("file"):
            try:
                with inspected(data["file"], app_id=self.program.app_id):
                    pass
            except PackageRefused as refused:
                self.inspection = refused.inspection
                self.add_error("file", refused.message)
        return data

    def clean_number(self) -> tuple[int, int, int]:
        """Refuse a number that was used, before the package is read."""
        number: tuple[int, int, int] = self.cleaned_data["number"]
        if reason := rules.why_not_number(self.program, number):
            raise ValidationError(reason)
        return number


class RollBackForm(NoteForm):
    """Which earlier release to return to; the highest is proposed."""

    version = forms.ModelChoiceField(
        label=_("Return to"), queryset=Version.objects.none(), empty_label=None, widget=forms.RadioSelect
    )
    field_order = ["version", "note"]

    def __init__(self, *args: object, program: MiniProgram, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        targets = program.versions.roll_back_targets()
        self.fields["version"].queryset = targets  # type: ignore[attr-defined]
        self.fields["version"].initial = targets.first()
        self.targets = targets.count()
