"""Starting by hand, suspending and resuming (G-4, G-6)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from console.base.core.errors import ActionRefused
from grayscale import actions, rules
from grayscale.models import GrayscaleTask
from miniprograms.models import Binding
from tests import factories


def refused(verb, task):
    """Return the words of the refusal; the page says the same of the row as it is now."""
    with pytest.raises(ActionRefused) as refusal:
        verb(task, by=task.created_by)
    now = GrayscaleTask.objects.select_related("mini_program").get(pk=task.pk)
    assert getattr(rules, f"why_not_{verb.__name__}")(now, at=timezone.now()) == refusal.value.message
    return refusal.value.message


def test_start_delivers_from_now_on(version, by, entries):
    task = factories.make_task(version, state="pending")
    planned = task.starts_at
    entries()
    before = timezone.now()
    started = actions.start(task, by=by)
    stored = GrayscaleTask.objects.get(pk=task.pk)
    assert (stored.state, stored.starts_at, stored.state_since) == ("delivering", started.starts_at, started.starts_at)
    assert before <= stored.starts_at <= timezone.now()
    (entry,) = entries()
    assert (entry.verb, entry.actor_id) == ("grayscale.started", by.pk)
    assert set(entry.changes()) == {
        ("state", "pending", "delivering"),
        ("starts", planned.isoformat(), stored.starts_at.isoformat()),
    }
    assert factories.make_claim(stored)


def test_an_editor_who_saw_the_planned_start_is_told(version, by):
    task = factories.make_task(version, state="pending")
    assert actions.start(task, by=by).revision == task.revision + 1


def test_start_is_refused(version):
    assert refused(actions.start, factories.make_task(version)) == "This task has already started."
    assert refused(actions.start, factories.make_task(version, state="suspended")) == ("This task has already started.")
    assert refused(actions.start, factories.make_task(version, state="ended")) == "This task has ended."
    pending = factories.make_task(version, state="pending")
    type(version.mini_program).objects.update(shelf="off")
    assert refused(actions.start, pending) == "The mini program is off the shelf. Put it back on the shelf first."


def test_suspend_takes_no_new_users_and_who_has_a_place_keeps_it(task, by, entries):
    device = factories.make_device()
    assert factories.make_claim(task, guid=device.guid)
    entries()
    actions.suspend(task, by=by, reason=" Crashes ")
    stored = GrayscaleTask.objects.get(pk=task.pk)
    assert (stored.state, stored.state_reason) == ("suspended", "by_hand")
    (entry,) = entries()
    assert (entry.verb, entry.actor_id, entry.reason) == ("grayscale.suspended", by.pk, "Crashes")
    assert set(entry.changes()) == {("state", "delivering", "suspended"), ("why", "", "by_hand")}
    assert not factories.make_claim(task)  # a process that has not heard of it asks as before
    assert factories.make_claim(task, guid=device.guid)
    task.mini_program.refresh_from_db()
    assert task.mini_program.last_change == "grayscale.suspended"


def test_suspend_is_refused(version, task, by):
    assert refused(actions.suspend, factories.make_task(version, state="pending")) == ("This task hasn’t started yet.")
    actions.suspend(task, by=by)
    assert refused(actions.suspend, task) == "This task is already suspended."
    assert refused(actions.suspend, factories.make_task(version, state="ended")) == "This task has ended."


def test_suspend_works_from_the_start_time_on_whatever_is_written(version, by):
    task = factories.make_task(version, state="pending")
    GrayscaleTask.objects.filter(pk=task.pk).update(starts_at=timezone.now() - timedelta(seconds=1))
    assert actions.suspend(task, by=by).state == "suspended"


def test_resume_takes_users_again(task, by, entries):
    actions.suspend(task, by=by)
    entries()
    actions.resume(task, by=by, reason="Fixed")
    stored = GrayscaleTask.objects.get(pk=task.pk)
    assert (stored.state, stored.state_reason) == ("delivering", "")
    (entry,) = entries()
    assert (entry.verb, entry.actor_id, entry.reason) == ("grayscale.resumed", by.pk, "Fixed")
    assert factories.make_claim(task)


def test_resume_is_refused(version, task, by):
    assert refused(actions.resume, task) == "This task isn’t suspended."
    assert refused(actions.resume, factories.make_task(version, state="pending")) == "This task isn’t suspended."
    assert refused(actions.resume, factories.make_task(version, state="ended")) == "This task has ended."
    actions.suspend(task, by=by)
    type(version.mini_program).objects.update(shelf="off")
    assert refused(actions.resume, task) == "The mini program is off the shelf. Put it back on the shelf first."
    assert not factories.make_claim(task)


def test_resume_needs_a_bound_application(task, by):
    actions.suspend(task, by=by)
    Binding.objects.all().delete()
    with pytest.raises(ActionRefused, match="None of the task’s host apps is bound"):
        actions.resume(task, by=by)


def test_nothing_is_resumed_after_the_end_time(task, by):
    actions.suspend(task, by=by)
    GrayscaleTask.objects.filter(pk=task.pk).update(ends_at=timezone.now() - timedelta(seconds=1))
    assert refused(actions.resume, task) == "This task has ended."
