"""The snapshot follows the rows: nothing is missed, and in doubt everything is read."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings as configured
from django.db import OperationalError, connection

from console.api.device import changes
from console.api.device import feed as feed_module
from console.api.device.dispatch import respond
from console.api.device.feed import Feed
from console.api.device.http import ApiError
from console.api.device.snapshot import Snapshot, load
from console.api.device.tasks import prune_changes
from console.api.server.dispatch import respond as servers
from miniprograms.models import MiniProgram
from tests.factories import make_application, make_binding, make_program

Connection = psycopg.Connection[tuple[object, ...]]


@pytest.fixture
def other(transactional_db: None) -> Iterator[Connection]:
    """A second session, as another process has it."""
    parameters = connection.get_connection_params()
    names = ("dbname", "user", "password", "host", "port")
    with psycopg.connect(**{name: parameters[name] for name in names if name in parameters}) as second:
        yield second


@pytest.fixture
def feed(settings: Any, tmp_path: Path) -> Iterator[Feed]:
    """A feed that is refreshed by hand, on a machine that has kept no snapshot."""
    settings.OBJECT_LIST_CACHE = tmp_path
    feed = Feed()
    yield feed
    feed.stop()


def refreshed(feed: Feed) -> Snapshot:
    """Take over the changes."""
    feed.refresh()
    return feed.current()


def shelves(feed: Feed) -> dict[str, bool]:
    """Refresh, and say which program is on the shelf."""
    return {app_id: program.on_shelf for app_id, program in refreshed(feed).programs.items()}


def noted(program: MiniProgram) -> int:
    """How many changes of the program are still noted."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM device_change WHERE mini_program_id = %s", [program.pk])
        (count,) = cursor.fetchone()
        return int(count)


def take_off(session: Connection, program: MiniProgram) -> None:
    session.execute("UPDATE miniprograms_miniprogram SET shelf = 'off' WHERE id = %s", [program.pk])


def test_a_transaction_that_began_early_and_commits_late_is_not_missed(feed: Feed, other: Connection) -> None:
    first, second = make_program(), make_program()
    take_off(other, first)  # has its transaction id and its change's number now
    MiniProgram.objects.filter(pk=second.pk).update(shelf="off")  # has later ones, and is committed
    assert shelves(feed) == {first.app_id: True, second.app_id: False}
    assert shelves(feed) == {first.app_id: True, second.app_id: False}
    other.commit()
    assert shelves(feed) == {first.app_id: False, second.app_id: False}


def test_what_is_rolled_back_changes_nothing(feed: Feed, other: Connection) -> None:
    program = make_program()
    assert shelves(feed) == {program.app_id: True}
    take_off(other, program)
    other.rollback()
    assert shelves(feed) == {program.app_id: True}


