"""A field for a moment, typed by the reader's clock (P-9)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from console.base.core import zones

TO_THE_MINUTE = "%Y-%m-%dT%H:%M"
TO_THE_SECOND = "%Y-%m-%dT%H:%M:%S"
NAMED = re.compile(r"(.*)\[([A-Za-z0-9_+/-]{1,64})\]", re.DOTALL)  # a time with its zone, as RFC 9557 writes it


class MomentInput(forms.DateTimeInput):
    """The browser's picker. With it goes the zone that it was drawn in: the reader's may be another one by then."""

    def __init__(self, *, format: str = TO_THE_MINUTE, sends_zone: bool = True, **options: Any) -> None:
        self.sends_zone = sends_zone
        step = {"step": "1"} if format == TO_THE_SECOND else {}
        super().__init__(format=format, attrs={"type": "datetime-local", **step}, **options)

    def render(self, name: str, value: Any, *args: Any, **options: Any) -> SafeString:
        """Draw the picker, and the name of the zone as a hidden field."""
        picker = super().render(name, value, *args, **options)
        if not self.sends_zone:
            return picker
        zone = timezone.get_current_timezone_name()
        return format_html('{}<input type="hidden" name="{}_zone" value="{}">', picker, name, zone)

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Return what was typed, with its zone where that was sent: “2026-11-22T03:41[Asia/Shanghai]”."""
        text, zone = super().value_from_datadict(data, files, name), data.get(f"{name}_zone", "")
        return f"{text}[{zone}]" if text and zones.zone_of(zone) else text

    def format_value(self, value: Any) -> str | None:
        """Show a moment by the reader's clock; what can't be read comes back as it was typed."""
        if isinstance(value, str):
            text, zone = _parted(value)
            moment = _parsed(text)
            if moment and (zone or timezone.is_aware(moment)):
                value = _local(moment if timezone.is_aware(moment) else moment.replace(tzinfo=zone)) or text
            else:
                value = text
        return super().format_value(value)


class MomentField(forms.DateTimeField):
    """A date and time by the clock of the reader's zone; one that it skips or shows twice is refused beside the field.

    `kept` is the moment that is there already: where the form shows its minute, nobody changed it, and it stays.
    """

    widget = MomentInput
    default_error_messages = {
        "invalid": _("Enter a date and a time."),
        "skipped": _("%(time)s doesn’t exist in %(zone)s on this day (clock change). Choose another time."),
        "twice": _("%(time)s occurs twice in %(zone)s on this day (clock change). Choose another time."),
    }
    kept: datetime | None = None

    def to_python(self, value: Any) -> datetime | None:
        """Return the moment; raises ValidationError for what is none."""
        text, zone = _parted(value) if isinstance(value, str) else (value, None)
        naive = _parsed(text.strip()) if isinstance(text, str) else None
        if naive is None or timezone.is_aware(naive):
            return naive or super().to_python(text)
        return self._in(zone or timezone.get_current_timezone(), naive)

    def _in(self, zone: tzinfo, naive: datetime) -> datetime:
        if self.kept and timezone.localtime(self.kept, zone).strftime(TO_THE_MINUTE) == naive.strftime(TO_THE_MINUTE):
            return self.kept
        first, second = naive.replace(tzinfo=zone, fold=0), naive.replace(tzinfo=zone, fold=1)
        try:
            back = first.astimezone(UTC).astimezone(zone)
        except OverflowError as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error
        if first.utcoffset() == second.utcoffset():
            return first
        words = {"zone": str(zone), "time": f"{naive:%H:%M}"}
        if back.replace(tzinfo=None) != naive:
            raise ValidationError(self.error_messages["skipped"], code="skipped", params=words)
        raise ValidationError(self.error_messages["twice"], code="twice", params=words)


def in_full(text: str) -> str:
    """Return a typed time with its offset, “2026-11-22T03:41:00+08:00”, so that a URL says the same to everybody.

    What is not a time by the reader's clock, or is shown twice, stays as it is.
    """
    try:
        moment = MomentField().to_python(text)
    except ValidationError:
        return text
    local = _local(moment) if moment else None
    return local.isoformat() if local else text


def _parted(text: str) -> tuple[str, tzinfo | None]:
    """Return a typed time and its zone, if one is named."""
    match = NAMED.fullmatch(text)
    return (match[1], zones.zone_of(match[2])) if match else (text, None)


def _parsed(text: str) -> datetime | None:
    try:
        return parse_datetime(text)
    except ValueError:
        return None


def _local(moment: datetime) -> datetime | None:
    try:
        return timezone.localtime(moment)
    except OverflowError:  # The first and the last day of the calendar.
        return None


class LastDayField(forms.DateField):
    """A last day by the reader's calendar; gives its last second, None where none was chosen."""

    def __init__(self, **options: Any) -> None:
        widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "form-control"})
        super().__init__(required=False, widget=widget, **options)

    def clean(self, value: Any) -> datetime | None:
        """Return the moment; raises ValidationError for a year that no time zone can move."""
        day: date | None = super().clean(value)
        if day is None:
            return None
        if not 2000 <= day.year <= 9000:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return timezone.make_aware(datetime.combine(day, time(23, 59, 59)))
