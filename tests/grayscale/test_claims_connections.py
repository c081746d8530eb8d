"""The update check's own connections: as many as threads ask at once, and an error is never taken for an answer."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from django.db import connection, transaction

from grayscale.claims import ClaimsUnavailable, DatabaseClaims, close_shards, resize
from grayscale.decision import Candidate, TaskRule
from grayscale.models import GrayscaleTask
from grayscale.program_state import rules_of
from tests.factories import make_candidate, make_device, make_task
from tests.grayscale.together import sessions

NAME = "claims under test"
Ask = Callable[[SimpleNamespace], bool]


@pytest.fixture
def task(transactional_db: None) -> GrayscaleTask:
    """Delivers to more than ask here."""
    return make_task(make_candidate(), user_limit=1000)


@pytest.fixture
def claims(monkeypatch: pytest.MonkeyPatch) -> Iterator[DatabaseClaims]:
    """With connections that can be distinguished from others."""
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "application_name", NAME)
    monkeypatch.setattr("grayscale.claims.HELD_SECONDS", 0.0)  # Each question is put to the database.
    claims = DatabaseClaims()
    yield claims
    claims.close()


@pytest.fixture
def ask(task: GrayscaleTask, claims: DatabaseClaims) -> Ask:
    """Ask whether a device has, or gets, a place in the task."""
    rules = [rule(task)]
    return lambda device: ask_for(claims, device, rules) is rules[0]


def rule(task: GrayscaleTask) -> TaskRule:
    """The task as the update check knows it."""
    return rules_of(GrayscaleTask.objects.filter(pk=task.pk))[task.pk]


def ask_for(claims: DatabaseClaims, device: SimpleNamespace, rules: list[TaskRule]) -> TaskRule | None:
    """Ask for a place in the first of the tasks that has one."""
    return claims.take([Candidate(one, may_claim=True) for one in rules], device, application=7)


def query(statement: str) -> int:
    """Return a number that the database knows of the connections under test."""
    with connection.cursor() as cursor:
        cursor.execute(statement + " WHERE datname = current_database() AND application_name = %s", [NAME])
        return int(cursor.fetchone()[0])


def opened() -> int:
    """How many connections there are."""
    return query("SELECT count(*) FROM pg_stat_activity")


def terminate() -> int:
    """End them from the other side; return how many, when all are gone."""
    count = query("SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity")
    assert opened() == 0
    return count


def test_one_connection_does_for_one_thread(ask: Ask) -> None:
    assert all(ask(make_device()) for _ in range(20))
    assert opened() == 1


def test_threads_leave_no_connections_behind(ask: Ask, claims: DatabaseClaims) -> None:
    for _ in range(3):
        with ThreadPoolExecutor(4) as threads:  # Other threads each time, as a server's that come and go.
            assert all(threads.map(ask, [make_device() for _ in range(40)]))
    assert 1 <= opened() <= 4
    claims.close()
    with sessions(1) as (session,):
        while opened():
            session.run("SELECT 1")  # PostgreSQL notices in a moment.


def test_a_dead_connection_is_replaced(ask: Ask, task: GrayscaleTask) -> None:
    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(ask, [make_device() for _ in range(40)]))
    assert terminate() >= 1
    assert ask(make_device())
    assert opened() == 1  # The other dead ones were not tried.
    assert task.claims.count() == 41


def test_cut_off_in_the_middle_is_asked_again_and_counts_once(ask: Ask, task: GrayscaleTask) -> None:
    ask(make_device())
    device = make_device()
    with sessions(1) as (holder,), ThreadPoolExecutor(1) as threads:
        holder.run("BEGIN")
        holder.run("UPDATE grayscale_claimshard SET taken = taken WHERE task_id = %s", task.pk)
        answer = threads.submit(ask, device)
        while not query("SELECT count(*) FILTER (WHERE wait_event_type = 'Lock') FROM pg_stat_activity"):
            assert not answer.done()
        terminate_one = "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
        assert query(terminate_one) == 1
        holder.run("COMMIT")
        assert answer.result() is True
    assert task.claims.filter(guid=device.guid).count() == 1
    assert sum(task.shards.values_list("taken", flat=True)) == task.claims.count() == 2


def test_no_answer_while_the_database_is_away(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, task: GrayscaleTask, claims: DatabaseClaims
) -> None:
    known = make_device()
    assert ask(known)
    terminate()
    with monkeypatch.context() as patch:
        patch.setitem(connection.settings_dict, "HOST", "/nonexistent")
        for _ in range(3):
            with pytest.raises(ClaimsUnavailable):
                ask(make_device())
        assert ask(known)  # A place is never taken away.
    device = make_device()
    while True:  # The pause is as long as the last attempt took.
        try:
            assert ask(device)
            break
        except ClaimsUnavailable:
            continue
    assert task.claims.count() == 2


def test_no_answer_instead_of_waiting_for_ever(ask: Ask, task: GrayscaleTask) -> None:
    with sessions(1) as (holder,):
        holder.run("ALTER FUNCTION grayscale_take SET lock_timeout = '50ms'")
        try:
            holder.run("BEGIN")
            holder.run("UPDATE grayscale_claimshard SET taken = taken WHERE task_id = %s", task.pk)
            with pytest.raises(ClaimsUnavailable, match="lock timeout"):
                ask(make_device())
            holder.run("COMMIT")
        finally:
            holder.run("ALTER FUNCTION grayscale_take SET lock_timeout = '500ms'")
    assert task.claims.count() == 0
    assert ask(make_device())


def test_an_error_in_the_callers_transaction_is_no_answer(ask: Ask) -> None:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = '50ms'")
            with sessions(1) as (holder,):
                holder.run("BEGIN")
                holder.run("LOCK TABLE grayscale_claim IN ACCESS EXCLUSIVE MODE")
                with pytest.raises(ClaimsUnavailable, match="statement timeout"):
                    ask(make_device())
        transaction.set_rollback(True)


def test_a_known_place_in_the_first_task_needs_no_database(
    ask: Ask, claims: DatabaseClaims, task: GrayscaleTask
) -> None:
    other, known, elsewhere = make_task(task.version), make_device(), make_device()
    rules = [rule(task), rule(other)]
    ask(known)
    ask_for(claims, elsewhere, rules[1:])
    close_shards(task)
    with sessions(1) as (holder,):
        holder.run("ALTER FUNCTION grayscale_look(text, bigint[], boolean[]) SET lock_timeout = '50ms'")
        try:
            holder.run("BEGIN")
            holder.run("LOCK TABLE grayscale_claim IN ACCESS EXCLUSIVE MODE")
            assert ask_for(claims, known, rules) is rules[0]
            assert ask_for(claims, elsewhere, rules[1:]) is rules[1]
            with pytest.raises(ClaimsUnavailable):  # It may have a place in the first task by now.
                ask_for(claims, elsewhere, rules)
            holder.run("COMMIT")
        finally:
            holder.run("ALTER FUNCTION grayscale_look(text, bigint[], boolean[]) SET lock_timeout = '500ms'")
    assert ask_for(claims, elsewhere, rules) is rules[1]


def test_a_place_is_kept_only_in_the_application_that_gave_it(
    ask: Ask, claims: DatabaseClaims, task: GrayscaleTask
) -> None:
    other, known, stranger = make_task(task.version), make_device(), make_device()
    rules = [rule(other), rule(task)]
    candidates = [Candidate(one, may_claim=True) for one in rules]
    ask(known)

    def kept(device: SimpleNamespace, *, application: int, first: int = 0) -> TaskRule | None:
        return claims.keep(candidates[first:], device.guid, application=application)

    assert kept(known, application=7) is rules[1]
    assert kept(known, application=7, first=1) is rules[1]
    assert [kept(known, application=8), kept(known, application=8, first=1)] == [None, None]
    assert [kept(stranger, application=7), claims.keep(candidates[:1], known.guid, application=7)] == [None, None]
    assert (other.claims.count(), task.claims.count()) == (0, 1)
    with sessions(1) as (holder,):
        holder.run("BEGIN")
        holder.run("LOCK TABLE grayscale_claim IN ACCESS EXCLUSIVE MODE")
        assert kept(known, application=7, first=1) is rules[1]  # It is known.
        for application, first in ((8, 1), (7, 0)):
            with pytest.raises(ClaimsUnavailable, match="lock timeout"):
                kept(known, application=application, first=first)
        holder.run("COMMIT")
    assert ask(known)


def test_a_device_without_a_place_is_asked_for_each_time(ask: Ask, task: GrayscaleTask) -> None:
    resize(task, 1)
    ask(make_device())
    device = make_device()
    assert not ask(device)
    resize(task, 2)
    assert ask(device)


def test_a_child_process_has_connections_of_its_own(ask: Ask, task: GrayscaleTask) -> None:
    mine, its, mine_again = make_device(), make_device(), make_device()
    ask(mine)
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        try:
            os.write(writing, b"yes" if ask(its) and opened_by_parent_and_child() else b"no")
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 10) == b"yes"
    os.close(reading)
    os.close(writing)
    assert ask(mine_again)
    assert task.claims.count() == 3


def opened_by_parent_and_child() -> bool:
    """Asked on a connection of its own, as a child must not use Django's either."""
    with sessions(1) as (session,):
        found = session.run("SELECT count(*) FROM pg_stat_activity WHERE application_name = %s", NAME)
        return bool(found == 2)
