"""Days of logs: made ahead, closed, dropped, after any outage and beside writers and readers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import ProgrammingError, connection, connections, transaction

from devmgmt.logs import partitions, writing
from devmgmt.tasks import keep_logs
from tests.console.api.device.serving import database_url
from tests.devmgmt.logs.days import drop_days
from tests.factories import make_entry, make_program

AT = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)
TODAY = AT.date()


@pytest.fixture
def days(transactional_db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No day at first, and two days are kept."""
    monkeypatch.setattr(partitions, "LONG_PATIENCE", "500ms")
    settings.LOG_DAYS = 2
    drop_days()
    yield
    drop_days()


@pytest.fixture
def other(days: None) -> Iterator[psycopg.Connection]:
    """Another connection to the database."""
    with psycopg.connect(database_url()) as other:
        yield other
        other.rollback()


@pytest.fixture
def hurried(days: None) -> Iterator[None]:
    """Each new connection ends a statement after two minutes, as a worker's does."""
    database = connection.settings_dict["NAME"]
    ask(f"ALTER DATABASE {database} SET statement_timeout = '2min'", rows=False)
    connection.close()
    connection.close_pool()
    yield
    ask(f"ALTER DATABASE {database} RESET statement_timeout", rows=False)
    connection.close()
    connection.close_pool()


def dates(*, indexed: bool | None = None) -> list[int]:
    """The days that there are, counted from today; those that are indexed or not."""
    there = [day for day in partitions.days() if indexed is None or bool(day.is_indexed) == indexed]
    assert all(day.is_attached and not day.is_leaving for day in there)
    return [(day.date - TODAY).days for day in there]


def hours() -> list[int]:
    """When the indexed windows of the open day begin; none is of another day, and none was broken off."""
    there = partitions.windows()
    assert all(window.is_valid and window.end - window.start == timedelta(hours=2) for window in there)
    assert {window.start.date() for window in there} <= {TODAY}
    return [window.start.hour for window in there]


def ask(query: str, *, rows: bool = True) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall() if rows else []


def limits_while_keeping() -> set[str]:
    """The limits of the statements that make indexes."""
    found = set()

    def look(execute: Any, sql: str, *rest: Any) -> Any:
        if "CREATE INDEX" in sql:
            found.update(connection.connection.execute("SHOW statement_timeout").fetchone())
        return execute(sql, *rest)

    with connection.execute_wrapper(look):
        partitions.keep(at=AT)
    return found


def later(days: int) -> datetime:
    return AT + timedelta(days=days)


def test_days_are_made_ahead_closed_and_dropped(days: None) -> None:
    assert partitions.keep(at=AT) == 0
    assert dates() == [-2, -1, 0, 1, 2, 3]
    assert dates(indexed=True) == [-2, -1]
    assert partitions.keep(at=AT) == 0
    assert partitions.keep(at=later(1)) == 1
    assert dates() == [-1, 0, 1, 2, 3, 4]
    assert dates(indexed=True) == [-1, 0]


def test_after_a_long_outage(days: None) -> None:
    partitions.keep(at=AT)
    assert partitions.keep(at=later(40)) == 6
    assert dates() == [38, 39, 40, 41, 42, 43]


def test_a_day_is_dropped_when_all_of_it_is_too_old(days: None) -> None:
    program = make_program()
    edges = [datetime(2026, 5, 2, tzinfo=UTC), datetime(2026, 5, 2, 23, 59, 59, 999_999, tzinfo=UTC)]
    writing.write([make_entry(program, time=at) for at in edges])
    assert ask("SELECT count(DISTINCT tableoid) FROM devmgmt_logentry") == [(1,)]
    assert partitions.keep(at=datetime(2026, 5, 4, 23, 59, 59, tzinfo=UTC)) == 0
    assert ask("SELECT count(*) FROM devmgmt_logentry") == [(2,)]
    assert partitions.keep(at=datetime(2026, 5, 5, tzinfo=UTC)) == 1
    assert ask("SELECT count(*) FROM devmgmt_logentry") == [(0,)]


def test_each_day_has_the_indexes_of_the_table(days: None) -> None:
    partitions.keep(at=AT)
    parts = ask(
        "SELECT part.relname, count(*) FROM pg_inherits JOIN pg_index ON indexrelid = inhrelid"
        " JOIN pg_class AS part ON part.oid = indrelid WHERE part.relname LIKE 'devmgmt_logentry_%' GROUP BY 1"
    )
    wanted = ask("SELECT count(*) FROM pg_index WHERE indrelid = 'devmgmt_logentry'::regclass")[0][0]
    assert (len(parts), {count for _, count in parts}) == (6, {wanted})
    assert wanted >= 1


