"""Conditions and windows in words (G-10)."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import time_machine
from django.utils.html import strip_tags

from grayscale import wording
from grayscale.states import TaskState
from grayscale.wording import Reach

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("lowest", "highest", "words"),
    [
        ("", "", ""),
        ("8.2.0", "", "8.2.0 or higher"),
        ("", "8.3", "up to 8.3"),
        ("16", "18", "16 to 18"),
        ("8.2.0", "8.2.0", "8.2.0"),
    ],
)
def test_ranges(lowest, highest, words):
    assert wording.range_words(lowest, highest) == words


HARBOUR, METRO = ("Harbour Super App", "", ""), ("Metro Wallet", "", "")
BOTH_SYSTEMS = [("android", "", ""), ("ios", "", "")]


@pytest.mark.parametrize(
    ("reach", "words", "sentence"),
    [
        (
            Reach(
                applications=[("Harbour Super App", "8.2.0", "")],
                platforms=[("android", "10", ""), ("ios", "", "")],
                objects={"account": 318},
                choices={"network": ["5g", "wifi"]},
                bound=2,
            ),
            "Harbour Super App 8.2.0 or higher, Android 10 or higher and all iOS, in a list of 318 user accounts, "
            "on Wi-Fi or 5G",
            "Devices in Harbour Super App 8.2.0 or higher, on Android 10 or higher or any iOS, "
            "whose user account is on a list of 318, while on Wi-Fi or 5G.",
        ),
        (
            Reach(applications=[HARBOUR, METRO], platforms=BOTH_SYSTEMS, bound=2),
            "Both applications, Android and iOS, any network",
            "Devices in both applications, on any Android or any iOS.",
        ),
        (
            Reach(applications=[HARBOUR, METRO], bound=3),
            "Harbour Super App and Metro Wallet, any platform, any network",
            "Devices in Harbour Super App or Metro Wallet.",
        ),
        (
            Reach(applications=[HARBOUR], platforms=[("ios", "16", "18")], bound=1),
            "Harbour Super App, iOS 16 to 18",
            "Devices in Harbour Super App, on iOS 16 to 18.",
        ),
        (
            Reach(
                applications=[METRO],
                platforms=[("android", "", "")],
                objects={"device_id": 1024, "guid": 1},
                bound=1,
            ),
            "Metro Wallet, Android, in a list of 1 GUID, in a list of 1,024 device IDs",
            "Devices in Metro Wallet, on any Android, whose device ID is on a list of 1,024, "
            "whose GUID is on a list of 1.",
        ),
        (
            Reach(applications=[HARBOUR, METRO, ("Third", "", "")], choices={"network": ["2g"]}, bound=3),
            "All 3 applications, any platform, on 2G",
            "Devices in all 3 applications, while on 2G.",
        ),
        (Reach(bound=1), "No application, any platform, any network", "Nobody yet: choose at least one application."),
    ],
)
def test_conditions(reach, words, sentence):
    assert strip_tags(wording.conditions(reach)) == words
    assert strip_tags(wording.sentence(reach)) == sentence


def test_a_name_never_becomes_markup():
    reach = Reach(applications=[("<b>x</b>", "", "")], bound=1)
    for words in (wording.conditions(reach), wording.sentence(reach)):
        assert "<b>" not in words
        assert "&lt;b&gt;x&lt;/b&gt;" in words


def moment(day, hour=9, month=11, year=2026):
    return datetime(year, month, day, hour, tzinfo=UTC)


@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        (moment(21), moment(26), "21 – 26 Nov"),
        (moment(28, month=10), moment(1), "28 Oct – 1 Nov"),
        (moment(24), moment(24, 18), "24 Nov, 09:00 – 18:00"),
        (moment(30), moment(2, month=1, year=2027), "30 Nov – 2 Jan 2027"),
    ],
)
def test_windows(start, end, words):
    assert wording.window(SimpleNamespace(starts_at=start, ends_at=end)) == words


def fake(state, reason="", stored="", **times):
    """A task as far as its note looks at it."""
    return SimpleNamespace(
        state=stored or state,
        state_at=lambda at: state,
        state_reason=reason,
        state_since=NOW - timedelta(days=2),
        version="2.4.0",
        **times,
    )


@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize(
    ("task", "words"),
    [
        (fake(TaskState.PENDING, starts_at=NOW + timedelta(days=4, hours=3)), "starts in 4 days"),
        (fake(TaskState.PENDING, starts_at=NOW + timedelta(hours=3, minutes=59)), "starts in 3 h"),
        (fake(TaskState.DELIVERING, ends_at=NOW + timedelta(days=1, hours=23)), "1 day left"),
        (fake(TaskState.DELIVERING, ends_at=NOW + timedelta(seconds=5)), "1 min left"),
        (fake(TaskState.SUSPENDED, "by_hand"), "by hand, 22 Nov"),
        (fake(TaskState.SUSPENDED, "off_shelf"), "off the shelf, 22 Nov"),
        (fake(TaskState.ENDED, "by_hand"), "ended by hand"),
        (fake(TaskState.ENDED, "pulled_back"), "ended and pulled back"),
        (fake(TaskState.ENDED, "published"), "2.4.0 published"),
        (fake(TaskState.ENDED, "overtaken"), "a higher version published"),
        (fake(TaskState.ENDED, "unbound"), "no application bound"),
        (fake(TaskState.ENDED, "end_time"), "end time reached"),
        # Suspended by hand, and then its end has come, which nobody has written down yet.
        (fake(TaskState.ENDED, "by_hand", stored="suspended"), "end time reached"),
    ],
)
def test_what_the_window_means_now(task, words):
    assert wording.window_note(task, at=NOW) == words


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(days=4), "4 days"),
        (timedelta(days=1, hours=3, minutes=20), "1 day 3 h"),
        (timedelta(hours=3, minutes=20), "3 h 20 min"),
        (timedelta(minutes=12), "12 min"),
    ],
)
def test_how_long(length, words):
    assert wording.duration(NOW, NOW + length) == words