def test_only_what_changed_is_read(feed: Feed, transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    quiet, changed = make_program(), make_program()
    before = refreshed(feed)
    monkeypatch.setattr(feed_module, "load", None)  # fails when called
    MiniProgram.objects.filter(pk=changed.pk).update(shelf="off")
    after = refreshed(feed)
    assert after.programs[quiet.app_id] is before.programs[quiet.app_id]
    assert not after.programs[changed.app_id].on_shelf
    MiniProgram.objects.filter(pk=quiet.pk).update(name="Something else")
    assert refreshed(feed) == after == load()


def test_a_deleted_program_and_application(feed: Feed, db: None) -> None:
    binding = make_binding(make_program())
    feed.refresh()
    assert (len(feed.current().programs), len(feed.current().applications)) == (1, 1)
    program, application = binding.mini_program, binding.application
    binding.delete()
    program.delete()
    application.delete()
    feed.refresh()
    assert feed.current() == load()
    assert (feed.current().programs, feed.current().app_ids, feed.current().applications) == ({}, {}, {})


def test_pruning_waits_for_two_sweeps_and_readers_notice_what_they_missed(feed: Feed, other: Connection) -> None:
    program = make_program()
    position = changes.start()
    take_off(other, program)
    other.commit()
    prune_changes()  # from here on the change may go at the next sweep
    assert changes.since(position).mini_programs == {program.pk}
    # An open transaction keeps it, also one of a test that runs beside this one in another database.
    deadline = time.monotonic() + 120
    while noted(program):
        assert time.monotonic() < deadline, "it was not pruned"
        prune_changes()
        time.sleep(0.02)
    late = changes.since(position)
    assert (late.mini_programs, late.everything) == (set(), True)
    assert not changes.since(late.position).everything


def test_an_open_transaction_keeps_its_changes_from_being_pruned(other: Connection) -> None:
    program = make_program()
    take_off(other, program)
    position = changes.start()
    for _ in range(3):
        changes.prune()
    other.commit()
    assert changes.since(position).mini_programs == {program.pk}


def test_a_long_transaction_elsewhere_makes_nobody_read_twice(
    feed: Feed, other: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    other.execute("SELECT pg_current_xact_id()")  # holds the horizon back
    quiet, changed = make_program(), make_program()
    before = refreshed(feed)
    monkeypatch.setattr(feed_module, "load", None)  # fails when called
    MiniProgram.objects.filter(pk=changed.pk).update(shelf="off")
    after = refreshed(feed)
    assert after.programs[quiet.app_id] is before.programs[quiet.app_id]
    assert not after.programs[changed.app_id].on_shelf


def test_an_emptied_table_is_noticed(feed: Feed, other: Connection) -> None:
    make_program()
    feed.refresh()
    other.execute("SET console.allow_truncate = 'on'")
    other.execute("TRUNCATE miniprograms_miniprogram CASCADE")
    other.commit()
    assert shelves(feed) == {}


def test_another_database_behind_the_same_address(db: None) -> None:
    ahead = changes.Position(xmin=2**40)
    assert changes.since(ahead).everything


def test_many_changes_at_once(feed: Feed, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [make_program() for _ in range(3)]
    feed.refresh()
    monkeypatch.setattr(feed_module, "MANY", 2)
    MiniProgram.objects.update(shelf="off")
    assert shelves(feed) == dict.fromkeys((program.app_id for program in made), False)


def test_the_last_snapshot_serves_on_for_a_while_when_the_database_is_away(
    feed: Feed, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*args: object) -> None:
        raise OperationalError

    make_application()
    monkeypatch.setattr(Feed, "_start", lambda self: self._tried.set())
    feed.refresh()
    monkeypatch.setattr(changes, "since", away)
    with pytest.raises(OperationalError):
        feed.refresh()
    assert feed.current().applications
    feed._fresh_until -= configured.SNAPSHOT_SECONDS  # so long ago
    with pytest.raises(ApiError) as error:
        feed.current()
    assert (error.value.status, error.value.headers) == (503, [("Retry-After", "5")])
    reply = respond({"REQUEST_METHOD": "POST", "PATH_INFO": "/runtime/v1/update"}, feed.current)
    assert reply.status == 503


def test_the_thread_outlives_an_outage(transactional_db: None, feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    outage = True
    real = changes.start

    def start() -> changes.Position:
        if outage:
            raise OperationalError
        return real()

    make_application()
    monkeypatch.setattr(changes, "start", start)
    monkeypatch.setattr(feed_module, "REFRESH_SECONDS", 0.02)
    with pytest.raises(ApiError):
        feed.current()
    outage = False
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            assert feed.current().applications
            break
        except ApiError:
            time.sleep(0.02)
    else:
        pytest.fail("the feed did not come back")


def test_while_the_database_is_away_nobody_waits_for_it(
    transactional_db: None, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*args: object) -> None:
        raise OperationalError

    make_application()
    monkeypatch.setattr(feed_module, "REFRESH_SECONDS", 0.02)
    assert feed.current().applications
    assert not feed.is_behind()
    monkeypatch.setattr(changes, "since", away)
    monkeypatch.setattr(changes, "start", away)
    monkeypatch.setattr(feed_module, "BEHIND_SECONDS", 0.1)
    until(feed.is_behind)
    for path in ("logs", "reports", "consents", "consent-settings", "policy", "privacy", "login-codes", "proofs"):
        environ = {"REQUEST_METHOD": "POST" if path != "policy" else "GET", "PATH_INFO": f"/runtime/v1/{path}"}
        assert respond(environ, feed.current, is_away=feed.is_behind).status == 503
    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/runtime/v1/update"}
    assert respond(environ, feed.current, is_away=feed.is_behind).status == 401  # as ever, without a key
    assert json.loads(servers({"PATH_INFO": "/cgi-bin/token"}, is_away=feed.is_behind).body)["errcode"] == -1
    monkeypatch.undo()
    until(lambda: not feed.is_behind())


def until(holds: Callable[[], bool]) -> None:
    """Wait until it holds."""
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline, "it did not come to it"
        time.sleep(0.02)


def test_a_forked_child_starts_from_nothing(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    make_application()
    feed_module.feed.refresh()
    child = os.fork()
    if child == 0:
        os._exit(0 if feed_module.feed._snapshot is None else 1)
    _, status = os.waitpid(child, 0)
    feed_module.feed.forget()
    assert status == 0