def test_a_closed_day_is_searched_by_its_index_and_known_to_the_planner(days: None) -> None:
    program = make_program()
    partitions.keep(at=AT)
    writing.write([make_entry(program, time=AT, filter_msg=f"order {n}") for n in range(500)])
    assert ask("SELECT reltuples FROM pg_class WHERE relname = 'devmgmt_logentry_20260504'") == [(-1,)]
    partitions.keep(at=later(1))
    assert ask("SELECT reltuples FROM pg_class WHERE relname = 'devmgmt_logentry_20260504'") == [(500,)]
    with transaction.atomic():
        ask("SELECT set_config('enable_seqscan', 'off', true), set_config('enable_indexonlyscan', 'off', true)")
        plan = ask("EXPLAIN SELECT count(*) FROM devmgmt_logentry_20260504 WHERE filter_msg LIKE '%rder 49%'")
    assert "devmgmt_logentry_20260504_filter_msg" in str(plan)


def test_making_days_locks_nobody_out(days: None) -> None:
    with transaction.atomic():
        partitions.make([TODAY])
        modes = ask(
            "SELECT DISTINCT mode FROM pg_locks"
            " WHERE relation = 'devmgmt_logentry'::regclass AND pid = pg_backend_pid()"
        )
    assert {mode for (mode,) in modes} <= {"AccessShareLock", "ShareUpdateExclusiveLock"}


def test_days_are_made_while_others_write_and_read(other: psycopg.Connection) -> None:
    partitions.make([TODAY])
    other.execute("SELECT count(*) FROM devmgmt_logentry")
    other.execute("DELETE FROM devmgmt_logentry")
    partitions.keep(at=AT)
    assert set(dates()) == {-2, -1, 0, 1, 2, 3}


def test_a_reader_delays_the_end_of_a_day_and_nothing_else(other: psycopg.Connection) -> None:
    partitions.keep(at=AT)
    other.execute("SELECT count(*) FROM devmgmt_logentry")
    for _ in range(2):
        assert partitions.keep(at=later(1)) == 0
    assert [(day.date, day.is_leaving) for day in partitions.days()[:1]] == [(TODAY - timedelta(days=2), True)]
    assert partitions.days()[-1].date == TODAY + timedelta(days=4)
    writing.write([make_entry(make_program(), time=later(1))])
    assert partitions.keep(at=later(3)) == 0  # Three days are to leave now, and only one at a time can.
    assert partitions.days()[-1].date == TODAY + timedelta(days=6)
    other.rollback()
    assert partitions.keep(at=later(3)) == 3
    assert dates() == [1, 2, 3, 4, 5, 6]
    assert dates(indexed=True) == [1, 2]


def test_a_day_that_was_taken_out_and_not_dropped(days: None) -> None:
    partitions.keep(at=AT)
    with connection.cursor() as cursor:
        for day in ("20260502", "20260505"):
            cursor.execute(f"ALTER TABLE devmgmt_logentry DETACH PARTITION devmgmt_logentry_{day}")
    assert partitions.keep(at=AT) == 0  # Both are still kept, so both come back.
    assert dates() == [-2, -1, 0, 1, 2, 3]
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE devmgmt_logentry DETACH PARTITION devmgmt_logentry_20260502")
    assert partitions.keep(at=later(1)) == 1
    assert dates() == [-1, 0, 1, 2, 3, 4]


def test_an_index_that_was_broken_off_is_built_anew(days: None) -> None:
    partitions.keep(at=AT)
    name = "devmgmt_logentry_20260503_filter_msg"
    with connection.cursor() as cursor:
        cursor.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = %s::regclass", [name])
    assert dates(indexed=True) == [-2]
    partitions.keep(at=AT)
    assert dates(indexed=True) == [-2, -1]


def test_windows_of_the_open_day_are_indexed_until_it_is_closed(days: None) -> None:
    midnight = AT.replace(hour=0, minute=0)
    for at, expected in (
        (midnight, []),
        (midnight + timedelta(hours=2, minutes=9), []),
        (midnight + timedelta(hours=2, minutes=10), [0]),
        (AT, [0, 2, 4, 6, 8, 10]),  # After an outage.
        (AT, [0, 2, 4, 6, 8, 10]),
        (midnight + timedelta(hours=23, minutes=59), list(range(0, 22, 2))),
        (midnight + timedelta(days=1), []),
    ):
        partitions.keep(at=at)
        assert hours() == expected, at
    assert dates(indexed=True) == [-1, 0]


