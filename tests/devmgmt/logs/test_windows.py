"""Searches for a text over closed days, the indexed windows of the open day and the rest of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from devmgmt.logs import partitions, postgres
from devmgmt.logs.criteria import Criteria, Place
from devmgmt.logs.entry import Entry
from tests.factories import make_entry, make_program

AT = datetime(2026, 5, 4, 12, 5, tzinfo=UTC)
MIDNIGHT = AT.replace(hour=0, minute=0)
TICK = timedelta(microseconds=1)
EDGES = [MIDNIGHT + timedelta(hours=hours) for hours in (-24, -1, *range(13))]
STORE = postgres.PostgresStore()


@pytest.fixture
def entries(db: None, settings: Any) -> list[Entry]:
    """Some at, before and after each edge, every third with another text; newest first."""
    settings.LOG_DAYS = 2
    program = make_program()
    moments = [edge + n * TICK for edge in EDGES for n in (-1, 0, 0, 1)]
    made = [
        make_entry(program, time=moment, filter_msg="order-17" if n % 3 else "order-18")
        for n, moment in enumerate(moments)
    ]
    partitions.keep(at=AT)
    STORE.write(made)
    return sorted(made, key=lambda one: (one.time, one.id), reverse=True)


def asked(entries: list[Entry], **fields: Any) -> Criteria:
    values = {"start": AT - timedelta(days=2), "end": AT, "filter_msg": "order-17"}
    return Criteria(entries[0].mini_program, **values | fields)


def fitting(entries: list[Entry], criteria: Criteria) -> list[Entry]:
    return [
        one for one in entries if criteria.filter_msg in one.filter_msg and criteria.start <= one.time < criteria.end
    ]


@pytest.fixture(params=[2, 20, postgres.NEAR])
def near(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first look finds hardly anything, something or all."""
    monkeypatch.setattr(postgres, "NEAR", request.param)


@pytest.mark.parametrize("text", ["order-17", "order", "17", "none"])
def test_each_entry_is_found_once_and_in_order(near: None, entries: list[Entry], text: str) -> None:
    criteria = asked(entries, filter_msg=text)
    expected = fitting(entries, criteria)
    for limit in (1, 5, 12, 100):
        assert STORE.latest(criteria, limit=limit) == expected[:limit]


def test_pages_follow_each_other_over_the_edges(near: None, entries: list[Entry]) -> None:
    criteria = asked(entries)
    seen: list[Entry] = []
    before = None
    while page := STORE.latest(criteria, before=before, limit=3):
        seen += page
        before = Place(page[-1].time, page[-1].id)
    assert seen == fitting(entries, criteria)


@pytest.mark.parametrize("edge", [EDGES[0], MIDNIGHT, MIDNIGHT + timedelta(hours=4), MIDNIGHT + timedelta(hours=11)])
def test_a_time_that_begins_or_ends_near_an_edge(near: None, entries: list[Entry], edge: datetime) -> None:
    for moment in (edge - TICK, edge, edge + TICK):
        for fields in ({"start": moment}, {"end": moment}, {"start": moment, "end": moment + timedelta(hours=1)}):
            criteria = asked(entries, **fields)
            assert STORE.latest(criteria, limit=100) == fitting(entries, criteria)


def test_what_has_no_index_is_searched_as_well(near: None, entries: list[Entry]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX devmgmt_logentry_20260504_filter_msg_02_04")
        cursor.execute(
            "UPDATE pg_index SET indisvalid = false"
            " WHERE indexrelid = 'devmgmt_logentry_20260504_filter_msg_06_08'::regclass"
        )
    assert STORE.latest(asked(entries), limit=100) == fitting(entries, asked(entries))


def test_the_index_of_each_window_serves_a_search(entries: list[Entry], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "NEAR", 2)
    with CaptureQueriesContext(connection) as queries:
        STORE.latest(asked(entries))
    (search,) = [query["sql"] for query in queries if "UNION ALL" in query["sql"]]
    with transaction.atomic(), connection.cursor() as cursor:
        for setting in ("enable_seqscan", "enable_indexscan", "enable_indexonlyscan"):
            cursor.execute(f"SET LOCAL {setting} = off")
        cursor.execute("DROP INDEX devmgmt_logentry_time, devmgmt_logentry_guid")
        cursor.execute(f"EXPLAIN {search}")
        plan = str(cursor.fetchall())
    made = [window.name for window in partitions.windows() if window.start.date() == AT.date()]
    assert len(made) == 5
    assert [name for name in made if name not in plan] == []
