"""`manage.py migrate` on a database in use: nobody waits behind it for long."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from tests.console.api.device.serving import database_url

SECONDS = 30  # to wait for what must happen
QUICK = 0.1  # how long a lock is waited for


def migrate(target: str, *, lock_timeout: float = QUICK) -> None:
    """Bring the tests' migrations (waiting/) to one of them."""
    call_command("migrate", "core", target, verbosity=0, lock_timeout=lock_timeout)


@pytest.fixture
def user(transactional_db: None, settings: Any) -> Iterator[psycopg.Connection]:
    """Somebody in the middle of a transaction on the table, where console.base.core, which has none, has migrations."""
    settings.MIGRATION_MODULES = {"core": "tests.console.base.core.waiting.migrations"}
    migrate("0001")
    with psycopg.connect(database_url(), application_name="somebody") as other:
        other.execute("INSERT INTO waiting_thing VALUES (1)")
        yield other
        other.rollback()
        migrate("zero", lock_timeout=SECONDS)


def session(name: str) -> str:
    """Return one setting of our session."""
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {name}")
        return str(cursor.fetchone()[0])


def columns() -> list[str]:
    """Return the table's columns."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT attname FROM pg_attribute WHERE attrelid = 'waiting_thing'::regclass AND attnum > 0")
        return [name for (name,) in cursor.fetchall()]


def test_gives_up_says_who_uses_the_table_and_can_be_run_again(user: psycopg.Connection) -> None:
    limits = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout", "deadlock_timeout")
    before = [session(name) for name in limits]
    with pytest.raises(CommandError) as caught:
        migrate("0002")
    told = str(caught.value)
    assert "This statement got no lock within 0.1 s:\n  ALTER TABLE waiting_thing ADD COLUMN size int\n" in told
    held = (
        rf"waiting_thing is in use by process {user.info.backend_pid} somebody \(idle in transaction for \d+ s\): INS"
    )
    assert re.search(held, told)
    assert told.endswith("Run migrate again.")
    assert [session(name) for name in limits] == before
    assert columns() == ["id"]

    user.rollback()
    migrate("0002")
    assert columns() == ["id", "size"]


def test_an_index_that_is_built_concurrently_waits_for_as_long_as_it_takes(user: psycopg.Connection) -> None:
    user.rollback()
    migrate("0002")
    user.execute("INSERT INTO waiting_thing VALUES (2)")
    with ThreadPoolExecutor(1) as pool:
        building = pool.submit(in_thread, lambda: migrate("0003"))
        wait_until(waits_longer_than_a_lock_may)
        user.execute("INSERT INTO waiting_thing VALUES (3)")  # Nobody waits behind it.
        user.commit()
        building.result(SECONDS)
    with connection.cursor() as cursor:
        cursor.execute("SELECT indisvalid FROM pg_index WHERE indrelid = 'waiting_thing'::regclass")
        assert cursor.fetchall() == [(True,)]


BUILD = "CREATE INDEX CONCURRENTLY waiting_thing_again ON waiting_thing (id)"  # as 0005 does


def test_an_index_that_was_interrupted_is_built_again(user: psycopg.Connection) -> None:
    user.rollback()
    migrate("0004")
    user.execute("INSERT INTO waiting_thing VALUES (2)")
    with (
        psycopg.connect(database_url(), autocommit=True, options="-c statement_timeout=200") as other,
        pytest.raises(psycopg.errors.QueryCanceled),
    ):
        other.execute(BUILD)
    user.rollback()
    left = index("waiting_thing_again")
    assert left and not left[1]
    migrate("0005")
    built = index("waiting_thing_again")
    assert built and built[1] and built[0] != left[0]


def test_an_index_that_the_server_still_builds_is_awaited(user: psycopg.Connection) -> None:
    """As after the end of a container with `migrate`, which the server doesn't notice."""
    user.rollback()
    migrate("0004")
    user.execute("INSERT INTO waiting_thing VALUES (2)")
    with psycopg.connect(database_url(), autocommit=True) as other, ThreadPoolExecutor(2) as pool:
        building = pool.submit(other.execute, BUILD)
        wait_until(lambda: index("waiting_thing_again") is not None)
        migrating = pool.submit(in_thread, lambda: migrate("0005"))
        wait_until(lambda: looks_for("pg_stat_progress_create_index"))
        begun = index("waiting_thing_again")
        user.rollback()
        building.result(SECONDS)
        migrating.result(SECONDS)
    assert begun and index("waiting_thing_again") == (begun[0], True)


def looks_for(words: str) -> bool:
    """Whether another session last asked for this."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE query ~ %s AND pid <> pg_backend_pid()"
            " AND datname = current_database()",
            [words],
        )
        return cursor.fetchone() != (0,)


def index(name: str) -> tuple[int, bool] | None:
    """Return the number of an index, and whether it is valid."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexrelid::int, indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", [name])
        return cursor.fetchone()


def test_gives_way_to_a_page_that_waits_for_it_while_it_waits_for_the_page(user: psycopg.Connection) -> None:
    user.rollback()
    migrate("0003")
    user.execute("SET deadlock_timeout = '60s'")
    user.execute("SELECT FROM waiting_thing")
    with ThreadPoolExecutor(1) as pool:
        migrating = pool.submit(in_thread, lambda: migrate("0004", lock_timeout=SECONDS))
        wait_until(lambda: locks("waiting_other") == 1)
        assert user.execute("SELECT count(*) FROM waiting_other").fetchall() == [(0,)]  # as soon as it is given up
        user.rollback()
        with pytest.raises(CommandError, match="another session waited for each other:\n  ALTER TABLE waiting_thing"):
            migrating.result(SECONDS)
    migrate("0004")
    assert columns() == ["id", "size", "weight"]


def locks(table: str) -> int:
    """How many sessions have the table for themselves."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks"
            " WHERE relation = to_regclass(%s) AND mode = 'AccessExclusiveLock' AND granted",
            [table],
        )
        return int(cursor.fetchone()[0])


def in_thread(verb: Callable[[], None]) -> None:
    """Do it on a connection of the thread's own."""
    try:
        verb()
    finally:
        connection.close()


def waits_longer_than_a_lock_may() -> bool:
    """Whether the index waits, and has for longer than any other statement would."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONCURRENTLY%%' AND"
            " wait_event_type = 'Lock' AND clock_timestamp() - query_start > %s * interval '3 seconds'",
            [QUICK],
        )
        return cursor.fetchone() == (1,)


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for what must happen."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