def test_a_window_has_the_entries_of_its_time(days: None) -> None:
    partitions.keep(at=AT)
    (definition,) = ask("SELECT pg_get_indexdef('devmgmt_logentry_20260504_filter_msg_10_12'::regclass)")[0]
    assert "10:00:00+00" in definition.partition(" >= ")[2].partition(" AND ")[0]
    assert "12:00:00+00" in definition.partition(" < ")[2]


def test_a_window_that_was_broken_off_is_built_anew_or_dropped_with_the_others(days: None) -> None:
    name = "devmgmt_logentry_20260504_filter_msg_04_06"
    for at, expected in ((AT, [0, 2, 4, 6, 8, 10]), (later(1).replace(hour=0), [])):
        partitions.keep(at=AT)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = %s::regclass", [name])
        partitions.keep(at=at)
        assert hours() == expected


def test_windows_of_a_closed_day_that_were_left_are_dropped(days: None) -> None:
    partitions.keep(at=AT)
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX devmgmt_logentry_20260503_filter_msg_20_22 ON devmgmt_logentry_20260503 (time)")
    partitions.keep(at=AT)
    assert hours() == [0, 2, 4, 6, 8, 10]


def test_a_writer_delays_an_index_and_is_not_held_up(other: psycopg.Connection) -> None:
    partitions.make([TODAY])
    other.execute("DELETE FROM devmgmt_logentry")
    partitions.keep(at=AT)
    assert [window.is_valid for window in partitions.windows()] == [False]
    other.execute("DELETE FROM devmgmt_logentry")
    other.rollback()
    partitions.keep(at=AT)
    assert hours() == [0, 2, 4, 6, 8, 10]


def test_only_one_of_several_does_it(other: psycopg.Connection) -> None:
    other.autocommit = True
    other.execute("SELECT pg_advisory_lock(%s)", [partitions.KEEPING])
    assert partitions.keep(at=AT) == 0
    assert dates() == []
    other.execute("SELECT pg_advisory_unlock(%s)", [partitions.KEEPING])
    partitions.keep(at=AT)
    assert other.execute("SELECT pg_try_advisory_lock(%s)", [partitions.KEEPING]).fetchone() == (True,)
    assert ask("SHOW lock_timeout") == [("0",)]


def test_a_large_day_may_take_longer_than_a_statement_of_a_worker(hurried: None) -> None:
    assert ask("SHOW statement_timeout") == [("2min",)]
    assert limits_while_keeping() == {"0"}
    assert ask("SHOW statement_timeout") == [("2min",)]
    assert keep_logs.time_limit >= 3600


def test_a_day_that_fails_stops_no_other_one(hurried: None) -> None:
    partitions.make([(TODAY - timedelta(days=n)) for n in (2, 1, 0)])
    ask("CREATE VIEW devmgmt_logentry_20260502_filter_msg AS SELECT 1", rows=False)
    try:
        with pytest.raises(ProgrammingError, match="already exists"):
            partitions.keep(at=AT)
        assert (dates(), dates(indexed=True)) == ([-2, -1, 0, 1, 2, 3], [-1])
        assert hours() == [0, 2, 4, 6, 8, 10]
        assert (ask("SHOW statement_timeout"), ask("SHOW lock_timeout")) == ([("2min",)], [("0",)])
    finally:
        ask("DROP VIEW devmgmt_logentry_20260502_filter_msg", rows=False)
    partitions.keep(at=AT)
    assert dates(indexed=True) == [-2, -1]


def test_several_at_once(days: None) -> None:
    failures: list[Exception] = []

    def run(day: date) -> None:
        try:
            for n in range(3):
                partitions.keep(at=later(n))
                partitions.make([day])
        except Exception as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[TODAY + timedelta(days=9)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    partitions.keep(at=later(2))
    assert dates() == [0, 1, 2, 3, 4, 5, 9]


def test_inside_a_transaction(db: None, settings: Any) -> None:
    settings.LOG_DAYS = 2
    partitions.keep(at=AT)
    assert partitions.keep(at=later(1)) >= 1
    assert [day for day in dates() if -3 < day < 5] == [-1, 0, 1, 2, 3, 4]
