"""A moment, typed by the reader's clock (P-9)."""

from datetime import UTC, datetime

import pytest
from django import forms
from django.http import QueryDict
from django.utils import timezone

from console.base.core.moments import MomentField, in_full


class Sheet(forms.Form):
    at = MomentField()


def sheet(at, zone="", kept=None):
    data = QueryDict(mutable=True)
    data.update({"at": at, **({"at_zone": zone} if zone else {})})
    form = Sheet(data)
    form.fields["at"].kept = kept
    return form


def typed(at, zone="", kept=None):
    form = sheet(at, zone, kept)
    return form.cleaned_data["at"].astimezone(UTC) if form.is_valid() else form.errors["at"]


def test_what_is_typed_is_meant_by_the_reader_s_clock():
    with timezone.override("Asia/Shanghai"):
        assert typed("2026-11-22T03:41") == datetime(2026, 11, 21, 19, 41, tzinfo=UTC)
        assert typed("2026-11-22 03:41") == datetime(2026, 11, 21, 19, 41, tzinfo=UTC)
        assert typed("2026-11-22T03:41:07+01:00") == datetime(2026, 11, 22, 2, 41, 7, tzinfo=UTC)


def test_a_form_is_shown_and_read_in_the_zone_it_was_drawn_in():
    with timezone.override("Asia/Shanghai"):
        page = str(Sheet(initial={"at": datetime(2026, 11, 21, 19, 41, tzinfo=UTC)})["at"])
    assert 'value="2026-11-22T03:41"' in page
    assert '<input type="hidden" name="at_zone" value="Asia/Shanghai">' in page
    with timezone.override("America/New_York"):  # They have travelled meanwhile, or chosen another zone.
        form = sheet("2026-11-22T03:41", "Asia/Shanghai")
        assert form.is_valid() and form.cleaned_data["at"] == datetime(2026, 11, 21, 19, 41, tzinfo=UTC)
        assert 'value="2026-11-21T14:41"' in str(form["at"])
        assert typed("2026-11-22T03:41", "Mars/Phobos") == datetime(2026, 11, 22, 8, 41, tzinfo=UTC)


@pytest.mark.parametrize("at", ["2026-03-29T02:30", "2026-10-25T02:30"])
def test_what_a_clock_skips_or_shows_twice_is_refused_beside_the_field(at):
    words = {
        "2026-03-29T02:30": ["02:30 doesn’t exist in Europe/Berlin on this day (clock change). Choose another time."],
        "2026-10-25T02:30": ["02:30 occurs twice in Europe/Berlin on this day (clock change). Choose another time."],
    }
    with timezone.override("Europe/Berlin"):
        assert typed(at) == words[at]
        assert in_full(at) == at
    assert typed(at, "Europe/Berlin") == words[at]


def test_what_nobody_changed_stays_to_the_second_also_where_clocks_show_it_twice():
    kept = datetime(2026, 10, 25, 1, 30, 41, tzinfo=UTC)  # the second 02:30 of that night
    with timezone.override("Europe/Berlin"):
        assert typed("2026-10-25T02:30", kept=kept) == kept
        assert typed("2026-10-25T02:31", kept=kept) != kept


@pytest.mark.parametrize(
    "at",
    ["tomorrow", "2026-02-30T10:00", "0001-01-01T00:00", "9999-12-31T23:59", "2026-11-22T03:41[Asia/Shanghai", "\0"],
)
@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York"])
def test_nonsense_is_an_error_and_comes_back_as_it_was_typed(at, zone):
    with timezone.override(zone):
        form = sheet(at)
        assert form.is_valid() or form.errors["at"] == ["Enter a date and a time."]
        assert str(form["at"]).count("<input") == 2


def test_a_url_says_the_same_to_everybody():
    with timezone.override("Asia/Shanghai"):
        assert in_full("2026-11-22T03:41") == "2026-11-22T03:41:00+08:00"
        assert in_full("2026-11-21T20:41:00+01:00") == "2026-11-22T03:41:00+08:00"
    for odd in ("", "tomorrow", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"):
        with timezone.override("Asia/Shanghai"):
            assert in_full(odd) == odd
