"""The activity log by the reader's days, what somebody did in one go folded (P-5, P-9)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from console.base.activity.events import log_words
from console.base.activity.models import ActivityEntry
from console.base.activity.presenters import IN_ONE_GO, by_day
from tests.factories import make_member, make_program, make_team

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 30, 20, 0, tzinfo=UTC)  # a Monday; in Shanghai it is Tuesday, 04:00


def write(team, target, at=NOW, verb="version.uploaded", **fields):
    values = {"actor_label": "Tomas Rey", "actor_id": 7, "target_type": "version", "target_id": "1", "source": "web"}
    values |= {"mini_program_id": "mp1"} | fields
    return ActivityEntry.objects.create(team_id=team.pk, target_label=target, verb=verb, at=at, **values)


def runs(**options):
    days = by_day(ActivityEntry.objects.order_by("-pk"), **options)
    return {day.words: [[entry.target_label for entry in run.entries] for run in day.runs] for day in days}


def read(page):
    """Return the words of the page as they are read."""
    return " ".join(re.sub(r"<[^>]*>", " ", page.content.decode()).split())


@pytest.fixture
def team():
    with time_machine.travel(NOW, tick=False):
        yield make_team()


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("UTC", ["Today", "Yesterday", "Saturday, 28 Nov", "Sunday, 30 Nov 2025"]),
        ("Asia/Shanghai", ["Today", "Yesterday", "Sunday, 29 Nov", "Monday, 1 Dec 2025"]),
    ],
)
def test_days_are_the_readers(team, zone, words):
    for back in (365, 2, 1, 0):
        write(team, "City Bus 1.0.0", NOW - timedelta(days=back))
    with timezone.override(zone):
        assert list(runs()) == words


def test_midnight_parts_what_was_done_in_one_go(team):
    write(team, "City Bus 1.0.0", NOW - timedelta(hours=4, minutes=1))
    write(team, "City Bus 1.0.1", NOW - timedelta(hours=3, minutes=59))
    assert list(runs().values()) == [[["City Bus 1.0.1", "City Bus 1.0.0"]]]
    with timezone.override("Asia/Shanghai"):
        assert list(runs().values()) == [[["City Bus 1.0.1"]], [["City Bus 1.0.0"]]]


@pytest.mark.parametrize(
    "other",
    [
        {"actor_id": 8},
        {"mini_program_id": "mp2"},
        {"application_id": "ap1"},
        {"verb": "version.submitted"},
        {"source": "api"},
        {"reason": "A word of my own"},
        {"at": NOW + IN_ONE_GO + timedelta(seconds=1)},
    ],
)
def test_what_differs_stands_alone(team, other):
    write(team, "City Bus 1.0.0")
    write(team, "City Bus 1.0.1", **other)
    assert list(runs().values()) == [[["City Bus 1.0.1"], ["City Bus 1.0.0"]]]


def test_only_the_newest_are_shown_where_there_is_little_room(team):
    for number in range(9):
        write(team, f"City Bus 1.0.{number}", mini_program_id=f"mp{number // 3}")
    assert [len(run) for run in runs(most=2)["Today"]] == [3, 3]


def test_the_page_folds_them_and_keeps_every_entry(team, signed_in):
    client = signed_in(make_member(team, "viewer"))
    program = make_program(team, name="City Bus")
    for number in range(3):
        write(team, f"City Bus 1.0.{number}", after={"state": "development"}, mini_program_id=program.app_id)
    for _time in range(2):
        write(team, "City Bus", verb="domains.changed", mini_program_id=program.app_id)
    page = client.get(reverse("activity"))

    text = read(page)
    assert "Today" in text
    assert "Tomas Rey · 3 versions uploaded: City Bus" in text
    assert "City Bus · 2 times" in text
    assert all(f"City Bus 1.0.{number}" in text for number in range(3))
    assert page.content.decode().count('<details class="run">') == 2
    assert "Tomas Rey · 3 versions uploaded: City Bus" in read(client.get(reverse("home")))


def test_no_colon_stands_before_no_target(team, signed_in):
    client = signed_in(make_member(team, "viewer"))
    for _time in range(2):
        write(team, "", verb="member.invited", target_type="", target_id="", mini_program_id="")
    text = read(client.get(reverse("activity")))
    line = f"Tomas Rey · {log_words('member.invited')}"
    assert text.count(line) == 3
    assert f"{line} · 2 times" in text
    assert f"{line}:" not in text


def test_several_targets_are_named_or_counted(team, signed_in):
    client = signed_in(make_member(team, "viewer"))
    for name in ("Ada", "Sol", "Noor"):
        write(team, name, verb="member.invited", mini_program_id="")
    assert "Noor, Sol and 1 more" in read(client.get(reverse("activity")))
