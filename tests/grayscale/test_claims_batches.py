"""Devices that share a statement (G-5): each gets what it would get alone, and nobody waits in a circle."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db.models import Sum

from grayscale.claims import ClaimsUnavailable, DatabaseClaims, resize
from grayscale.decision import Candidate
from grayscale.models import SHARDS, ClaimShard, GrayscaleTask
from grayscale.program_state import rules_of
from tests.factories import make_candidate, make_device, make_task
from tests.grayscale.together import Session, guid, sessions

pytestmark = pytest.mark.django_db(transaction=True)
TAKE = (
    "SELECT grayscale_take(%s::text[], array_fill(%s::bigint[]::text, ARRAY[%s]), array_fill(%s::text, ARRAY[%s]),"
    " array_fill(7::bigint, ARRAY[%s]), array_fill('9'::text, ARRAY[%s]), array_fill('android'::text, ARRAY[%s]),"
    " array_fill('14'::text, ARRAY[%s]), array_fill('wifi'::text, ARRAY[%s]))"
)


@pytest.fixture
def tasks(transactional_db: None) -> list[GrayscaleTask]:
    """Two tasks of one version."""
    version = make_candidate()
    return [make_task(version), make_task(version)]


def values(tasks: list[GrayscaleTask], *numbers: int) -> list[object]:
    """The arguments for the devices with these numbers, all of which fit all the tasks."""
    count = len(numbers)
    may_claim = "{" + ",".join("t" for _ in tasks) + "}"
    return [[guid(n) for n in numbers], [task.pk for task in tasks], count, may_claim, *[count] * 6]


def take(session: Session, tasks: list[GrayscaleTask], *numbers: int) -> list[int | None]:
    """Ask for the devices at once."""
    found: list[int | None] = session.run(TAKE, *values(tasks, *numbers))
    return found


def counted(task: GrayscaleTask) -> tuple[int, int]:
    """Places by claims and by shards."""
    return task.claims.count(), ClaimShard.objects.filter(task=task).aggregate(taken=Sum("taken"))["taken"]


@pytest.mark.parametrize("limit", [1, 5, SHARDS, 21, 40])
def test_as_many_as_there_are_places_and_then_those_of_the_next_task(tasks: list[GrayscaleTask], limit: int) -> None:
    first, second = tasks
    resize(first, limit)
    resize(second, 3)
    numbers = range(limit + 5)
    with sessions(1) as (session,):
        expected = [first.pk] * limit + [second.pk] * 3 + [None] * 2
        assert take(session, tasks, *numbers) == expected
        assert take(session, tasks, *numbers) == expected  # each keeps what it has
    assert (counted(first), counted(second)) == ((limit, limit), (3, 3))


def test_one_device_twice_counts_once(tasks: list[GrayscaleTask]) -> None:
    with sessions(1) as (session,):
        assert take(session, tasks, 1, 1, 2) == [tasks[0].pk] * 3
    assert counted(tasks[0]) == (2, 2)


def test_who_holds_a_place_does_not_wait_for_another_ones_shard(tasks: list[GrayscaleTask]) -> None:
    """The first device gets a place; the second one's task is held by someone else, so it has to be asked for again."""
    first, second = tasks
    for task in tasks:
        ClaimShard.objects.filter(task=task).update(capacity=0)
        ClaimShard.objects.filter(task=task, shard=3).update(capacity=1)
    with sessions(2) as (holder, asker):
        holder.run("BEGIN")
        assert take(holder, [second], 9) == [second.pk]
        asker.run("SET statement_timeout = '5s'")
        assert take(asker, tasks, 1, 2) == [first.pk]
        holder.run("ROLLBACK")
        assert take(asker, tasks, 2) == [second.pk]
    assert (counted(first), counted(second)) == ((1, 1), (1, 1))


def test_many_share_statements_in_two_processes_worth_of_claims(tasks: list[GrayscaleTask]) -> None:
    """Threads of two senders, which ask for the same devices from both ends of the list, for fewer places."""
    resize(tasks[0], 50)
    resize(tasks[1], 30)
    rules = rules_of(GrayscaleTask.objects.filter(pk__in=[task.pk for task in tasks]))
    candidates = [Candidate(rules[task.pk], may_claim=True) for task in tasks]
    devices = [make_device() for _ in range(120)]
    senders = [DatabaseClaims(), DatabaseClaims()]

    def ask(number: int) -> tuple[str, int | None]:
        sender, device = senders[number % 2], devices[number // 2 if number % 2 else -1 - number // 2]
        taken = sender.take(candidates, device, application=7)
        return device.guid, taken.id if taken else None

    with ThreadPoolExecutor(24) as threads:
        answers = list(threads.map(ask, range(240)))
    for sender in senders:
        sender.close()
    assert (counted(tasks[0]), counted(tasks[1])) == ((50, 50), (30, 30))
    for task in tasks:
        assert {device for device, taken in answers if taken == task.pk} == set(
            task.claims.values_list("guid", flat=True)
        )


def test_a_task_that_somebody_has_locked_keeps_nobody_of_another_waiting(tasks: list[GrayscaleTask]) -> None:
    """Devices of both ask at once, again and again; those of the free task all get their places."""
    held, free = tasks
    rules = rules_of(GrayscaleTask.objects.filter(pk__in=[task.pk for task in tasks]))
    claims = DatabaseClaims()

    def ask(number: int) -> object:
        task = tasks[number % 2]
        try:
            taken = claims.take([Candidate(rules[task.pk], may_claim=True)], make_device(), application=7)
        except ClaimsUnavailable:
            return "no answer"
        return taken.id if taken else None

    with sessions(1) as (holder,), ThreadPoolExecutor(8) as threads:
        holder.run("BEGIN")
        holder.run("SELECT count(*) FROM (SELECT FROM grayscale_claimshard WHERE task_id = %s FOR UPDATE) _", held.pk)
        answers = list(threads.map(ask, range(48)))
        holder.run("ROLLBACK")
        claims._held_until = {}
        assert ask(0) == held.pk
    claims.close()
    assert answers == ["no answer", free.pk] * 24
