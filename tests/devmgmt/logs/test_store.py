"""What every log store does (D-5, D-6): the same on PostgreSQL and on ClickHouse, beside plain Python."""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
import psycopg
import pytest
from django.core.checks import run_checks
from django.db import connection
from django.utils import timezone

from devmgmt.logs import postgres
from devmgmt.logs.criteria import Bucket, Criteria, ErrorGroup, Place, StoreAway, TooSlow
from devmgmt.logs.entry import Entry, Line, new_id
from devmgmt.logs.store import LogStore, scan
from tests.console.api.device.serving import database_url

PROGRAM, OTHER = 4711, 4712
EQUAL = ("platform", "guid", "library_version", "client_version", "trace_id", "version", "error")
HOSTILE = [
    "100%",
    "a_b",
    "back\\slash\\",
    "it's; DROP TABLE devmgmt_logentry; --",
    '"{quoted:String}" %(page)s %s {0}',
    "\x1b[31mred\x1b[0m\x07\x08\x7f\x85",
    "tab\tline\nreturn\r\u2028end",
    "\u202eright to left\u2066 \u200f",
    "👩‍👩‍👧 𝒳 中文字 é e\u0301",
    "=1+1",
    "<script>alert(1)</script>",
    "x" * 900,
    ".*",
    "[a-z]+",
]


def entry(**fields: Any) -> Entry:
    """An entry of a minute ago."""
    values: dict[str, Any] = {
        "mini_program": PROGRAM,
        "time": timezone.now() - timedelta(minutes=1),
        "id": new_id(),
        "level": 2,
        "application": 7,
        "guid": "0302" + "1" * 28,
        "platform": "android",
        "os_version": "14",
        "page": "pages/index/index",
        "filter_msg": "",
        "trace_id": "",
        "library_version": "3.7.2",
        "client_version": "8.3.1",
        "version": "1.0.0",
        "marks": 0,
        "message": "arrivals loaded",
        "error": "",
        "lines": "[]",
    }
    return Entry(**values | fields)


def criteria(**fields: Any) -> Criteria:
    """All that the program logged in the last days, unless fields say less."""
    now = timezone.now()
    return replace(Criteria(PROGRAM, now - timedelta(days=3), now), **fields)


