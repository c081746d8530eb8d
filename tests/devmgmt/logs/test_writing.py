"""Entries into PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DataError, connection, connections, transaction
from msgspec.structs import asdict, replace

from devmgmt.logs import partitions, writing
from devmgmt.logs.entry import Entry
from miniprograms.models import MiniProgram
from tests.devmgmt.logs.days import drop_days
from tests.factories import make_entry, make_program

AT = datetime(2026, 5, 4, 12, 30, 1, 123_000, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def program(db: None) -> MiniProgram:
    """Which entries are of."""
    return make_program()


@pytest.fixture
def committing(transactional_db: None) -> Iterator[MiniProgram]:
    """The same where what is written is committed, and no day is there at first."""
    drop_days()
    yield make_program()
    drop_days()


def rows(program: MiniProgram) -> list[Entry]:
    """What is kept of the program, in the order of receipt; columns by their names."""
    names = [{"mini_program": "mini_program_id", "application": "application_id"}.get(name, name) for name in FIELDS]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(names)} FROM devmgmt_logentry WHERE mini_program_id = %s ORDER BY id", [program.pk]
        )
        return [Entry(*row) for row in cursor.fetchall()]


FIELDS = Entry.__struct_fields__


def test_every_member_has_its_column(program: MiniProgram) -> None:
    entry = make_entry(program, time=AT)
    texts = {name: f"{name} of it" for name, value in asdict(entry).items() if isinstance(value, str)}
    numbers = {"level": 14, "marks": 3, "application": 1 << 40, "id": (1 << 63) - 1}
    entry = replace(entry, **texts, **numbers)
    writing.write([entry])
    assert rows(program) == [entry]


@pytest.mark.parametrize(
    "text", ["", "\\N", "\t\n\r\\", "\\.", "a\x1b[31m\x7f\x85", "\u202e\ufeff\uffff", "😀" * 500, '"']
)
def test_text_is_kept_as_it_is(program: MiniProgram, text: str) -> None:
    entry = replace(make_entry(program, time=AT), page=text[:100], filter_msg=text[:100], message=text, lines=text)
    writing.write([entry, make_entry(program, time=AT)])
    assert rows(program)[0] == entry
    assert len(rows(program)) == 2


def test_many_at_once_over_several_days(program: MiniProgram) -> None:
    entries = [make_entry(program, time=AT + n % 3 * DAY) for n in range(1000)]
    writing.write(entries)
    assert rows(program) == entries
    writing.write([])
    assert len(rows(program)) == 1000


def test_all_or_none(committing: MiniProgram) -> None:
    good = make_entry(committing, time=AT)
    writing.write([good])
    with pytest.raises(DataError):
        writing.write([make_entry(committing, time=AT), replace(good, page="a\0b")])
    assert rows(committing) == [good]


def test_a_missing_day_is_made_and_committed(committing: MiniProgram) -> None:
    entries = [make_entry(committing, time=at) for at in (AT, AT + DAY, AT - 400 * DAY)]
    writing.write(entries)
    connection.close()
    assert rows(committing) == entries
    assert [str(day.date) for day in partitions.days()] == ["2025-03-30", "2026-05-04", "2026-05-05"]


def test_a_missing_day_inside_a_transaction(committing: MiniProgram) -> None:
    kept = make_entry(committing, time=AT)
    with transaction.atomic():
        writing.write([kept])
    with pytest.raises(RuntimeError), transaction.atomic():
        writing.write([make_entry(committing, time=AT + DAY)])
        raise RuntimeError
    assert rows(committing) == [kept]
    assert len(partitions.days()) == 1


def test_many_writers_of_a_missing_day(committing: MiniProgram) -> None:
    failures: list[Exception] = []
    batches: list[list[Entry]] = [[make_entry(committing, time=AT + n * DAY) for n in range(3)] for _ in range(6)]

    def write(entries: list[Entry]) -> None:
        try:
            writing.write(entries)
        except Exception as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write, args=[entries]) for entries in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(rows(committing)) == 18
