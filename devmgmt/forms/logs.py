"""What is asked of the logs, in the order of D-6, as the URL carries it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.base.core import times
from console.base.core.fields import LineField
from console.base.core.moments import TO_THE_SECOND, MomentField, MomentInput, in_full
from console.base.core.text import visible
from console.base.core.widgets import SuggestingInput
from devmgmt.logs.criteria import Criteria
from devmgmt.logs.entry import AHEAD, MOST_FILTER_MSG, MOST_TRACE_ID
from devmgmt.models import SavedQuery
from devmgmt.presenters.logs import PLATFORMS, step_for, versions_of
from devmgmt.states import Level
from miniprograms.models import MiniProgram

SPANS = {
    "15m": timedelta(minutes=15),
    "1h": timedelta(hours=1),
    "6h": timedelta(hours=6),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
}
SPAN_WORDS = {
    "15m": gettext_lazy("Last 15 min"),
    "1h": gettext_lazy("Last hour"),
    "6h": gettext_lazy("Last 6 hours"),
    "24h": gettext_lazy("Last 24 hours"),
    "7d": gettext_lazy("Last 7 days"),
}
RANGE = "range"
ERROR_TITLES = {
    "15m": gettext_lazy("Errors in the last 15 minutes"),
    "1h": gettext_lazy("Errors in the last hour"),
    "6h": gettext_lazy("Errors in the last 6 hours"),
    "24h": gettext_lazy("Errors in the last 24 hours"),
    "7d": gettext_lazy("Errors in the last 7 days"),
    RANGE: gettext_lazy("Errors in this period"),
}
LEVELS = {"all": 0} | {level.code: level.value for level in Level}
LEVEL_WORDS = [
    ("all", gettext_lazy("All")),
    ("info", gettext_lazy("Info and above")),
    ("warn", gettext_lazy("Warn and above")),
    ("error", gettext_lazy("Error and above")),
]
DEFAULTS = {"time": "1h", "level": "all"}

GUID = re.compile(r"^030[23][0-9]{28}\Z")
is_guid = RegexValidator(GUID, gettext_lazy("A GUID has 32 digits and begins with 0302 or 0303."))


def _moment(label: Any) -> MomentField:
    return MomentField(label=label, required=False, widget=MomentInput(format=TO_THE_SECOND, sends_zone=False))


def _text(label: Any, most: int, placeholder: Any = "", **options: Any) -> forms.CharField:
    attrs = {"autocomplete": "off", "spellcheck": "false", "placeholder": placeholder}
    return forms.CharField(
        label=label, required=False, max_length=most, widget=options.pop("widget", forms.TextInput)(attrs), **options
    )


class CriteriaForm(forms.Form):
    """The criteria; those that only links set (`trace`, `version`, `error`) are shown as chips that can be removed."""

    time = forms.ChoiceField(
        label=gettext_lazy("Time"), required=False, choices=[*SPAN_WORDS.items(), (RANGE, gettext_lazy("Custom range"))]
    )
    since = _moment(gettext_lazy("From"))
    until = _moment(gettext_lazy("To"))
    level = forms.ChoiceField(label=gettext_lazy("Level"), required=False, choices=LEVEL_WORDS)
    system = forms.ChoiceField(
        label=gettext_lazy("System"), required=False, choices=[("", gettext_lazy("Any system")), *PLATFORMS.items()]
    )
    guid = _text(gettext_lazy("GUID"), 64, gettext_lazy("32 digits, 0302… or 0303…"), validators=[is_guid])
    page = _text(gettext_lazy("Page link"), 1024, gettext_lazy("Starts with, for example pages/stop/"))
    filter = _text(
        gettext_lazy("filterMsg content"),
        MOST_FILTER_MSG,
        gettext_lazy("Contains, for example order-7731"),
        widget=forms.SearchInput,
    )
    library = _text(gettext_lazy("Base library"), 64, gettext_lazy("Any"), widget=SuggestingInput)
    client = _text(gettext_lazy("Client version"), 64, gettext_lazy("Any"), widget=SuggestingInput)
    trace = _text(gettext_lazy("Launch ID"), MOST_TRACE_ID, strip=False)
    version = _text(gettext_lazy("Mini program version"), 64)
    error = _text(gettext_lazy("Error"), 1024, strip=False)

    chips = ("trace", "version", "error")

    def __init__(self, query: QueryDict, *, program: MiniProgram, at: datetime) -> None:
        self.program = program
        self.at = at.astimezone(UTC)  # To count in hours that are all as long: local ones are not when clocks change.
        self.start, self.end = self._last(DEFAULTS["time"])
        super().__init__(self._completed(query), auto_id="log-%s")
        for name, found in zip(("library", "client"), versions_of(program), strict=True):
            self.fields[name].widget.choices = found
        for name, field in self.fields.items():
            css = "form-select" if isinstance(field.widget, forms.Select) else "form-control"
            mono = " mono" if name in ("guid", "page") else ""
            field.widget.attrs["class"] = f"{css}{mono}{' is-invalid' if name in self.errors else ''}"

    def _completed(self, query: QueryDict) -> dict[str, str]:
        """Return every criterion once, with what stands for those that the URL leaves out."""
        data = {name: query.get(name, "") or DEFAULTS.get(name, "") for name in self.base_fields}
        if data["time"] in SPANS:
            start, end = self._last(data["time"])
            data |= {"since": mark_of(start), "until": mark_of(end)}
        else:
            data |= {name: in_full(data[name]) for name in ("since", "until")}
        return data

    def clean(self) -> dict[str, Any]:
        """Find the moments that are asked for; raises ValidationError beside the one that is wrong."""
        data: dict[str, Any] = self.cleaned_data
        if data.get("time") in SPANS:
            self.start, self.end = self._last(data["time"])
        elif data.get("time") == RANGE:
            self._read_range(data.get("since"), data.get("until"))
        return data

    def _last(self, span: str) -> tuple[datetime, datetime]:
        """Return the last hour and the like; it begins where a bar of the chart does."""
        since, step = self.at - SPANS[span], step_for(SPANS[span])
        midnight = timezone.localtime(since).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
        return midnight + (since - midnight) // step * step, self.at

    def _read_range(self, since: datetime | None, until: datetime | None) -> None:
        oldest = self.at.replace(second=0, microsecond=0) - timedelta(days=settings.LOG_DAYS + 1)
        for name, value in (("since", since), ("until", until)):
            if value is None and name not in self.errors:
                self.add_error(name, _("Enter a date and a time."))
        if since is None or until is None:
            return
        if since >= until:
            self.add_error("until", _("The end must be after the start."))
        elif until <= oldest:
            days = {"days": settings.LOG_DAYS}
            self.add_error("until", _("Logs are kept for %(days)d days. Logs from that time have been deleted.") % days)
        elif since > self.at:
            self.add_error("since", _("The start must be in the past."))
        else:
            start, end = max(since, oldest), min(until, self.at + timedelta(days=1))
            self.start, self.end = start.astimezone(UTC), end.astimezone(UTC)

    # What is asked for ------------------------------------------------------------------------------------------

    @property
    def criteria(self) -> Criteria:
        """The criteria of a form without errors."""
        data = self.cleaned_data
        return Criteria(
            mini_program=self.program.pk,
            start=self.start,
            # Also from devices whose clocks are ahead.
            end=self.end + AHEAD if self.is_relative else self.end,
            level=LEVELS[data["level"]],
            platform=data["system"],
            guid=data["guid"],
            page=data["page"],
            filter_msg=data["filter"],
            library_version=data["library"],
            client_version=data["client"],
            trace_id=data["trace"],
            version=data["version"],
            error=data["error"],
        )

    @property
    def is_relative(self) -> bool:
        """Whether the time moves on by itself."""
        return self.data["time"] in SPANS

    @property
    def time_words(self) -> str:
        """The time in the shut picker: “Last hour, 09:00 – 10:00”, “22 Nov 23:50 – 23 Nov 00:10”."""
        if self.errors.keys() & {"time", "since", "until"}:
            return str(dict(self.fields["time"].choices)[RANGE])  # type: ignore[attr-defined]
        start, end = timezone.localtime(self.start), timezone.localtime(self.end)
        pattern = "%H:%M" if end - start >= timedelta(minutes=5) else "%H:%M:%S"
        if self.is_relative:
            words = str(SPAN_WORDS[self.data["time"]])
            return words if start.date() != end.date() else times.at_time(words, f"{start:{pattern}} – {end:{pattern}}")
        if start.date() != end.date():
            return f"{times.day(start)} {start:{pattern}} – {times.day(end)} {end:{pattern}}"
        date = "" if start.date() == timezone.localtime(self.at).date() else f"{times.day(start)} "
        return f"{date}{start:{pattern}} – {end:{pattern}}"

    @property
    def until_words(self) -> str:
        """Up to when is counted, where the time moves on by itself: “10:42:07”; else ""."""
        return f"{timezone.localtime(self.at):%H:%M:%S}" if self.is_relative else ""

    def query(self, **changes: str) -> str:
        """Return the criteria as a URL carries them, with some changed; what nobody asks for is left out."""
        values = {**self.data, **changes}
        if values["time"] != RANGE:
            values |= {"since": "", "until": ""}
        asked = {name: value for name, value in values.items() if value and value != DEFAULTS.get(name)}
        return urlencode(asked)

    def only_time(self, **changes: str) -> str:
        """Return the time alone as a URL carries it, and `changes`: for following one device."""
        rest = {name: "" for name in self.fields if name not in ("time", "since", "until")}
        return self.query(**rest | changes)

    def asked(self) -> list[tuple[Any, str]]:
        """What is asked for: label and value of each criterion, the time as it is saved."""
        span = self.data["time"]
        found = [(self.fields["time"].label, str(SPAN_WORDS[span]) if self.is_relative else self.time_words)]
        for name, field in self.fields.items():
            value = self.data[name]
            if name not in ("time", "since", "until") and value not in ("", DEFAULTS.get(name)):
                found.append((field.label, str(dict(getattr(field, "choices", ())).get(value) or visible(value))))
        return found

    def removable(self) -> list[dict[str, Any]]:
        """The criteria that only links set, each with the query without it."""
        return [
            {
                "name": name,
                "label": self.fields[name].label,
                "value": self.data[name],
                "shown": visible(self.data[name]),
                "errors": self[name].errors,
                "without": self.query(**{name: ""}),
            }
            for name in self.chips
            if self.data[name]
        ]

    @property
    def errors_title(self) -> str:
        """The head of the error groups."""
        return str(ERROR_TITLES[self.data["time"] if self.is_relative else RANGE])


def mark_of(moment: datetime) -> str:
    """Write a moment as the URL does, by the reader's clock, and saying by how much that differs from others'."""
    return timezone.localtime(moment).isoformat(timespec="seconds")


class SaveQueryForm(forms.Form):
    """The name under which the criteria are kept, and whose they are.

    `may_share`: a query's own author. `may_replace`: there are other criteria that it can have.
    """

    name = LineField(label=gettext_lazy("Name"), max_length=SavedQuery._meta.get_field("name").max_length)
    shared = forms.TypedChoiceField(
        label=gettext_lazy("Who can use it"),
        choices=[("me", gettext_lazy("Only me")), ("team", gettext_lazy("Everyone in the team"))],
        coerce=lambda value: value == "team",
        initial="me",
        widget=forms.RadioSelect,
    )

    replace = forms.BooleanField(label=gettext_lazy("Replace its criteria with the current ones"), required=False)

    def __init__(self, *args: Any, may_share: bool = True, may_replace: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_share:
            del self.fields["shared"]
        if not may_replace:
            del self.fields["replace"]

    def clean_name(self) -> str:
        """Return the name; raises ValidationError for an empty one."""
        name: str = self.cleaned_data["name"]
        if not name:
            raise ValidationError(_("Enter a name."))
        return name