def some_entries(dice: random.Random, count: int) -> list[Entry]:
    """Entries of two programs with few different values, often at the same time."""
    now = timezone.now() - timedelta(minutes=1)
    times = [now - timedelta(microseconds=dice.randrange(60 * 3600 * 1_000_000)) for _ in range(count // 4)]
    made = []
    for _ in range(count):
        level = dice.choice([2, 2, 2, 4, 6, 8, 10, 14])
        made.append(
            entry(
                mini_program=dice.choice([PROGRAM, PROGRAM, PROGRAM, OTHER]),
                time=dice.choice(times),
                level=level,
                guid=dice.choice(["0302", "0303"]) + dice.choice("123") * 28,
                platform=dice.choice(["android", "ios"]),
                page=dice.choice(["pages/a", "pages/a?b=%41", "pages/_", "Pages/a", "", "pages/\\"]),
                filter_msg=dice.choice(["", "order-17", "ORDER-17", "order_17", "100% of order", "a-b", "中文字"]),
                trace_id=dice.choice(["", "t-1", "t-2", "t-3"]),
                library_version=dice.choice(["3.7.2", "3.7.3", ""]),
                client_version=dice.choice(["8.3.1", "8.3.10"]),
                version=dice.choice(["1.0.0", "1.0.1", "2.0.0"]),
                error=dice.choice(["TypeError: x", "TypeError: y", "of 1.0.0"]) if level & 8 else "",
            )
        )
    return [replace_error(one) for one in made]


def replace_error(one: Entry) -> Entry:
    """Let one of the errors be in a single version."""
    return msgspec.structs.replace(one, version="1.0.0") if one.error == "of 1.0.0" else one


def some_criteria(dice: random.Random) -> Criteria:
    """Up to four things asked for, half of them as they are in entries."""
    choices: dict[str, list[Any]] = {
        "start": [timezone.now() - timedelta(hours=hours) for hours in (1, 20, 40)],
        "end": [timezone.now() - timedelta(hours=hours) for hours in (0, 10, 30)],
        "level": [2, 4, 8],
        "platform": ["android", "ios", "Android"],
        "guid": ["0302" + "1" * 28, "0303" + "2" * 28, "%"],
        "page": ["pages/", "pages/a", "pages/_", "pages/%", "pages/\\", "ages", "pages/a?b=%41"],
        "filter_msg": ["order", "order-17", "ORDER", "r_1", "0%", "%", "_", "-", "a-b", "中文", "\\", "[o]rder"],
        "library_version": ["3.7.2", "3.7", "3.7.3"],
        "client_version": ["8.3.1", "8.3.10"],
        "trace_id": ["t-1", "t-2", "t-%"],
        "version": ["1.0.0", "2.0.0"],
        "error": ["TypeError: x", "of 1.0.0", "TypeError"],
    }
    return criteria(**{name: dice.choice(choices[name]) for name in dice.sample(sorted(choices), dice.randrange(5))})


def fits(one: Entry, asked: Criteria) -> bool:
    """The criteria in plain Python."""
    return (
        one.mini_program == asked.mini_program
        and asked.start <= one.time < asked.end
        and one.level >= asked.level
        and one.page.startswith(asked.page)
        and asked.filter_msg in one.filter_msg
        and all(getattr(one, name) == getattr(asked, name) for name in EQUAL if getattr(asked, name))
    )


def newest_first(entries: Sequence[Entry]) -> list[Entry]:
    """In the order of the list."""
    return sorted(entries, key=lambda one: (one.time, one.id), reverse=True)


def buckets(entries: Sequence[Entry], asked: Criteria, step: timedelta) -> list[Bucket]:
    """Count in plain Python."""
    counts: dict[datetime, Counter[str]] = {}
    for one in entries:
        start = asked.start + (one.time - asked.start) // step * step
        counts.setdefault(start, Counter())["error" if one.level & 8 else "warn" if one.level & 4 else "info"] += 1
    return [Bucket(start, count["info"], count["warn"], count["error"]) for start, count in sorted(counts.items())]


def groups(entries: Sequence[Entry], everything: Sequence[Entry]) -> list[ErrorGroup]:
    """Group in plain Python."""
    found: dict[tuple[str, str], list[Entry]] = {}
    for one in entries:
        if one.error:
            found.setdefault((one.error, one.version), []).append(one)
    made = [
        ErrorGroup(
            error,
            version,
            len(ours),
            len({one.guid for one in ours}),
            min(one.time for one in ours),
            max(one.time for one in ours),
            {one.version for one in everything if one.error == error and one.mini_program == PROGRAM} == {version},
        )
        for (error, version), ours in found.items()
    ]
    return sorted(made, key=lambda group: (-group.entries, -group.last.timestamp(), group.error, group.version))


@pytest.mark.parametrize("near", [3, 100, postgres.NEAR])
def test_questions_are_answered_as_by_plain_python(store: LogStore, monkeypatch: pytest.MonkeyPatch, near: int) -> None:
    monkeypatch.setattr(postgres, "NEAR", near)
    dice = random.Random(near)
    entries = some_entries(dice, 400)
    store.write(entries)
    for _ in range(60):
        asked = some_criteria(dice)
        expected = newest_first([one for one in entries if fits(one, asked)])
        assert store.latest(asked, limit=500) == expected, asked
        assert store.latest(asked, limit=4) == expected[:4], asked
        assert list(scan(store, asked, limit=500)) == expected, asked
        assert store.volume(asked, step=timedelta(hours=5)) == buckets(expected, asked, timedelta(hours=5)), asked
        assert store.errors(asked, limit=50) == groups(expected, entries), asked
    assert store.versions(PROGRAM) == (["3.7.2", "3.7.3"], ["8.3.1", "8.3.10"])


@pytest.mark.parametrize("name", [*EQUAL, "page", "filter_msg", "level", "start", "end"])
def test_each_criterion_alone(store: LogStore, name: str) -> None:
    entries = some_entries(random.Random(name), 200)
    store.write(entries)
    middle = newest_first(entries)[100]
    value = middle.time if name in ("start", "end") else getattr(next(one for one in entries if one.error), name)
    asked = criteria(**{name: value})
    expected = newest_first([one for one in entries if fits(one, asked)])
    assert store.latest(asked, limit=500) == expected
    assert len(expected) < 200


def test_pages_follow_each_other_while_entries_arrive(store: LogStore) -> None:
    moment = timezone.now() - timedelta(minutes=5)
    there = [entry(time=moment - timedelta(seconds=n // 10), filter_msg=f"order-{n % 2}") for n in range(100)]
    store.write(there)
    asked = criteria(filter_msg="order-1")
    seen: list[Entry] = []
    before = None
    while page := store.latest(asked, before=before, limit=7):
        seen += page
        before = Place(page[-1].time, page[-1].id)
        store.write([entry(filter_msg="order-1"), entry(time=moment, filter_msg="order-1")])
    assert seen == newest_first([one for one in there if one.filter_msg == "order-1"])


def test_a_scan_goes_on_from_part_to_part(store: LogStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("devmgmt.logs.store.PART", 10)
    moment = timezone.now() - timedelta(minutes=5)
    there = newest_first([entry(time=moment - timedelta(seconds=n // 10)) for n in range(45)])
    store.write(there)
    assert list(scan(store, criteria(), limit=100)) == there
    assert list(scan(store, criteria(), limit=20)) == there[:20]
    assert list(scan(store, criteria(), limit=33)) == there[:33]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_comes_back_as_it_was_and_is_found_as_it_is(store: LogStore, text: str) -> None:
    lines = msgspec.json.encode([Line(1, 2, text + "\0"), Line(1, 2, text * 5)]).decode()
    hostile = entry(filter_msg=text, page=text, trace_id=text[:100], message=text[:200], lines=lines)
    plain = entry(filter_msg="plain", page="plain", trace_id="plain")
    store.write([hostile, plain])
    assert store.latest(criteria()) == newest_first([hostile, plain])
    assert store.entry(PROGRAM, Place(hostile.time, hostile.id)) == hostile
    assert store.latest(criteria(filter_msg=text)) == [hostile]
    assert store.latest(criteria(filter_msg=text[-3:])) == [hostile]
    assert store.latest(criteria(page=text)) == [hostile]
    assert store.latest(criteria(trace_id=text[:100])) == [hostile]


@pytest.mark.parametrize("text", ["\0", "plain\0", "\ud800", "%", "_____", "p%n", "\\"])
def test_what_no_entry_holds_finds_nothing(store: LogStore, text: str) -> None:
    store.write([entry(filter_msg="plain", page="plain", trace_id="plain", guid="plain", level=8, error="plain")])
    for name in ("filter_msg", "page", "trace_id", "guid", "error"):
        asked = criteria(**{name: text})
        assert store.latest(asked) == []
        assert store.volume(asked, step=timedelta(hours=1)) == []
        assert store.errors(asked) == []
        assert list(scan(store, asked, limit=10)) == []


def test_any_time_can_be_asked_for(store: LogStore) -> None:
    one = entry()
    store.write([one])
    earliest, latest = (time.replace(tzinfo=one.time.tzinfo) for time in (datetime.min, datetime.max))
    assert store.latest(criteria(start=earliest, end=latest)) == [one]
    assert store.latest(criteria(start=latest, end=earliest)) == []
    assert store.latest(criteria(start=earliest, end=latest), before=Place(latest, 2**63 - 1)) == [one]
    assert store.latest(criteria(start=earliest, end=latest), before=Place(earliest, 0)) == []
    assert store.entry(PROGRAM, Place(earliest, -(2**63))) is None
    assert store.entry(PROGRAM, Place(latest, 2**63 - 1)) is None


def test_another_program_is_in_no_answer(store: LogStore) -> None:
    theirs = entry(mini_program=OTHER, level=8, error="TypeError", version="2.0.0", library_version="9", trace_id="t")
    ours = entry(level=8, error="TypeError")
    store.write([theirs, ours])
    assert store.entry(PROGRAM, Place(theirs.time, theirs.id)) is None
    assert store.entry(OTHER, Place(theirs.time, theirs.id)) == theirs
    for asked in (criteria(), criteria(level=8), criteria(guid=theirs.guid), criteria(error="TypeError")):
        assert store.latest(asked) == [ours]
        assert list(scan(store, asked, limit=10)) == [ours]
        assert [(bucket.info, bucket.error) for bucket in store.volume(asked, step=timedelta(days=4))] == [(0, 1)]
        (group,) = store.errors(asked)
        assert (group.entries, group.version, group.is_new) == (1, "1.0.0", True)
    assert store.latest(criteria(trace_id="t")) == []
    assert store.latest(criteria(version="2.0.0")) == []
    assert store.versions(PROGRAM) == (["3.7.2"], ["8.3.1"])
    assert store.versions(1) == ([], [])


def test_an_error_is_new_until_another_version_has_it(store: LogStore) -> None:
    long_ago = timezone.now() - timedelta(days=5)
    store.write(
        [
            entry(level=8, error="old", version="1.0.0", time=long_ago),
            entry(level=8, error="old", version="1.0.1"),
            entry(level=8, error="new", version="1.0.1", time=long_ago),
            entry(level=8, error="new", version="1.0.1"),
        ]
    )
    assert {group.error: group.is_new for group in store.errors(criteria())} == {"old": False, "new": True}


def test_keep_drops_what_is_too_old_and_nothing_else(store: LogStore, settings: Any) -> None:
    settings.LOG_DAYS = 7
    now = timezone.now()
    old = [entry(time=now - timedelta(days=days)) for days in (30, 9, 9)]
    kept = [entry(time=now - timedelta(days=7)), entry()]
    store.write([*old, *kept])
    always = criteria(start=now - timedelta(days=99), end=now + timedelta(days=9))
    assert len(store.latest(always)) == 5
    assert store.keep(at=now) == 2
    assert store.latest(always) == newest_first(kept)
    assert store.keep(at=now) == 0
    late = entry(time=now + timedelta(days=1))
    store.write([late])
    assert store.latest(always) == newest_first([*kept, late])
    assert store.keep(at=now + timedelta(days=40)) > 0
    assert store.latest(always) == []


def test_a_question_that_takes_too_long_is_given_up(store: LogStore, settings: Any) -> None:
    fill(store, 300_000)
    asked = criteria(page="none")
    settings.LOG_QUERY_SECONDS = 0.001
    for question in (
        lambda: store.latest(asked),
        lambda: list(scan(store, asked, limit=10)),
        lambda: store.volume(asked, step=timedelta(hours=1)),
        lambda: store.errors(asked),
    ):
        with pytest.raises(TooSlow):
            question()
    settings.LOG_QUERY_SECONDS = 60.0
    assert store.latest(asked) == []


def fill(store: LogStore, count: int) -> None:
    """Keep so many entries, made by the database itself."""
    one = entry(level=8, error="TypeError")
    store.write([one])
    columns = [name if name != "id" else "id + {n}" for name in Entry.__struct_fields__]
    if isinstance(store, postgres.PostgresStore):
        names = {"mini_program": "mini_program_id", "application": "application_id"}
        listed = ", ".join(names.get(column, column) for column in columns)
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO devmgmt_logentry ({listed.replace('id + {n}', 'id')})"
                f" SELECT {listed.format(n='n')} FROM devmgmt_logentry, generate_series(1, {count}) AS n"
            )
    else:
        listed = ", ".join(columns)
        store._client.command(  # type: ignore[attr-defined]
            f"INSERT INTO log_entry ({listed.replace('id + {n}', 'id')})"
            f" SELECT {listed.format(n='number')} FROM log_entry, numbers(1, {count}) AS n"
        )


@pytest.mark.django_db
def test_what_waits_for_a_lock_is_given_up(settings: Any) -> None:
    settings.LOG_QUERY_SECONDS = 0.05
    with psycopg.connect(database_url()) as other:
        other.execute("LOCK TABLE devmgmt_logentry IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(TooSlow):
            postgres.PostgresStore().latest(criteria())
        other.rollback()
    settings.LOG_QUERY_SECONDS = 60
    assert postgres.PostgresStore().latest(criteria()) == []


@pytest.mark.django_db(transaction=True)
def test_a_lost_connection_is_a_store_that_is_away() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (session,) = cursor.fetchone()
    with psycopg.connect(database_url(), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [session])
    with pytest.raises(StoreAway):
        postgres.PostgresStore().latest(criteria())
    connection.close()
    assert postgres.PostgresStore().latest(criteria()) == []


def test_a_clickhouse_that_is_not_there_is_away() -> None:
    store = pytest.importorskip("devmgmt.logs.clickhouse").ClickHouseStore("clickhouse://127.0.0.1:1/console")
    for question in (
        lambda: store.write([entry()]),
        lambda: store.latest(criteria()),
        lambda: store.keep(at=timezone.now()),
    ):
        with pytest.raises(StoreAway):
            question()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", []),
        ("clickhouse://console:secret@logs.example.com:8123/console", ["devmgmt.E002"]),
        ("postgres://localhost/logs", ["devmgmt.E001"]),
    ],
)
def test_check_names_a_store_that_can_not_be_used(
    settings: Any, monkeypatch: pytest.MonkeyPatch, url: str, expected: list[str]
) -> None:
    monkeypatch.setitem(sys.modules, "clickhouse_connect", None)
    settings.LOG_STORE_URL = url
    found = [message for message in run_checks() if str(message.id).startswith("devmgmt")]
    assert [message.id for message in found] == expected
    assert "secret" not in str(found)
