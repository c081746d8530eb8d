"""How many entries there are, counted in memory and written together (D-5)."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from console.base.core import retention
from devmgmt.logs import volume
from devmgmt.logs.criteria import Bucket, Criteria
from devmgmt.logs.entry import Entry
from devmgmt.logs.volume import Volumes
from devmgmt.models import LogVolume
from miniprograms.models import MiniProgram
from tests.factories import make_entry, make_program

AT = datetime(2026, 5, 4, 12, 30, 15, tzinfo=UTC)
DAY = AT.date()


@pytest.fixture
def program(db: None) -> MiniProgram:
    """Which entries are of."""
    return make_program()


@pytest.fixture
def buffer() -> Volumes:
    """Written by hand."""
    return Volumes(follow=False)


@pytest.fixture
def following(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Volumes]:
    """Written by its thread, at once."""
    monkeypatch.setattr(Volumes, "seconds", 0.02)
    buffer = Volumes()
    yield buffer
    buffer._stopping.set()
    if buffer.thread is not None:
        buffer.thread.join()


def sent(program: MiniProgram, level: int = 2, at: datetime = AT) -> Entry:
    """An entry, of which only program, time and level count here."""
    return make_entry(program, level=level, time=at)


def rows() -> list[tuple[Any, ...]]:
    """Everything that was written."""
    facts = ("mini_program_id", "minute", "info", "warn", "error")
    return list(LogVolume.objects.order_by("mini_program_id", "minute").values_list(*facts))


def written_within(seconds: float) -> list[tuple[Any, ...]]:
    """Wait for the thread."""
    deadline = time.monotonic() + seconds
    while not (found := rows()):
        assert time.monotonic() < deadline, "nothing was written"
        time.sleep(0.02)
    return found


def test_entries_are_counted_by_minute_and_highest_level(program: MiniProgram, buffer: Volumes) -> None:
    other, minute = make_program(), AT.replace(second=0)
    buffer.add([sent(program), sent(program, 6), sent(program, 2 | 8), sent(program, 4)])
    buffer.add(
        [sent(other, 8), sent(program, at=AT + timedelta(seconds=44)), sent(program, at=AT + timedelta(minutes=1))]
    )
    assert rows() == []
    buffer.flush()
    wanted = [
        (program.pk, minute, 2, 2, 1),
        (program.pk, minute + timedelta(minutes=1), 1, 0, 0),
        (other.pk, minute, 0, 0, 1),
    ]
    assert rows() == wanted
    buffer.flush()
    assert rows() == wanted
    buffer.add([sent(program)])
    buffer.flush()
    assert rows()[0] == (program.pk, minute, 3, 2, 1)


def test_a_program_that_is_gone_does_not_keep_the_others_from_being_counted(
    program: MiniProgram, buffer: Volumes
) -> None:
    gone = make_program()
    buffer.add([sent(gone), sent(program)])
    gone.delete()
    buffer.flush()
    assert [row[0] for row in rows()] == [program.pk]


def test_the_total_of_a_day(program: MiniProgram, buffer: Volumes) -> None:
    midnight = datetime(2026, 5, 4, tzinfo=UTC)
    for at in (midnight - timedelta(seconds=1), midnight, AT, midnight + timedelta(hours=24)):
        buffer.add([sent(program, 8, at), sent(program, 2, at)])
    buffer.add([sent(make_program())])
    buffer.flush()
    assert [volume.total(program.pk, DAY + timedelta(days=n)) for n in (-2, -1, 0, 1)] == [0, 2, 4, 2]
    buffer.add([sent(program, at=timezone.now())])
    buffer.flush()
    assert volume.entries_today(program.pk) == 1


def test_the_cap_counts_at_once_what_this_process_took(program: MiniProgram, buffer: Volumes, settings: Any) -> None:
    settings.LOG_ENTRIES_PER_DAY = 3
    other = make_program()
    assert not buffer.is_over(program.pk, DAY)
    buffer.add([sent(program)] * 2)
    assert not buffer.is_over(program.pk, DAY)
    buffer.add([sent(program)])
    assert buffer.is_over(program.pk, DAY)
    assert not buffer.is_over(program.pk, DAY + timedelta(days=1))
    assert not buffer.is_over(other.pk, DAY)
    buffer.flush()
    assert buffer.is_over(program.pk, DAY)
    assert Volumes(follow=False).is_over(program.pk, DAY)


def test_the_cap_counts_what_is_not_written_yet(program: MiniProgram, buffer: Volumes, settings: Any) -> None:
    settings.LOG_ENTRIES_PER_DAY = 3
    buffer.add([sent(program)])
    buffer.flush()
    buffer.add([sent(program)] * 2)
    assert buffer.is_over(program.pk, DAY)  # One is read, two are remembered.


def test_the_cap_learns_what_others_took(
    program: MiniProgram, buffer: Volumes, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.LOG_ENTRIES_PER_DAY = 3
    buffer.add([sent(program)])
    assert not buffer.is_over(program.pk, DAY)
    other = Volumes(follow=False)
    other.add([sent(program)] * 2)
    other.flush()
    assert not buffer.is_over(program.pk, DAY)
    monkeypatch.setattr(volume, "TOTAL_SECONDS", -1.0)
    assert buffer.is_over(program.pk, DAY)


def test_memory_is_bounded(program: MiniProgram, buffer: Volumes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(volume, "MOST_COUNTED", 3)
    monkeypatch.setattr(volume, "MOST_TOTALS", 2)
    minutes = [AT + timedelta(minutes=n) for n in range(10)]
    for at in minutes:
        buffer.add([sent(program, at=at)])
        assert len(buffer._counts) < 3
    buffer.flush()
    assert len(rows()) == 10
    for n in range(10):
        buffer.is_over(program.pk, DAY + timedelta(days=n))
        assert len(buffer._totals) <= 2


def test_what_could_not_be_written_is_written_later(
    program: MiniProgram, buffer: Volumes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(counts: Any) -> None:
        raise OperationalError

    with monkeypatch.context() as outage:
        outage.setattr(volume, "write", away)
        buffer.add([sent(program)])
        for _ in range(2):
            with pytest.raises(OperationalError):
                buffer.flush()
    buffer.add([sent(program), sent(program, 8)])
    buffer.flush()
    assert [row[2:] for row in rows()] == [(2, 0, 1)]


def test_a_thread_writes(following: Volumes) -> None:
    following.add([sent(make_program())])
    assert [row[2:] for row in written_within(10)] == [(1, 0, 0)]


def test_at_the_end_what_is_left_is_written(transactional_db: None) -> None:
    buffer = Volumes()
    buffer.add([sent(make_program())])
    buffer.stop()
    assert len(rows()) == 1


def test_the_thread_outlives_an_outage(following: Volumes, monkeypatch: pytest.MonkeyPatch) -> None:
    outage, tried = True, threading.Event()
    real = volume.write

    def write(counts: Any) -> None:
        if outage and counts:
            tried.set()
            raise OperationalError
        real(counts)

    monkeypatch.setattr(volume, "write", write)
    following.add([sent(make_program())])
    assert tried.wait(10), "the thread did not try"
    outage = False
    assert [row[2:] for row in written_within(10)] == [(1, 0, 0)]


def test_many_threads_lose_nothing(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Volumes, "seconds", 0.001)
    programs = [make_program() for _ in range(3)]
    buffer = Volumes()

    def add() -> None:
        for n in range(200):
            buffer.add([sent(program, at=AT + timedelta(minutes=n % 7)) for program in programs])

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    buffer._stopping.set()
    buffer.thread.join()
    assert sum(row[2] for row in rows()) == 4 * 200 * 3


def test_a_forked_child_starts_from_nothing(program: MiniProgram) -> None:
    buffer = volume.buffer
    buffer._counts[program.pk, 1] = [1, 0, 0]
    child = os.fork()
    if child == 0:
        os._exit(0 if not buffer._counts and buffer.thread is None else 1)
    _, status = os.waitpid(child, 0)
    buffer.forget()
    assert status == 0


def test_buckets(program: MiniProgram, buffer: Volumes) -> None:
    start = datetime(2026, 5, 4, tzinfo=UTC)
    for minutes, level in ((-1, 2), (0, 2), (59, 4), (60, 8), (180, 2), (240, 8)):
        buffer.add([sent(program, level, start + timedelta(minutes=minutes))])
    buffer.add([sent(make_program(), 8, start)])
    buffer.flush()
    hour, end = timedelta(hours=1), start + timedelta(hours=4)
    everything = Criteria(program.pk, start, end)
    wanted = [Bucket(start, 1, 1, 0), Bucket(start + hour, 0, 0, 1), Bucket(start + 3 * hour, 1, 0, 0)]
    assert volume.buckets(everything, hour) == wanted
    warn = Criteria(program.pk, start, end, level=4)
    assert volume.buckets(warn, hour) == [Bucket(start, 0, 1, 0), Bucket(start + hour, 0, 0, 1)]
    assert volume.buckets(Criteria(program.pk, start, end, level=8), hour) == [Bucket(start + hour, 0, 0, 1)]
    assert volume.buckets(everything, timedelta(days=1)) == [Bucket(start, 2, 1, 1)]


def test_counts_of_dropped_days_are_pruned(program: MiniProgram, buffer: Volumes, settings: Any) -> None:
    settings.LOG_DAYS = 7
    other, first = make_program(), datetime(2026, 4, 27, tzinfo=UTC)
    for one in (program, other):
        for at in (first - timedelta(minutes=1), first - timedelta(days=9), first, AT):
            buffer.add([sent(one, at=at)])
    buffer.flush()
    assert [retention.delete("log_volume", at=AT) for _round in range(2)] == [4, 0]
    assert {row[1].date() for row in rows()} == {date(2026, 4, 27), DAY}
