"""Devices that were seen, noted in memory and written together; and how updates ended (R-7)."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from console.base.core import retention
from miniprograms.models import MiniProgram
from releases.field import seen
from releases.field.device import seen_device
from releases.field.models import SeenDevice
from releases.field.seen import SeenBuffer
from tests.factories import make_device, make_program


@pytest.fixture
def program(db: None) -> MiniProgram:
    """Which devices ask for."""
    return make_program()


@pytest.fixture
def buffer() -> SeenBuffer:
    """Written by hand."""
    return SeenBuffer(follow=False)


@pytest.fixture
def following(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[SeenBuffer]:
    """Written by its thread, at once."""
    monkeypatch.setattr(SeenBuffer, "seconds", 0.02)
    buffer = SeenBuffer()
    yield buffer
    buffer._stopping.set()
    if buffer.thread is not None:
        buffer.thread.join()


def rows() -> list[tuple[Any, ...]]:
    """Everything that was written, but when."""
    names = ("mini_program_id", "guid", "application_id", "device_id", "account")
    facts = ("platform", "os_version", "app_version", "network")
    return list(SeenDevice.objects.order_by("mini_program_id", "guid").values_list(*names, *facts))


def written_within(seconds: float) -> list[tuple[Any, ...]]:
    """Wait for the thread."""
    deadline = time.monotonic() + seconds
    while not (found := rows()):
        assert time.monotonic() < deadline, "nothing was written"
        time.sleep(0.02)
    return found


def test_devices_are_written_together(program: MiniProgram, buffer: SeenBuffer) -> None:
    first = make_device(account="ann", device_id="d-1")
    second = make_device(platform="ios", network="5g", os_version="17.5.1")
    buffer.note(program.app_id, first, application=7)
    buffer.note(program.app_id, second, application=8)
    assert rows() == []
    assert buffer.flush() == 2
    assert rows() == [
        (program.pk, first.guid, 7, "d-1", "ann", "android", "14", "9.2.0", "wifi"),
        (program.pk, second.guid, 8, "", "", "ios", "17.5.1", "9.2.0", "5g"),
    ]
    assert abs(SeenDevice.objects.first().seen_at - timezone.now()) < timedelta(minutes=1)
    assert buffer.flush() == 0


def test_a_device_is_written_again_only_when_something_changed(program: MiniProgram, buffer: SeenBuffer) -> None:
    device = make_device()
    for _ in range(3):
        buffer.note(program.app_id, device, application=7)
    assert buffer.flush() == 1
    buffer.note(program.app_id, device, application=7)
    assert buffer.flush() == 0
    device.app_version = "9.3.0"
    buffer.note(program.app_id, device, application=7)
    assert buffer.flush() == 1
    assert [row[-2] for row in rows()] == ["9.3.0"]


def test_a_day_later_it_is_written_again(
    program: MiniProgram, buffer: SeenBuffer, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = make_device()
    written = []
    for seconds in (0, 60, seen.DAY, seen.DAY + 60):
        monkeypatch.setattr(seen.time, "time", lambda seconds=seconds: 1e9 + seconds)
        for _ in range(2):
            buffer.note(program.app_id, device, application=7)
        written.append(buffer.flush())
    # Its own turn of the day may lie in one of the minutes, hence no more than one row more.
    assert (written[0], sum(written) in (2, 3)) == (1, True)


def test_of_one_device_the_last_time_counts(program: MiniProgram, buffer: SeenBuffer) -> None:
    device = make_device(network="wifi")
    buffer.note(program.app_id, device, application=7)
    device.network = "5g"
    buffer.note(program.app_id, device, application=7)
    assert buffer.flush() == 1
    assert [row[-1] for row in rows()] == ["5g"]


def test_what_came_by_one_application_another_changes_only_when_it_is_old(
    program: MiniProgram, buffer: SeenBuffer
) -> None:
    device = make_device(account="ann")
    other = make_device(guid=device.guid, account="ben", network="5g")
    buffer.note(program.app_id, device, application=7)
    assert buffer.flush() == 1
    before, moment = rows(), SeenDevice.objects.get().seen_at
    buffer.note(program.app_id, other, application=8)
    assert (buffer.flush(), rows(), SeenDevice.objects.get().seen_at) == (0, before, moment)
    found = []
    for hours in (47, 49):
        SeenDevice.objects.update(seen_at=timezone.now() - timedelta(hours=hours))
        seen.write([seen_device(program.app_id, other, application=8)])
        found += [(row[2], row[4], row[-1]) for row in rows()]
    assert found == [(7, "ann", "wifi"), (8, "ben", "5g")]
    seen.write([seen_device(program.app_id, device, application=7)])
    assert [row[2] for row in rows()] == [8]


def test_each_program_by_itself_and_none_that_is_unknown(program: MiniProgram, buffer: SeenBuffer) -> None:
    other, device = make_program(), make_device()
    for app_id in (program.app_id, other.app_id, "mp00000000000000"):
        buffer.note(app_id, device, application=7)
    assert buffer.flush() == 2
    assert [row[0] for row in rows()] == [program.pk, other.pk]


def test_what_is_too_much_is_left_out_and_noted_when_it_asks_again(
    program: MiniProgram, buffer: SeenBuffer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seen, "MOST_NOTED", 2)
    devices = [make_device() for _ in range(3)]
    for _ in range(2):
        for device in devices:
            buffer.note(program.app_id, device, application=7)
    assert buffer.flush() == 2
    for device in devices:
        buffer.note(program.app_id, device, application=7)
    assert buffer.flush() == 1
    assert len(rows()) == 3


def test_a_thread_writes(following: SeenBuffer) -> None:
    program = make_program()
    following.note(program.app_id, make_device(), application=7)
    assert len(written_within(10)) == 1


def test_at_the_end_what_is_left_is_written(transactional_db: None) -> None:
    program, buffer = make_program(), SeenBuffer()
    buffer.note(program.app_id, make_device(), application=7)
    buffer.stop()
    assert len(rows()) == 1


def test_the_thread_outlives_an_outage(following: SeenBuffer, monkeypatch: pytest.MonkeyPatch) -> None:
    outage, tried = True, []
    real = seen.write

    def write(noted: Any) -> int:
        tried.append(noted)
        if outage:
            raise OperationalError
        return real(noted)

    monkeypatch.setattr(seen, "write", write)
    program = make_program()
    following.note(program.app_id, make_device(), application=7)
    deadline = time.monotonic() + 10
    while not any(tried):
        assert time.monotonic() < deadline, "the thread did not try"
        time.sleep(0.01)
    outage = False
    following.note(program.app_id, make_device(), application=7)
    assert len(written_within(10)) >= 1


def test_a_forked_child_starts_from_nothing(program: MiniProgram) -> None:
    buffer = seen.buffer
    buffer._noted.append(seen_device(program.app_id, make_device(), application=7))
    child = os.fork()
    if child == 0:
        os._exit(0 if not buffer._noted and buffer.thread is None else 1)
    _, status = os.waitpid(child, 0)
    buffer.forget()
    assert status == 0


def test_devices_that_were_not_seen_for_long_are_pruned(program: MiniProgram, buffer: SeenBuffer) -> None:
    other, now = make_program(), timezone.now()
    for app_id in (program.app_id, program.app_id, other.app_id):
        buffer.note(app_id, make_device(), application=7)
    buffer.flush()
    old = SeenDevice.objects.filter(mini_program=program).order_by("guid").first()
    SeenDevice.objects.filter(mini_program=program, guid=old.guid).update(seen_at=now - timedelta(days=31))
    SeenDevice.objects.filter(mini_program=other).update(seen_at=now - timedelta(days=29))
    assert [retention.delete("seen_devices", at=now) for _round in range(2)] == [1, 0]
    assert len(rows()) == 2
