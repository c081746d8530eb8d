"""A device as someone describes it, to have explained what it runs (G-12)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db.models import Q
from django.forms.boundfield import BoundField
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from console.base.core.fields import LineField
from console.base.hosts.states import DecisionState
from grayscale.conditions import CHOICES, GUID, LISTED, Choice
from grayscale.presenters.explanation import AskedDevice
from grayscale.txt import guid_fault
from miniprograms.models import MiniProgram
from releases.field.device import REPORTED, UNKNOWN, Facts
from releases.field.models import SeenDevice
from releases.field.states import GUID_PREFIXES

MOST_SEEN = 50_000  # devices, the newest, among which an account is looked for
PLATFORMS = {prefix: platform for platform, prefix in GUID_PREFIXES.items()}
NEEDED = ("application", "app_version", "os_version")
RARE = [one for one in LISTED.values() if one is not GUID]

# What the update check accepts, too.
is_system_version = RegexValidator(rf"^{REPORTED}\Z", _("Start with numbers and dots, such as 8.3.1."))
is_version = RegexValidator(
    r"^[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}\Z", _("Enter three numbers with dots, such as 1.10.0.")
)


def _line(label: Any, most: int, **options: Any) -> LineField:
    return LineField(label=label, max_length=most, widget=forms.TextInput(attrs={"autocomplete": "off"}), **options)


def _choice(one: Choice) -> forms.ChoiceField:
    return forms.ChoiceField(label=one.label, choices=[*one.options.choices, (UNKNOWN, _("Unknown"))], required=False)


class DeviceForm(forms.Form):
    """GUID and the facts of the device; those that are left out are those that it was seen with last.

    Instead of the GUID an account or a device id finds the device that was seen with it last.
    """

    guid = _line(_("GUID, account or device ID"), 128)
    application: Any = forms.ModelChoiceField(queryset=None, label=_("Host app"), empty_label=_("Choose"))
    app_version = _line(_("App version"), 40, validators=[is_system_version])
    os_version = _line(_("System version"), 40, validators=[is_system_version])
    local_version = _line(_("Version on the device"), 14, required=False, validators=[is_version])
    field_order = (
        *("guid", "application", "app_version", "os_version", *(one.of_device for one in CHOICES)),
        *("account", *(one.of_device for one in RARE), "local_version"),
    )

    def __init__(self, query: QueryDict, *, program: MiniProgram, chosen: bool = False) -> None:
        """`chosen`: a choice was made by someone; those of a page always have a value, also beside a GUID alone."""
        self.program, self.chosen = program, chosen
        self.seen: SeenDevice | None = None
        self.is_alone = False  # what names the device, without a fact
        asked = "guid" in query
        super().__init__(self._completed(query) if asked else None, auto_id="device-%s")
        self.fields |= {one.of_device: _choice(one) for one in CHOICES}
        self.fields |= {one.of_device: _line(one.label, 128, required=False) for one in RARE}
        self.order_fields(self.field_order)
        bindings = program.bindings.filter(state__in=[DecisionState.APPROVED, DecisionState.ENDED])
        self.fields["application"].queryset = bindings.applications()  # type: ignore[attr-defined]
        self.fields["guid"].widget.attrs |= {"spellcheck": "false"}
        self.fields["guid"].error_messages["required"] = _("Enter a GUID, an account or a device ID.")
        self.fields["application"].error_messages["required"] = _("Choose the host app.")
        for name in ("app_version", "os_version"):
            self.fields[name].error_messages["required"] = _("Enter the version.")
        for name, field in self.fields.items():
            css = "form-select" if isinstance(field, forms.ChoiceField) else "form-control"
            wrong = asked and name in self.errors
            field.widget.attrs["class"] = f"{css}{' mono' if name == 'guid' else ''}{' is-invalid' if wrong else ''}"

    @property
    def choices(self) -> list[BoundField]:
        """What is chosen from a few values."""
        return [self[one.of_device] for one in CHOICES]

    @property
    def rare(self) -> list[BoundField]:
        """The rarer facts."""
        rare = {"local_version", *(one.of_device for one in RARE)}
        return [self[name] for name in self.fields if name in rare]

    @property
    def more(self) -> bool:
        """Whether any of the rarer facts is given."""
        return any(field.value() or field.errors for field in self.rare)

    def _completed(self, query: QueryDict) -> QueryDict:
        """Add what is known of a GUID, where something that has to be there is empty."""
        data = query.copy()
        guid = data.get("guid", "").strip()
        typed = (*NEEDED, *(one.of_device for one in RARE))
        self.is_alone = bool(guid) and not any(data.get(name, "").strip() for name in typed)
        if guid and not all(data.get(name, "").strip() for name in NEEDED):
            self.seen = self._found(guid)
        if self.seen:
            seen = {name: getattr(self.seen, name) for name in Facts.__struct_fields__}
            seen["application"] = str(self.seen.application_id)
            replaced = {"guid"} if self.chosen or not self.is_alone else {"guid", *(one.of_device for one in CHOICES)}
            for name, value in seen.items():
                if name in replaced or not data.get(name, "").strip():
                    data[name] = value
        return data

    def _found(self, name: str) -> SeenDevice | None:
        """Return the device with this GUID; else, of those seen last, the newest with this account or device id."""
        seen = SeenDevice.objects.filter(mini_program=self.program)
        if not guid_fault(name):
            return seen.filter(guid=name).first()
        newest = seen.order_by("-seen_at").values("guid")[:MOST_SEEN]
        named = Q(account=name) | Q(device_id=name)
        return seen.filter(named, guid__in=newest).order_by("-seen_at").first()

    def clean_guid(self) -> str:
        """Return the GUID; its beginning names the platform."""
        guid: str = self.cleaned_data["guid"]
        if guid_fault(guid):
            raise ValidationError(
                _("No device with this account or device ID was seen recently.")
                if self.is_alone
                else _("A GUID has 32 digits and begins with 0302 (Android) or 0303 (iOS).")
            )
        return guid

    def clean(self) -> None:
        """Say so where a GUID was given alone and is not known."""
        alone = "guid" in self.cleaned_data and len(self.errors) == 3 and not self.seen
        if alone and set(NEEDED) == set(self.errors):
            self.add_error(
                "guid",
                _("This device hasn’t been seen in this mini program. Enter its host app, versions and network."),
            )

    def device(self) -> AskedDevice:
        data = self.cleaned_data
        facts: dict[str, Any] = {one.of_device: data[one.of_device] or UNKNOWN for one in CHOICES}
        facts |= {one.of_device: data[one.of_device] or None for one in RARE}
        return AskedDevice(
            application=data["application"],
            guid=data["guid"],
            platform=PLATFORMS[data["guid"][:4]],
            os_version=data["os_version"],
            app_version=data["app_version"],
            local_version=data["local_version"] or None,
            **facts,
        )
