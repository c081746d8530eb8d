"""Editing a task (G-8)."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from console.base.core.errors import ActionRefused, Conflict
from grayscale import actions
from grayscale.events import TaskEdited
from grayscale.guardrail import Guardrail
from grayscale.models import GrayscaleTask, ObjectList
from grayscale.presenters.tasks import DELIVERED
from tests import factories


def same(task, **fields):
    """Return settings that change nothing but `fields`."""
    return replace(actions.settings_of(task), **fields)


def edit(task, **fields):
    """Change `fields` as the creator."""
    return actions.edit(task, by=task.created_by, revision=task.revision, settings=same(task, **fields))


def refused(task, **fields):
    """Return the field and the words of the refusal, which changed nothing."""
    before = stored(task)
    with pytest.raises(ActionRefused) as refusal:
        edit(task, **fields)
    assert stored(task) == before
    return refusal.value.field, refusal.value.message


def stored(task):
    """Return everything that an edit could change."""
    row = GrayscaleTask.objects.filter(pk=task.pk).values().get()
    lists = ("applications", "platforms", "object_lists", "shards")
    return row, [list(getattr(task, name).values()) for name in lists]


@pytest.fixture
def pending(version):
    """A task of tomorrow with an object list."""
    tomorrow = timezone.now() + timedelta(days=1)
    objects = factories.make_object_list(version.mini_program, values=["ann", "bob"])
    return factories.make_task(
        version, starts_at=tomorrow, ends_at=tomorrow + timedelta(days=1), object_lists=[objects], networks=["wifi"]
    )


def test_changes_everything_while_pending(version, pending, entries):
    program, old_list = version.mini_program, pending.object_lists.get()
    factories.make_binding(program)
    other = factories.make_approved(program, "1.2.0")
    more = factories.make_object_list(program, kind="guid", values=["0302" + "1" * 28])
    starts, ends = pending.starts_at + timedelta(hours=1), pending.ends_at + timedelta(hours=1)
    entries()
    applications = [(application, "1", "") for application in program.bindings.bound().applications()]
    edited = edit(
        pending,
        version=other,
        name="Renamed",
        starts_at=starts,
        ends_at=ends,
        user_limit=7,
        applications=applications,
        platforms=[("ios", "", "")],
        networks=[],
        object_lists=[more],
        guardrail=Guardrail(rate=Decimal(5), devices=10),
    )
    for task in (edited, GrayscaleTask.objects.get(pk=pending.pk)):
        assert (task.version, task.name, task.starts_at, task.ends_at) == (other, "Renamed", starts, ends)
        assert (task.user_limit, task.networks, task.revision, task.state) == (7, [], 2, "pending")
        assert len(task.applications.all()) == 2
        assert list(task.object_lists.all()) == [more]
        assert sum(shard.capacity for shard in task.shards.all()) == 7
    assert not ObjectList.objects.filter(pk=old_list.pk).exists()
    (entry,) = entries()
    assert (entry.verb, entry.actor_id) == ("grayscale.edited", pending.created_by_id)
    changed = {key for key, _before, _after in entry.changes()}
    assert changed == set(entry.after) - {"state"}
    assert set(entry.after) <= set(TaskEdited.fields)


def test_checks_a_pending_task_like_a_new_one(version, pending):
    assert refused(pending, name=" ")[0] == "name"
    assert refused(pending, ends_at=pending.starts_at)[0] == "ends_at"
    assert refused(pending, user_limit=0)[0] == "user_limit"
    assert refused(pending, applications=[])[0] == "applications"
    assert refused(pending, platforms=[("ios", "2", "1")])[0] == "platforms"
    assert refused(pending, networks=["lan"])[0] == "networks"
    assert refused(pending, version=factories.make_version(version.mini_program, "3.0.0"))[0] == "version"


def test_a_start_moved_to_the_past_delivers_at_once(pending, entries):
    entries()
    edited = edit(pending, starts_at=timezone.now() - timedelta(minutes=1))
    assert (edited.state, GrayscaleTask.objects.get(pk=pending.pk).state) == ("delivering", "delivering")
    assert [(entry.verb, entry.actor_id) for entry in entries()] == [
        ("grayscale.edited", pending.created_by_id),
        ("grayscale.started", None),
    ]


@pytest.mark.parametrize("state", ["delivering", "suspended"])
def test_after_the_start_changes_end_limit_name_and_adds_objects(version, entries, state):
    program = version.mini_program
    objects = factories.make_object_list(program, values=["ann"])
    more = factories.make_object_list(program, values=["bob"])
    task = factories.make_task(version, state=state, object_lists=[objects])
    entries()
    ends = task.ends_at + timedelta(days=1)
    edited = edit(task, name="Longer", ends_at=ends, user_limit=200, object_lists=[objects, more])
    assert (edited.name, edited.ends_at, edited.user_limit, edited.state) == ("Longer", ends, 200, state)
    assert list(edited.object_lists.all()) == [objects, more]
    (entry,) = entries()
    assert set(entry.changes()) == {
        ("name", task.name, "Longer"),
        ("users", 100, 200),
        ("ends", task.ends_at.isoformat(), ends.isoformat()),
        ("objects", "account: 1", "account: 1, account: 1"),
    }


def test_after_the_start_the_rest_is_fixed(version):
    program = version.mini_program
    objects = factories.make_object_list(program, values=["ann"])
    of_other_kind = factories.make_object_list(program, kind="device_id", values=["d1"])
    task = factories.make_task(version, object_lists=[objects], networks=["wifi"], platforms=[("ios", "15", "")])
    factories.make_binding(program)
    other = factories.make_approved(program, "1.2.0")
    application = task.applications.get().application
    fixed = "The task has started, so this can no longer change. Copy the task instead."
    assert refused(task, version=other) == ("version", fixed)
    assert refused(task, starts_at=task.starts_at - timedelta(hours=1)) == ("starts_at", fixed)
    assert refused(task, applications=[(application, "2", "")]) == ("applications", fixed)
    for platforms in ([], [("ios", "16", "")], [("ios", "15", ""), ("android", "", "")]):
        assert refused(task, platforms=platforms) == ("platforms", fixed)
    assert refused(task, networks=["wifi", "5g"]) == ("networks", fixed)
    assert refused(task, object_lists=[]) == ("object_lists", "The task has started. You can only add objects.")
    assert refused(task, object_lists=[objects, of_other_kind]) == (
        "object_lists",
        "This task has no such list. Adding one would exclude everyone else.",
    )
    assert refused(task, name="")[0] == "name"
    assert refused(task, ends_at=timezone.now() - timedelta(minutes=1))[0] == "ends_at"
    assert refused(task, user_limit=100_000_001)[0] == "user_limit"


def test_a_started_task_is_edited_though_its_conditions_would_not_pass_today(version):
    """An application that is unbound, or a page that shows only minutes, does not stand in the way."""
    program = version.mini_program
    factories.make_binding(program)
    task = factories.make_task(version)
    program.bindings.bound().filter(application=task.applications.first().application).delete()
    starts = task.starts_at.replace(second=0, microsecond=0)
    edited = edit(task, name="Renamed", starts_at=starts)
    assert (edited.name, edited.starts_at) == ("Renamed", task.starts_at)


def test_the_clock_decides_what_may_be_changed(version):
    """A task whose start has passed has started, whether or not that is written down."""
    task = factories.make_task(version, state="pending")
    GrayscaleTask.objects.filter(pk=task.pk).update(starts_at=timezone.now() - timedelta(seconds=1))
    task.refresh_from_db(fields=["starts_at"])
    assert task.state == "pending"
    assert refused(task, networks=["wifi"])[0] == "networks"
    assert edit(task, name="Renamed").state == "delivering"


def test_the_limit_is_never_below_what_is_delivered(task):
    assert [factories.make_claim(task) for _ in range(3)] == [True] * 3
    field, _words = refused(task, user_limit=2)
    assert field == "user_limit"
    edited = edit(task, user_limit=3)
    assert not factories.make_claim(edited)
    edit(edited, user_limit=4)
    assert factories.make_claim(task)
    assert not factories.make_claim(task)
    assert GrayscaleTask.objects.annotate(delivered=DELIVERED).get(pk=task.pk).delivered == 4


def test_saving_what_is_there_changes_nothing(pending, task, entries):
    entries()
    for one in (pending, task):
        before = stored(one)
        assert edit(one, name=f" {one.name}  ").revision == 1
        assert stored(one) == before
    assert entries() == []


def test_exchanging_a_list_for_one_of_the_same_length_is_a_change(version, pending, entries):
    other = factories.make_object_list(version.mini_program, values=["cat", "dan"])
    entries()
    edited = edit(pending, object_lists=[other])
    assert (list(edited.object_lists.all()), edited.revision) == ([other], 2)
    assert [entry.verb for entry in entries()] == ["grayscale.edited"]


def test_refuses_an_old_revision(pending):
    """Two editors: the second sees a conflict, and nothing of theirs is saved."""
    seen = pending.revision
    edit(pending, name="First")
    with pytest.raises(Conflict, match="Someone else changed this task while you were editing"):
        actions.edit(pending, by=pending.created_by, revision=seen, settings=same(pending, name="Second"))
    assert GrayscaleTask.objects.get(pk=pending.pk).name == "First"


def test_nothing_is_changed_after_the_end(task):
    actions.end(task, by=task.created_by)
    assert refused(task, name="Renamed") == (None, "This task has ended.")


def test_nothing_is_changed_after_the_end_time(task):
    past = timezone.now() - timedelta(seconds=1)
    GrayscaleTask.objects.filter(pk=task.pk).update(ends_at=past)
    assert refused(task, ends_at=past + timedelta(days=1)) == (None, "This task has ended.")
