"""What happens to tasks when their program is published, rolled back, shelved or unbound (G-4, G-6, G-9, L-4, L-6)."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from console.base.accounts.models import Notification
from grayscale.models import GrayscaleTask
from miniprograms import actions as programs
from releases import actions as releases
from tests import factories

STATES = ["pending", "delivering", "suspended"]


def stored(task):
    """Return the state as it is written, and why."""
    row = GrayscaleTask.objects.get(pk=task.pk)
    return row.state, row.state_reason


def moves(found):
    """Return verb and actor of entries about tasks."""
    return [(entry.verb, entry.actor_id) for entry in found if entry.verb.startswith("grayscale.")]


@pytest.mark.parametrize("state", STATES)
def test_publishing_ends_tasks_of_the_same_and_of_smaller_versions(version, by, entries, state):
    program = version.mini_program
    middle, higher = (factories.make_approved(program, number) for number in ("1.2.0", "1.10.0"))
    tasks = [factories.make_task(one, state=state) for one in (version, middle, higher)]
    others = factories.make_task(state=state)
    entries()
    releases.publish(middle, by=by)
    assert [stored(task)[0] for task in tasks] == ["ended", "ended", state]
    assert [stored(task)[1] for task in tasks[:2]] == ["overtaken", "published"]
    assert stored(others)[0] == state
    assert moves(entries()) == [("grayscale.ended", by.pk)] * 2
    for task in tasks[:2]:
        assert not task.shards.filter(open=True).exists()
        assert not GrayscaleTask.objects.get(pk=task.pk).keeps
        assert not factories.make_claim(task)


def test_a_task_whose_end_time_has_come_was_ended_by_the_clock_not_by_the_release(version, by):
    task = factories.make_task(version)
    GrayscaleTask.objects.filter(pk=task.pk).update(ends_at=timezone.now() - timedelta(seconds=1))
    releases.publish(version, by=by)
    assert stored(task) == ("ended", "end_time")
    assert not GrayscaleTask.objects.get(pk=task.pk).keeps


def test_the_next_release_takes_the_version_from_who_kept_it(version, by):
    ended = factories.make_task(version, state="ended")
    elsewhere = factories.make_task(state="ended")
    assert GrayscaleTask.objects.get(pk=ended.pk).keeps
    factories.make_online(version.mini_program, "1.0.1")
    assert not GrayscaleTask.objects.get(pk=ended.pk).keeps
    assert GrayscaleTask.objects.get(pk=elsewhere.pk).keeps


def test_a_roll_back_ends_no_task_and_takes_the_version_from_who_kept_it(version, by, entries):
    program = version.mini_program
    factories.make_online(program, "1.0.1")
    ended, running = factories.make_task(version, state="ended"), factories.make_task(version)
    entries()
    releases.roll_back(program.versions.numbered("1.0.0").get(), by=by)
    assert stored(running) == ("delivering", "")
    assert not GrayscaleTask.objects.get(pk=ended.pk).keeps
    assert GrayscaleTask.objects.get(pk=running.pk).keeps
    assert moves(entries()) == []


def test_off_the_shelf_suspends_what_delivers(version, by, entries):
    program = version.mini_program
    tasks = {state: factories.make_task(version, state=state) for state in [*STATES, "ended"]}
    others = factories.make_task()
    entries()
    programs.take_off_shelf(program, by=by, reason="Test")
    assert {state: stored(task) for state, task in tasks.items()} == {
        "pending": ("pending", ""),
        "delivering": ("suspended", "off_shelf"),
        "suspended": ("suspended", "by_hand"),
        "ended": ("ended", "by_hand"),
    }
    assert stored(others)[0] == "delivering"
    assert moves(entries()) == [("grayscale.suspended", by.pk)]
    assert not factories.make_claim(tasks["delivering"])
    assert not Notification.objects.filter(text__contains=str(tasks["delivering"])).exists()


def test_back_on_the_shelf_nothing_goes_on_by_itself(version, by, entries):
    program, task = version.mini_program, factories.make_task(version)
    programs.take_off_shelf(program, by=by, reason="Test")
    entries()
    programs.put_on_shelf(program, by=by)
    assert stored(task) == ("suspended", "off_shelf")
    assert moves(entries()) == []
    assert not factories.make_claim(task)


def test_off_the_shelf_at_the_start_time_suspends_although_nothing_was_written(version, by, entries):
    task = factories.make_task(version, state="pending")
    entries()
    with time_machine.travel(task.starts_at, tick=False):
        programs.take_off_shelf(version.mini_program, by=by, reason="Test")
    assert stored(task) == ("suspended", "off_shelf")
    assert moves(entries()) == [("grayscale.started", None), ("grayscale.suspended", by.pk)]


@pytest.mark.parametrize("state", STATES)
def test_without_any_bound_application_a_task_ends(version, by, entries, state):
    program = version.mini_program
    factories.make_binding(program)
    first, second = program.bindings.bound().order_by("id")
    task = factories.make_task(version, state=state)
    of_first = factories.make_task(version, state=state, applications=[(first.application, "", "")])
    entries()
    programs.unbind(first, by=by)
    assert (stored(task)[0], stored(of_first)) == (state, ("ended", "unbound"))
    assert moves(entries()) == [("grayscale.ended", by.pk)]
    programs.unbind(second, by=by)
    assert stored(task) == ("ended", "unbound")
    assert not Notification.objects.filter(text__contains="none of its host apps").exists()


def test_the_team_is_told_when_the_host_side_ended_it(version, by):
    task = factories.make_task(version)
    manager = factories.make_member(version.mini_program.team, "admin")
    factories.make_member(version.mini_program.team, "developer")
    binding = version.mini_program.bindings.bound().get()
    programs.remove_from_application(binding, by=factories.make_reviewer(binding.application), reason="Contract over")
    notes = Notification.objects.filter(text__contains="none of its host apps")
    assert {note.user for note in notes} == {by, manager}
    assert {note.url for note in notes} == {task.get_absolute_url()}
    assert stored(task) == ("ended", "unbound")


def test_the_page_that_publishes_ends_several_tasks(version, by, signed_in):
    program = version.mini_program
    tasks = [factories.make_task(version, state=state) for state in STATES]
    url = reverse("releases:publish", args=[program.app_id, version.number])
    assert signed_in(by).post(url, {"note": ""}).status_code == 302
    assert {stored(task)[0] for task in tasks} == {"ended"}
