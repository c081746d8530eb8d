"""The window of a task in words (G-10)."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import time_machine

from grayscale.presenters.window import duration, window_dates, window_note
from grayscale.states import TaskState

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


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
    assert window_dates(SimpleNamespace(starts_at=start, ends_at=end)) == words


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
        (fake(TaskState.SUSPENDED, "by_hand"), "suspended 22 Nov"),
        (fake(TaskState.SUSPENDED, "off_shelf"), "off the shelf, 22 Nov"),
        (fake(TaskState.ENDED, "by_hand"), "ended manually"),
        (fake(TaskState.ENDED, "pulled_back"), "ended and pulled back"),
        (fake(TaskState.ENDED, "published"), "2.4.0 published"),
        (fake(TaskState.ENDED, "overtaken"), "a higher version published"),
        (fake(TaskState.ENDED, "unbound"), "no host app bound"),
        (fake(TaskState.ENDED, "end_time"), "end time reached"),
        # Suspended by hand, and then its end has come, which nobody has written down yet.
        (fake(TaskState.ENDED, "by_hand", stored="suspended"), "end time reached"),
    ],
)
def test_what_the_window_means_now(task, words):
    assert window_note(task, at=NOW) == words


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
    assert duration(NOW, NOW + length) == words
