"""Ending a task, and pulling back (G-4, G-6)."""

import pytest

from console.base.core.errors import ActionRefused
from grayscale import actions, decision
from grayscale.claims import DatabaseClaims
from grayscale.models import GrayscaleTask
from grayscale.program_state import program_state
from tests import factories

STATES = ["pending", "delivering", "suspended"]


def told(task, device, *, local_version):
    """Return the answer for the device now: status, version, channel."""
    application = task.applications.first().application_id
    at = task.created_at.timestamp() + 1
    program = type(task.mini_program).objects.get(pk=task.mini_program_id)
    answer = decision.decide(
        program_state(program),
        device,
        application=application,
        local_version=local_version,
        at=at,
        claims=DatabaseClaims(),
    )
    return answer.status, answer.release.number, answer.channel


@pytest.mark.parametrize("state", STATES)
def test_end_gives_the_version_to_nobody_any_more(version, by, entries, state):
    task = factories.make_task(version, state=state)
    entries()
    actions.end(task, by=by, reason=" Enough ")
    stored = GrayscaleTask.objects.get(pk=task.pk)
    assert (stored.state, stored.state_reason, stored.keeps) == ("ended", "by_hand", True)
    assert not factories.make_claim(task)
    (entry,) = entries()
    assert (entry.verb, entry.actor_id, entry.reason) == ("grayscale.ended", by.pk, "Enough")
    assert (entry.before["state"], entry.after) == (state, {"state": "ended", "why": "by_hand"})


def test_who_runs_it_keeps_it_and_who_does_not_run_it_yet_gets_it_no_more(task, by):
    runs, has_a_place = factories.make_device(), factories.make_device()
    for device in (runs, has_a_place):
        assert told(task, device, local_version="1.0.0") == ("update", "1.1.0", "grayscale")
    actions.end(task, by=by)
    assert told(task, runs, local_version="1.1.0") == ("current", "1.1.0", "grayscale")
    assert told(task, has_a_place, local_version="1.0.0") == ("current", "1.0.0", "online")
    assert told(task, factories.make_device(), local_version="1.1.0") == ("update", "1.0.0", "online")


def test_pull_back_sends_everybody_to_the_online_version(task, by, entries):
    device = factories.make_device()
    assert told(task, device, local_version="1.0.0") == ("update", "1.1.0", "grayscale")
    entries()
    actions.end(task, by=by, reason="Broken", pull_back=True)
    stored = GrayscaleTask.objects.get(pk=task.pk)
    assert (stored.state, stored.state_reason, stored.keeps) == ("ended", "pulled_back", False)
    assert told(task, device, local_version="1.1.0") == ("update", "1.0.0", "online")
    (entry,) = entries()
    assert (entry.verb, entry.actor_id, entry.reason) == ("grayscale.pulled_back", by.pk, "Broken")


def test_pull_back_also_reaches_places_in_tasks_of_the_version_that_ended_before(version, by):
    earlier, later = factories.make_task(version), factories.make_task(version)
    device = factories.make_device()
    for task in (earlier, later):
        assert factories.make_claim(task, guid=device.guid)
    actions.end(earlier, by=by)
    actions.end(later, by=by, pull_back=True)
    assert told(later, device, local_version="1.1.0") == ("update", "1.0.0", "online")


def test_pull_back_leaves_another_task_of_the_version_that_still_runs(version, by):
    running, other = factories.make_task(version), factories.make_task(version)
    device = factories.make_device()
    for task in (running, other):
        assert factories.make_claim(task, guid=device.guid)
    actions.suspend(running, by=by)
    actions.end(other, by=by, pull_back=True)
    assert told(running, device, local_version="1.1.0") == ("current", "1.1.0", "grayscale")


@pytest.mark.parametrize("pull_back", [False, True])
def test_the_end_is_final(version, by, entries, pull_back):
    task = factories.make_task(version, state="ended")
    entries()
    with pytest.raises(ActionRefused, match="This task has ended"):
        actions.end(task, by=by, pull_back=pull_back)
    assert GrayscaleTask.objects.get(pk=task.pk).keeps
    assert entries() == []
