"""A device as someone describes it, to have explained what it runs (G-12)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from console.base.core.fields import LineField
from console.base.hosts.states import DecisionState
from grayscale.presenters.explanation import AskedDevice
from grayscale.txt import guid_fault
from miniprograms.models import MiniProgram
from releases.field.device import REPORTED
from releases.field.models import SeenDevice
from releases.field.states import GUID_PREFIXES, Network

PLATFORMS = {prefix: platform for platform, prefix in GUID_PREFIXES.items()}
UNKNOWN = "unknown"

# What the update check accepts, too.
is_system_version = RegexValidator(rf"^{REPORTED}\Z", _("Begin with numbers and dots: 8.3.1."))
is_version = RegexValidator(r"^[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}\Z", _("Write three numbers with dots: 1.10.0."))


def _line(label: Any, most: int, **options: Any) -> LineField:
    return LineField(label=label, max_length=most, widget=forms.TextInput(attrs={"autocomplete": "off"}), **options)


class DeviceForm(forms.Form):
    """GUID and the facts of the device; with the GUID alone, the facts are those that it was seen with last."""

    guid = _line(_("GUID"), 40)
    application: Any = forms.ModelChoiceField(queryset=None, label=_("Application"), empty_label=_("Choose"))
    app_version = _line(_("Application version"), 40, validators=[is_system_version])
    os_version = _line(_("System version"), 40, validators=[is_system_version])
    network = forms.ChoiceField(label=_("Network"), choices=[*Network.choices, (UNKNOWN, _("Unknown"))], required=False)
    account = _line(_("User account"), 128, required=False)
    device_id = _line(_("Custom device ID"), 128, required=False)
    local_version = _line(_("Version on the device"), 14, required=False, validators=[is_version])

    def __init__(self, query: QueryDict, *, program: MiniProgram) -> None:
        self.program = program
        self.seen: SeenDevice | None = None
        asked = "guid" in query
        super().__init__(self._completed(query) if asked else None, auto_id="device-%s")
        bindings = program.bindings.filter(state__in=[DecisionState.APPROVED, DecisionState.ENDED])
        self.fields["application"].queryset = bindings.applications()  # type: ignore[attr-defined]
        self.fields["guid"].widget.attrs |= {"inputmode": "numeric", "spellcheck": "false"}
        self.fields["guid"].error_messages["required"] = _("Enter the GUID.")
        self.fields["application"].error_messages["required"] = _("Choose the application.")
        for name in ("app_version", "os_version"):
            self.fields[name].error_messages["required"] = _("Enter the version.")
        for name, field in self.fields.items():
            css = "form-select" if name in ("application", "network") else "form-control"
            wrong = asked and name in self.errors
            field.widget.attrs["class"] = f"{css}{' mono' if name == 'guid' else ''}{' is-invalid' if wrong else ''}"

    @property
    def more(self) -> bool:
        """Whether any of the rarer facts is given."""
        return any(self[name].value() or self[name].errors for name in ("account", "device_id", "local_version"))

    def _completed(self, query: QueryDict) -> QueryDict:
        """Add what is known of a GUID that was given alone."""
        data = query.copy()
        guid = data.get("guid", "").strip()
        facts = ("application", "app_version", "os_version", "account", "device_id")
        if not guid_fault(guid) and not any(data.get(name, "").strip() for name in facts):
            self.seen = SeenDevice.objects.filter(mini_program=self.program, guid=guid).first()
        if self.seen:
            data["application"] = str(self.seen.application_id)
            for name in ("app_version", "os_version", "account", "device_id", "network"):
                data[name] = getattr(self.seen, name)
        return data

    def clean_guid(self) -> str:
        """Return the GUID; its beginning names the platform."""
        guid: str = self.cleaned_data["guid"]
        if guid_fault(guid):
            raise ValidationError(_("A GUID has 32 digits and begins with 0302 (Android) or 0303 (iOS)."))
        return guid

    def clean(self) -> None:
        """Say so where a GUID was given alone and is not known."""
        alone = "guid" in self.cleaned_data and len(self.errors) == 3 and not self.seen
        if alone and {"application", "app_version", "os_version"} == set(self.errors):
            self.add_error(
                "guid", _("This device was not seen in this mini program. Enter its application, versions and network.")
            )

    def device(self) -> AskedDevice:
        """Return the device."""
        data = self.cleaned_data
        return AskedDevice(
            application=data["application"],
            guid=data["guid"],
            platform=PLATFORMS[data["guid"][:4]],
            os_version=data["os_version"],
            app_version=data["app_version"],
            network=data["network"] or UNKNOWN,
            device_id=data["device_id"] or None,
            account=data["account"] or None,
            local_version=data["local_version"] or None,
        )
