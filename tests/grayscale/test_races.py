"""Verbs, the clock and claims at once: threads with connections of their own, and what must hold however they meet."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from threading import Barrier, Event
from typing import Any

import pytest
from django.utils import timezone

from console.base.activity.models import ActivityEntry
from console.base.core.errors import ActionRefused, Conflict
from grayscale import actions, lifecycle
from grayscale.claims import DatabaseClaims
from grayscale.decision import Candidate
from grayscale.models import Claim, GrayscaleTask
from grayscale.presenters.tasks import DELIVERED
from grayscale.program_state import rules_of
from miniprograms import actions as programs
from releases import actions as releases
from tests import factories
from tests.console.base.accounts.acting import at_once
from tests.grayscale.test_edit import same

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 4


def refusals(outcomes: list[Any]) -> int:
    """Return how many were refused."""
    return sum(isinstance(outcome, ActionRefused) for outcome in outcomes)


def verbs_of(task: GrayscaleTask) -> list[str]:
    """Return what the log says of the task, in its order."""
    entries = ActivityEntry.objects.filter(target_type="grayscaletask", target_id=task.pk).order_by("id")
    return [entry.verb.removeprefix("grayscale.") for entry in entries]


def now(task: GrayscaleTask) -> GrayscaleTask:
    """Return the task as it is stored."""
    return GrayscaleTask.objects.select_related("mini_program").get(pk=task.pk)


def delivered(task: GrayscaleTask) -> int:
    """Return how many users have a place, after holding the shares against the claims."""
    taken = GrayscaleTask.objects.annotate(delivered=DELIVERED).get(pk=task.pk).delivered
    assert Claim.objects.filter(task=task).count() == taken <= now(task).user_limit
    return taken


def asker(task: GrayscaleTask, begun: Barrier, done: Event) -> Callable[[], int]:
    """Return a call that asks for places for new devices until `done`, and then some: how many it got after it.

    `begun` lets the others go once everyone has got a first place.
    """
    (rule,) = rules_of(GrayscaleTask.objects.filter(pk=task.pk)).values()
    application = task.applications.first().application_id

    def ask() -> int:
        with closing(DatabaseClaims()) as claims:

            def takes() -> bool:
                device = factories.make_device()
                return claims.take([Candidate(rule, may_claim=True)], device, application=application) is not None

            assert takes()
            begun.wait()
            while not done.is_set():
                takes()
            return sum(takes() for _ in range(10))

    return ask


def while_asked(task: GrayscaleTask, verb: Callable[[], Any], askers: int = 4) -> int:
    """Let the verb run while devices ask; return how many places were given after it had returned."""
    begun, done = Barrier(askers + 1), Event()

    def act() -> int:
        begun.wait()
        try:
            verb()
        finally:
            done.set()
        return 0

    return sum(at_once(act, *(asker(task, begun, done) for _ in range(askers))))


@pytest.mark.parametrize("verb", [actions.suspend, actions.end])
def test_no_place_is_given_once_the_verb_is_committed(version, by, verb):
    task = factories.make_task(version, user_limit=100_000)
    assert while_asked(task, lambda: verb(task, by=by)) == 0
    assert delivered(task) >= 4


def test_no_place_is_given_once_the_program_is_off_the_shelf(version, by):
    task = factories.make_task(version, user_limit=100_000)
    program = version.mini_program
    assert while_asked(task, lambda: programs.take_off_shelf(program, by=by, reason="Test")) == 0
    assert now(task).state == "suspended"


def test_no_place_is_given_once_the_version_is_published(version, by):
    task = factories.make_task(version, user_limit=100_000)
    assert while_asked(task, lambda: releases.publish(version, by=by)) == 0
    assert (now(task).state, now(task).state_reason, now(task).keeps) == ("ended", "published", False)


def test_the_limit_holds_while_it_is_changed(version, by):
    """Editors move the limit up and down while devices ask; then the rest is given, to the last place."""
    task = factories.make_task(version, user_limit=20)

    def set_limit(limit: int) -> None:
        current = now(task)
        actions.edit(current, by=by, revision=current.revision, settings=same(current, user_limit=limit))

    def move_limit() -> None:
        for limit in (60, 25, 90, 40, 120):
            try:
                set_limit(limit)
            except ActionRefused as refused:
                assert refused.field == "user_limit"

    while_asked(task, move_limit)
    limit = now(task).user_limit
    assert sum(shard.capacity for shard in task.shards.all()) == limit == 120
    while delivered(task) < limit:
        assert factories.make_claim(task)
    assert not factories.make_claim(task)


def test_publish_and_suspend(version, by):
    program = version.mini_program
    for number in range(ROUNDS):
        version = factories.make_approved(program, f"2.{number}.0")
        task = factories.make_task(version)
        outcomes = at_once(lambda v=version: releases.publish(v, by=by), lambda t=task: actions.suspend(t, by=by))
        assert (now(task).state, now(task).state_reason, now(task).keeps) == ("ended", "published", False)
        assert verbs_of(task) == ["created", *(["suspended"] if not refusals(outcomes) else []), "ended"]


def test_publish_and_end(version, by):
    program = version.mini_program
    for number in range(ROUNDS):
        version = factories.make_approved(program, f"2.{number}.0")
        task = factories.make_task(version)
        outcomes = at_once(lambda v=version: releases.publish(v, by=by), lambda t=task: actions.end(t, by=by))
        why = "published" if refusals(outcomes) else "by_hand"
        assert (now(task).state, now(task).state_reason, now(task).keeps) == ("ended", why, False)
        assert verbs_of(task) == ["created", "ended"]


def test_publish_and_create(version, by):
    """No task runs whose version the online one has reached."""
    program = version.mini_program
    for number in range(ROUNDS):
        version = factories.make_approved(program, f"2.{number}.0")
        settings = factories.task_settings(version)
        _release, task = at_once(
            lambda v=version: releases.publish(v, by=by),
            lambda s=settings: actions.create(program, by=by, settings=s),
        )
        assert isinstance(task, ActionRefused) or now(task).state == "ended"
        assert not GrayscaleTask.objects.running(at=timezone.now()).exists()


def test_unbind_and_create(version, by):
    """No task runs without a bound application."""
    program = version.mini_program
    for _ in range(ROUNDS):
        binding = factories.make_binding(program)
        settings = factories.task_settings(version, applications=[(binding.application, "", "")])
        _binding, task = at_once(
            lambda b=binding: programs.unbind(b, by=by),
            lambda s=settings: actions.create(program, by=by, settings=s),
        )
        assert isinstance(task, ActionRefused) or now(task).state_reason == "unbound"
        assert not GrayscaleTask.objects.running(at=timezone.now()).exists()


@pytest.mark.parametrize(
    ("verb", "state", "entry"),
    [
        (actions.start, "pending", "started"),
        (actions.suspend, "delivering", "suspended"),
        (actions.resume, "suspended", "resumed"),
        (actions.end, "delivering", "ended"),
    ],
)
def test_a_verb_works_once_when_many_do_it_at_once(version, by, verb, state, entry):
    task = factories.make_task(version, state=state)
    outcomes = at_once(*[lambda: verb(task, by=by)] * 6)
    assert refusals(outcomes) == 5
    assert verbs_of(task)[1:].count(entry) == 1
    assert verbs_of(task)[-1] == entry


def test_suspend_and_resume_always_alternate(version, by):
    task = factories.make_task(version)
    outcomes = at_once(*[lambda: actions.suspend(task, by=by), lambda: actions.resume(task, by=by)] * 4)
    moves = verbs_of(task)[1:]
    assert moves == [["suspended", "resumed"][number % 2] for number in range(len(moves))]
    assert len(moves) == len(outcomes) - refusals(outcomes) >= 1
    assert now(task).state == ("suspended" if len(moves) % 2 else "delivering")
    assert set(task.shards.values_list("open", flat=True)) == {now(task).state == "delivering"}


def test_of_two_editors_one_is_told(version, by):
    task = factories.make_task(version, state="pending")
    names = [f"Editor {number}" for number in range(6)]
    outcomes = at_once(*[lambda n=n: actions.edit(task, by=by, revision=1, settings=same(task, name=n)) for n in names])
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 5
    (saved,) = [outcome for outcome in outcomes if not isinstance(outcome, ActionRefused)]
    assert (now(task).name, now(task).revision) == (saved.name, 2)
    assert verbs_of(task) == ["created", "edited"]


def test_one_draft_becomes_part_of_one_task(version, by):
    draft = factories.make_object_list(version.mini_program)
    settings = factories.task_settings(version, object_lists=[draft])
    outcomes = at_once(*[lambda: actions.create(version.mini_program, by=by, settings=settings)] * 4)
    assert refusals(outcomes) == 3
    (task,) = GrayscaleTask.objects.all()
    assert list(task.object_lists.all()) == [draft]


def sweep() -> int:
    """Write down what the clock has decided."""
    return lifecycle.keep_time(at=timezone.now())


def overdue(version) -> GrayscaleTask:
    """A task whose start has passed although nobody has written it down."""
    task = factories.make_task(version, state="pending")
    GrayscaleTask.objects.filter(pk=task.pk).update(starts_at=timezone.now())
    return task


def test_the_sweep_and_the_shelf(version, by):
    program = version.mini_program
    for _ in range(ROUNDS):
        task, later = overdue(version), factories.make_task(version, state="pending")
        at_once(sweep, lambda: programs.take_off_shelf(program, by=by, reason="Test"))
        assert (now(task).state, verbs_of(task)) == ("suspended", ["created", "started", "suspended"])
        GrayscaleTask.objects.filter(pk=later.pk).update(starts_at=timezone.now())
        at_once(sweep, lambda: programs.put_on_shelf(program, by=by))
        assert (now(later).state, verbs_of(later)) == ("suspended", ["created", "suspended"])


def test_many_sweeps_write_each_move_once(version):
    tasks = [overdue(version), overdue(version), overdue(factories.make_candidate())]
    at_once(*[sweep] * 6)
    sweep()
    assert [verbs_of(task) for task in tasks] == [["created", "started"]] * 3
