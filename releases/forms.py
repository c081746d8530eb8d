"""The forms of version management."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.functional import cached_property, lazy
from django.utils.text import format_lazy
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from console.base.core import times
from console.base.core.errors import ActionRefused
from console.base.core.fields import WordsField
from console.base.core.pages import NoteForm
from console.base.core.uploads import UploadField
from miniprograms.models import MiniProgram
from releases import rules
from releases.inspection import PackageRefused, inspected, package_limits
from releases.models import TrialVersion, Version
from releases.package import Inspection
from releases.package.findings import human_size
from releases.states import VersionState

NUMBER = re.compile(r"(0|[1-9][0-9]{0,3})\.(0|[1-9][0-9]{0,3})\.(0|[1-9][0-9]{0,3})")


FIRST = "1.0.0"
MOST = 9999  # of each part


def _after(version: Version) -> str:
    """Return the next number, which is proposed for an upload; "" after the last one."""
    if version.patch < MOST:
        return f"{version.major}.{version.minor}.{version.patch + 1}"
    if version.minor < MOST:
        return f"{version.major}.{version.minor + 1}.0"
    return f"{version.major + 1}.0.0" if version.major < MOST else ""


class VersionNumberField(forms.CharField):
    """A number `d.d.d`, each part 0–9999; cleans to three integers (V-1)."""

    default_error_messages = {
        "form": _("Use three numbers from 0 to 9999, separated by dots: 1.10.0."),
        "zeros": _("Remove the leading zeros: 1.10.0."),
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


class NumberForm(forms.Form):
    """What is said about a new version."""

    number = VersionNumberField(label=_("Version number"), max_length=14)
    notes = WordsField(
        label=_("Change notes"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 5})
    )

    def __init__(self, *args: object, program: MiniProgram, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.program = program

    def clean_number(self) -> tuple[int, int, int]:
        """Refuse a number that was used, before the package is read."""
        number: tuple[int, int, int] = self.cleaned_data["number"]
        if reason := rules.why_not_number(self.program, number):
            raise ValidationError(reason)
        return number


class UploadForm(NumberForm):
    """A new version. `inspection` holds the findings of a refused package."""

    file = UploadField(
        label=_("Package file"),
        error_messages={"required": _("Choose the package file."), "empty": _("The file is empty.")},
        widget=forms.ClearableFileInput(attrs={"accept": ".zip,.apkg,.wxapkg-src"}),
    )
    field_order = ["file", "number", "notes"]
    inspection: Inspection | None = None

    def __init__(self, *args: object, program: MiniProgram, **kwargs: object) -> None:
        super().__init__(*args, program=program, **kwargs)
        limits = package_limits()
        self.fields["file"].help_text = _(
            "Packed by the Luffa Cloud IDE, or a zip of the built project. Up to %(upload)s; "
            "unpacked up to %(unpacked)s; main package and each subpackage up to %(package)s."
        ) % {
            "upload": human_size(limits.upload_size),
            "unpacked": human_size(limits.unpacked_size),
            "package": human_size(limits.package_size),
        }
        refused = gettext("The file is %(size)s. The limit is %(limit)s.")
        self.fields["file"].widget.attrs |= {
            "data-most": limits.upload_size,
            "data-refused": refused % {"size": "SIZE", "limit": human_size(limits.upload_size)},
        }
        newest = program.versions.first()
        self.fields["number"].initial = _after(newest) if newest else FIRST
        self.fields["number"].help_text = self._about_numbers(newest)

    def _about_numbers(self, newest: Version | None) -> str:
        if newest is None:
            return gettext("Three numbers separated by dots, such as 1.0.0. Each version number can be used only once.")
        words = gettext("Highest so far: %(number)s. Each number can be used only once.") % {"number": newest}
        if self.program.online_number:
            higher = gettext("Only numbers above the online version %(online)s can be published.")
            words = f"{words} {higher % {'online': self.program.online_number}}"
        return words

    def clean(self) -> dict[str, Any]:
        """With a wrong number the verb does not run: say what it would have found in the package all the same (V-3)."""
        data = super().clean() or self.cleaned_data
        if self.errors and data.get("file"):
            try:
                with inspected(data["file"], app_id=self.program.app_id):
                    pass
            except ActionRefused as refused:
                self.inspection = refused.inspection if isinstance(refused, PackageRefused) else None
                self.add_error("file", refused.message)
        return data


class PublishForm(NoteForm):
    """A note; where something speaks against publishing (`doubts`), an explicit confirmation and a reason.

    `meet` is about how many devices would have an error; None where that is not known.
    """

    anyway = forms.BooleanField(label=_("Publish anyway. I have read the warnings."))
    field_order = ["anyway", "note"]

    def __init__(self, *args: Any, doubts: list[str], meet: int | None = None, **kwargs: Any) -> None:
        super().__init__(
            *args, needed=bool(doubts), help_text=gettext("Shown in the release history and the activity."), **kwargs
        )
        if not doubts:
            del self.fields["anyway"]
        elif meet:
            words = ngettext(
                "Publish anyway. I know that about %(count)s device would have errors.",
                "Publish anyway. I know that about %(count)s devices would have errors.",
                meet,
            )
            self.fields["anyway"].label = words % {"count": f"{meet:,}"}


class RollBackForm(NoteForm):
    """Which earlier release to return to; the highest is proposed. `seen` is the online version on the screen."""

    version = forms.ModelChoiceField(
        label=_("Roll back to"), queryset=Version.objects.none(), empty_label=None, widget=forms.RadioSelect
    )
    seen = forms.IntegerField(required=False, min_value=0, max_value=2**63 - 1, widget=forms.HiddenInput)
    field_order = ["version", "note"]

    def __init__(self, *args: Any, program: MiniProgram, chosen: str = "", **kwargs: Any) -> None:
        """`chosen`: the primary key of the release that is chosen so far; another value is none."""
        super().__init__(*args, **kwargs)
        targets = program.versions.roll_back_targets().select_related("package")
        field: Any = self.fields["version"]
        field.queryset = targets
        picked = str(self.data.get("version", "")) if self.is_bound else chosen
        number = int(picked) if re.fullmatch("[0-9]{1,18}", picked) else 0
        self.chosen: Version | None = targets.filter(pk=number).first() or targets.first()
        if self.chosen:
            self.chosen.mini_program = program
        field.initial = self.chosen
        self.targets = targets.count()

    def show_conflict(self, online: Version) -> None:
        """Take what is online now as seen: the answer names it, and a second confirmation means it."""
        self.data = {**self.data.dict(), "seen": online.pk}  # type: ignore[attr-defined]


class TrialForm(forms.Form):
    """The trial version, the page on which it opens, and when what the editor saw was set (V-14).

    The pages on offer are those of the version that the form shows now.
    """

    version = forms.CharField(label=_("Version"), max_length=14, widget=forms.Select)
    page = forms.CharField(
        label=_("Opening page"),
        max_length=240,
        widget=forms.Select,
        error_messages={"required": _("Choose the opening page.")},
        help_text=_("A page in the package. Testers start there instead of on the entry page."),
    )
    query = forms.CharField(
        label=_("Query"),
        max_length=rules.QUERY_LENGTH,
        required=False,
        strip=False,
        help_text=_("Parameters for the page, without “?”: line=12&stop=harbour."),
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    meanwhile: TrialVersion | None = None
    in_conflict = False

    def __init__(
        self, data: QueryDict | dict[str, Any] | None, *, program: MiniProgram, initial: dict[str, Any]
    ) -> None:
        super().__init__(data, initial=initial)
        self.program = program
        numbers = program.versions.values_list("major", "minor", "patch", "state")
        labels = dict(VersionState.choices)
        self.fields["version"].widget.choices = [
            (f"{major}.{minor}.{patch}", format_lazy("{}.{}.{} · {}", major, minor, patch, labels[state]))
            for major, minor, patch, state in numbers
        ]
        self.fields["page"].widget.choices = self._page_choices()

    @cached_property
    def shown(self) -> Version | None:
        """The version that the form shows, None when there is no such one."""
        number = str(self["version"].value() or "").strip()
        return self.program.versions.numbered(number).select_related("package").first()

    def _page_choices(self) -> list[tuple[str, Any]]:
        if self.shown is None:
            return [("", _("Choose a version first"))]
        package = self.shown.package
        entry = format_lazy("{} · {}", package.entry_page, _("entry page"))
        others = [(page, page) for page in package.pages if page != package.entry_page]
        return [(package.entry_page, entry), *others]

    def clean_version(self) -> Version:
        if self.shown is None or self.shown.number != self.cleaned_data["version"]:
            raise ValidationError(_("Choose one of the versions of this mini program."))
        return self.shown

    def clean_query(self) -> str:
        """Refuse what is no query."""
        query: str = self.cleaned_data["query"]
        if reason := rules.why_not_query(query):
            raise ValidationError(reason)
        return query

    def clean_seen(self) -> datetime | None:
        """Return the time; None for what is none."""
        try:
            return datetime.fromisoformat(self.cleaned_data["seen"])
        except ValueError:
            return None

    def clean(self) -> dict[str, Any]:
        """Refuse what is no page of the version."""
        data = super().clean() or self.cleaned_data
        if data.get("version") and "page" in data and (reason := rules.why_not_page(data["version"], data["page"])):
            self.add_error("page", reason)
        return data

    def show_conflict(self, current: TrialVersion | None) -> None:
        """Show what is there now; what was typed stays, and a second save replaces it knowingly."""
        self.data = {**self.data.dict(), "seen": current.set_at.isoformat() if current else ""}  # type: ignore[attr-defined]
        self.in_conflict, self.meanwhile = True, current


def _last_day() -> str:
    return " ".join(filter(None, [gettext("The last day. Leave blank for no end date."), times.day_begins()]))


class SettleForm(forms.Form):
    """Why a finding needs no attention, and for how long that holds."""

    reason = WordsField(
        label=_("Reason"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Reviewers see it with your name."),
    )
    until = forms.DateField(
        label=_("Until"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "max": "9999-12-31"}),
        help_text=lazy(_last_day, str)(),
    )
