"""Who gets a place when many ask at once (G-5), and what waits for what."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db.models import Sum

from grayscale.claims import resize
from grayscale.models import Claim, ClaimShard, GrayscaleTask
from tests.factories import make_candidate, make_task
from tests.grayscale.together import Session, guid, sessions

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def task(transactional_db: None) -> GrayscaleTask:
    """Delivers to three, and all three places are in one shard."""
    task = make_task(make_candidate())
    places(task, **{"0": 3})
    return task


def places(task: GrayscaleTask, **shards: int) -> None:
    """Give the shards with these numbers that many places, and the others none."""
    ClaimShard.objects.filter(task=task).update(capacity=0)
    for number, capacity in shards.items():
        ClaimShard.objects.filter(task=task, shard=int(number)).update(capacity=capacity)


def counted(task: GrayscaleTask) -> tuple[int, int]:
    """Places by claims and by shards."""
    return task.claims.count(), ClaimShard.objects.filter(task=task).aggregate(taken=Sum("taken"))["taken"]


def deadlocks(session: Session) -> int:
    """How many this database has seen."""
    return int(session.run("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"))


@pytest.mark.parametrize(("limit", "devices"), [(1, 32), (7, 40), (40, 100), (100, 100)])
def test_exactly_as_many_as_there_are_places(task: GrayscaleTask, limit: int, devices: int) -> None:
    resize(task, limit)
    start = threading.Barrier(16)
    with sessions(16) as crowd:

        def ask(number: int) -> list[tuple[int, int | None]]:
            start.wait()
            # Each device asks in two sessions, which begin at different ends.
            own = [n for n in range(devices) if n % 8 == number % 8]
            return [(n, crowd[number].take(n, [task.pk])) for n in (own if number < 8 else reversed(own))]

        with ThreadPoolExecutor(16) as threads:
            told = [answer for answers in threads.map(ask, range(16)) for answer in answers]
        yes = {n for n, taken in told if taken == task.pk}
        assert len(yes) == limit
        assert counted(task) == (limit, limit)
        assert set(task.claims.values_list("guid", flat=True)) == {guid(n) for n in yes}
        assert all(crowd[0].take(n, [task.pk]) == task.pk for n in yes)


@pytest.mark.parametrize("ending", ["COMMIT", "ROLLBACK"])
def test_full_is_only_said_of_what_was_committed(task: GrayscaleTask, ending: str) -> None:
    resize(task, 1)
    with sessions(2) as (holder, asker):
        holder.run("BEGIN")
        assert holder.take(1, [task.pk]) == task.pk
        asker.start_taking(2, task.pk)
        asker.wait_until_waiting()
        holder.run(ending)
        assert asker.outcome() == (None if ending == "COMMIT" else task.pk)
    assert counted(task) == (1, 1)
    assert task.claims.get().guid == guid(1 if ending == "COMMIT" else 2)


@pytest.mark.parametrize("ending", ["COMMIT", "ROLLBACK"])
def test_one_device_in_two_requests_counts_once(task: GrayscaleTask, ending: str) -> None:
    with sessions(2) as (holder, asker):
        holder.run("BEGIN")
        assert holder.take(1, [task.pk]) == task.pk
        asker.start_taking(1, task.pk)
        asker.wait_until_waiting()
        holder.run(ending)
        assert asker.outcome() == task.pk
    assert counted(task) == (1, 1)


def test_places_that_move_to_another_shard_meanwhile_are_found(task: GrayscaleTask) -> None:
    places(task, **{"3": 1})
    with sessions(2) as (editor, asker):
        editor.run("BEGIN")
        editor.run("UPDATE grayscale_claimshard SET capacity = 0 WHERE task_id = %s AND shard = 3", task.pk)
        asker.start_taking(1, task.pk)
        asker.wait_until_waiting()
        editor.run("UPDATE grayscale_claimshard SET capacity = 1 WHERE task_id = %s AND shard = 9", task.pk)
        editor.run("COMMIT")
        assert asker.outcome() == task.pk


def test_claims_and_verbs_meet_in_no_deadlock(task: GrayscaleTask) -> None:
    places(task, **{"1": 1})
    with sessions(3) as (holder, asker, verb):
        before = deadlocks(verb)
        holder.run("BEGIN")
        holder.take(1, [task.pk])
        asker.start_taking(2, task.pk)  # waits for the place in shard 1
        asker.wait_until_waiting()
        verb.run("UPDATE grayscale_claimshard SET capacity = 1 WHERE task_id = %s AND shard = 0", task.pk)
        verb.run("BEGIN")
        lock = "SELECT FROM grayscale_claimshard WHERE task_id = %s AND shard = %s FOR NO KEY UPDATE"
        verb.run(lock.replace("SELECT", "SELECT 1"), task.pk, 0)
        verb.start(lock.replace("SELECT", "SELECT 1"), task.pk, 1)  # in order, as the verbs do; behind the asker
        verb.wait_until_waiting()
        holder.run("COMMIT")  # in vain for the asker, who then goes to shard 0, which the verb holds
        assert verb.outcome() == 1
        asker.wait_until_waiting()
        verb.run("UPDATE grayscale_claimshard SET open = false WHERE task_id = %s", task.pk)
        verb.run("COMMIT")
        assert asker.outcome() is None
        assert deadlocks(verb) == before
    assert counted(task) == (1, 1)


def test_who_has_a_place_waits_for_nothing(task: GrayscaleTask) -> None:
    with sessions(2) as (holder, asker):
        asker.take(1, [task.pk])
        holder.run("BEGIN")
        holder.run("LOCK TABLE grayscale_grayscaletask, grayscale_claimshard IN ACCESS EXCLUSIVE MODE")
        asker.run("SET statement_timeout = '5s'")
        assert asker.take(1, [task.pk]) == task.pk


def test_a_new_place_does_not_touch_the_task(task: GrayscaleTask) -> None:
    with sessions(2) as (holder, asker):
        holder.run("BEGIN")
        holder.run("LOCK TABLE grayscale_grayscaletask IN ACCESS EXCLUSIVE MODE")
        asker.run("SET statement_timeout = '5s'")
        assert asker.take(1, [task.pk]) == task.pk


def test_only_a_new_place_is_a_write(task: GrayscaleTask) -> None:
    resize(task, 1)
    with sessions(1) as (asker,):

        def writes(number: int, *, may_claim: bool = True) -> bool:
            asker.run("BEGIN")
            asker.take(number, [task.pk], may_claim=may_claim)
            written = asker.run("SELECT pg_current_xact_id_if_assigned() IS NOT NULL")
            asker.run("COMMIT")
            return bool(written)

        assert not writes(1, may_claim=False)
        assert writes(1)
        assert not writes(1)
        assert not writes(2)  # It is full.


def test_a_place_is_on_the_disk_whatever_the_database_is_told(task: GrayscaleTask) -> None:
    with sessions(1) as (asker,):
        asker.run("SET synchronous_commit = off")
        asker.run("BEGIN")
        asker.take(1, [task.pk])
        assert asker.run("SHOW synchronous_commit") == "on"
        asker.run("COMMIT")
        assert asker.run("SHOW synchronous_commit") == "off"


def test_plans_of_an_empty_table_do_not_last(task: GrayscaleTask) -> None:
    resize(task, 100_000)
    with sessions(1) as (asker,):
        asker.run("VACUUM ANALYZE grayscale_claim, grayscale_claimshard")
        for number in range(10):  # so that the plans are kept
            asker.take(number, [task.pk])
        asker.run(
            "INSERT INTO grayscale_claim"
            " (task_id, guid, claimed_at, application_id, app_version, platform, os_version, network)"
            " SELECT %s, '0303' || lpad(n::text, 28, '0'), now(), 1, '1', 'ios', '1', 'wifi'"
            " FROM generate_series(1, 20000) AS n",
            task.pk,
        )
        asker.run("BEGIN")
        for number in range(100, 130):
            asker.take(number, [task.pk])
        read = "SELECT seq_tup_read FROM pg_stat_xact_user_tables WHERE relname = %s"
        assert [asker.run(read, name) for name in ("grayscale_claim", "grayscale_claimshard")] == [0, 0]
        asker.run("COMMIT")
    assert Claim.objects.count() == 20_040
