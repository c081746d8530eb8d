"""What the clock decides, and the sweep that writes it down (G-4)."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from console.base.accounts.models import Notification
from console.celery import SCHEDULE
from grayscale import actions, lifecycle
from grayscale.models import GrayscaleTask
from grayscale.tasks import discard_old_drafts, keep_time, keep_watch
from miniprograms import actions as programs
from tests import factories

HOUR = timedelta(hours=1)


@pytest.fixture
def pending(version):
    """Delivers in an hour, for an hour."""
    now = timezone.now()
    return factories.make_task(version, starts_at=now + HOUR, ends_at=now + 2 * HOUR)


def sweep(at):
    """Let the sweep run at a moment; return the task as it is stored then."""
    with time_machine.travel(at, tick=False):
        return lifecycle.keep_time(at=at)


def stored(task):
    """Return the state as it is written, why, and since when."""
    row = GrayscaleTask.objects.get(pk=task.pk)
    return row.state, row.state_reason, row.state_since


def test_the_sweeps_are_on_the_timetable():
    assert {sweep.name for sweep in (keep_time, discard_old_drafts, keep_watch)} <= set(SCHEDULE)


def test_before_its_start_nothing_moves(pending, entries):
    entries()
    assert sweep(pending.starts_at - timedelta(microseconds=1)) == 0
    assert (stored(pending)[0], entries()) == ("pending", [])


def test_the_start_is_written_down(pending, entries):
    entries()
    assert sweep(pending.starts_at) == 1
    assert stored(pending) == ("delivering", "", pending.starts_at)
    (entry,) = entries()
    assert (entry.verb, entry.actor_id, entry.changes()) == (
        "grayscale.started",
        None,
        [("state", "pending", "delivering")],
    )
    assert sweep(pending.starts_at) == 0
    assert entries() == []


@pytest.mark.parametrize("suspended", [False, True])
def test_the_end_is_written_down_and_the_creator_told(pending, by, entries, suspended):
    sweep(pending.starts_at)
    if suspended:
        with time_machine.travel(pending.starts_at, tick=False):
            actions.suspend(pending, by=by)
    Notification.objects.all().delete()
    entries()
    assert sweep(pending.ends_at - timedelta(microseconds=1)) == 0
    assert sweep(pending.ends_at) == 1
    assert stored(pending) == ("ended", "end_time", pending.ends_at)
    assert GrayscaleTask.objects.get(pk=pending.pk).keeps
    assert not pending.shards.filter(open=True).exists()
    (entry,) = entries()
    assert (entry.verb, entry.actor_id, entry.after) == (
        "grayscale.ended",
        None,
        {"state": "ended", "why": "end_time"},
    )
    (note,) = Notification.objects.all()
    assert (note.user, note.url) == (by, pending.get_absolute_url())
    assert note.text == f"{pending.mini_program}: “{pending}” ended at its end time"
    assert sweep(pending.ends_at + HOUR) == 0


def test_an_outage_over_the_whole_window_is_caught_up(pending, entries):
    entries()
    assert sweep(pending.ends_at + 100 * HOUR) == 1
    assert stored(pending) == ("ended", "end_time", pending.ends_at)
    assert [entry.verb for entry in entries()] == ["grayscale.started", "grayscale.ended"]


def test_a_late_sweep_neither_delays_nor_prolongs(pending):
    """Nothing is written down, and yet it delivers exactly in its window."""
    for at, state in (
        (pending.starts_at - timedelta(microseconds=1), "pending"),
        (pending.starts_at, "delivering"),
        (pending.ends_at - timedelta(microseconds=1), "delivering"),
        (pending.ends_at, "ended"),
    ):
        assert GrayscaleTask.objects.get(pk=pending.pk).state_at(at) == state
        assert GrayscaleTask.objects.overdue(at=at).exists() == (state != "pending")


def test_off_the_shelf_a_start_leaves_the_task_suspended(pending, by, entries):
    programs.take_off_shelf(pending.mini_program, by=by, reason="Test")
    entries()
    assert sweep(pending.starts_at + HOUR / 2) == 1
    assert stored(pending) == ("suspended", "off_shelf", pending.starts_at)
    assert not pending.shards.filter(open=True).exists()
    (entry,) = entries()
    assert (entry.verb, entry.actor_id) == ("grayscale.suspended", None)
    assert set(entry.changes()) == {("state", "pending", "suspended"), ("why", "", "off_shelf")}
    assert [note.text for note in Notification.objects.filter(user=by, text__contains="didn’t start")] == [
        f"{pending.mini_program}: “{pending}” didn’t start because the mini program is off the shelf"
    ]
    with time_machine.travel(pending.starts_at + HOUR / 2, tick=False):
        programs.put_on_shelf(pending.mini_program, by=by)
        assert stored(pending)[0] == "suspended"
        actions.resume(pending, by=by)
    assert stored(pending)[0] == "delivering"


def test_a_start_off_the_shelf_counts_also_when_no_sweep_came_by_then(pending, by):
    """Whether the sweep was late makes no difference: back on the shelf someone has to resume."""
    programs.take_off_shelf(pending.mini_program, by=by, reason="Test")
    with time_machine.travel(pending.starts_at + HOUR / 2, tick=False):
        programs.put_on_shelf(pending.mini_program, by=by)
    assert stored(pending) == ("suspended", "off_shelf", pending.starts_at)


def test_an_end_off_the_shelf(pending, by):
    programs.take_off_shelf(pending.mini_program, by=by, reason="Test")
    assert sweep(pending.ends_at) == 1
    assert stored(pending)[:2] == ("ended", "end_time")


def test_each_verb_settles_first(pending, by, entries):
    """A verb finds the state that the clock has decided, and writes that down as a move of its own."""
    entries()
    with time_machine.travel(pending.starts_at, tick=False):
        actions.suspend(pending, by=by)
    assert [(entry.verb, entry.actor_id) for entry in entries()] == [
        ("grayscale.started", None),
        ("grayscale.suspended", by.pk),
    ]


def test_the_sweep_moves_all_tasks_of_all_programs(version):
    now = timezone.now()
    tasks = [factories.make_task(one) for one in (version, version, factories.make_candidate())]
    GrayscaleTask.objects.update(ends_at=now)
    assert lifecycle.keep_time(at=now) == 3
    assert {stored(task)[0] for task in tasks} == {"ended"}
