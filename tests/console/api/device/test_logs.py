"""POST /runtime/v1/logs (R-5, D-5)."""

from __future__ import annotations

import gzip
import json
import random
import time
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import OperationalError, connection
from django.utils import timezone

from console.api.device import http, logs, rate
from console.base.hosts.models import ApplicationKey
from devmgmt.logs import volume, writing
from devmgmt.models import LogVolume
from miniprograms import actions as programs
from miniprograms.models import Binding, MiniProgram
from tests.console.api.device.asking import LOGS, Device, authorization, batch
from tests.factories import make_application, make_binding, make_program

FACTS = (
    "mini_program_id", "application_id", "guid", "platform", "os_version", "library_version", "client_version",
    "version", "page", "filter_msg", "trace_id", "level", "marks", "message", "error",
)  # fmt: skip


def kept(*columns: str) -> list[tuple[Any, ...]]:
    """What the store has, in the order of receipt."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(columns)} FROM devmgmt_logentry ORDER BY id")
        return cursor.fetchall()


def lines() -> list[list[Any]]:
    """The lines of each entry."""
    return [json.loads(text) for (text,) in kept("lines")]


def line(text: str, level: str = "info", **members: Any) -> dict[str, Any]:
    return {"time": time.time_ns() // 1_000_000, "level": level, "text": text, **members}


def test_a_batch(device: Device, program: MiniProgram) -> None:
    now = time.time_ns() // 1_000_000 - 3000
    first = {
        "time": now,
        "page": "pages/cart/index?id=7",
        "filter_msg": "checkout",
        "trace_id": "t-1",
        "lines": [
            {"time": now, "level": "info", "text": "opened"},
            {"time": now + 5, "level": "error", "text": "TypeError: x of 'y' at 12:34"},
            {"time": now + 9, "level": "error", "text": "again"},
        ],
    }
    reply = device.log(program.app_id, first, {"lines": [line("slow", "warn"), line("fine")]})
    assert (reply.status, reply.json) == (200, {"accepted": 2, "cut": 0})
    of_device = (program.pk, device.application.pk, f"0302{1:028}", "android", "14", "3.5.1", "8.0.50", "1.0.0")
    message, error = "TypeError: x of 'y' at 12:34", "TypeError: x of “…” at #"
    assert kept(*FACTS) == [
        (*of_device, "pages/cart/index?id=7", "checkout", "t-1", 2 | 8, 0, message, error),
        (*of_device, "pages/index/index", "", "", 2 | 4, 0, "slow", ""),
    ]
    assert kept("time")[0] == (datetime.fromtimestamp(now / 1000, UTC),)
    assert lines()[0] == [[now, 2, "opened"], [now + 5, 8, message], [now + 9, 8, "again"]]


def test_members_that_may_be_absent_null_or_unknown(device: Device, program: MiniProgram) -> None:
    bare = {"filter_msg": None, "trace_id": None, "lines": [], "colour": "red"}
    assert device.log(program.app_id, bare, weather="fine").json == {"accepted": 1, "cut": 0}
    told = batch(program.app_id, {})
    del told["entries"][0]["lines"]
    assert device.post_to(LOGS, told).json == {"accepted": 1, "cut": 0}
    assert kept("level", "message", "lines") == [(2, "", "[]")] * 2
    assert device.log(program.app_id).json == {"accepted": 0, "cut": 0}


HOSTILE = [
    "\x1b[31mred\x1b[0m\r\n\x08\x7f",
    "a\x00b",
    "<script>alert(1)</script>&amp;",
    "=HYPERLINK(1)\t+1\t-1\t@x",
    "\u202eevil\u2066\ufeff\u2028",
    "\\N\\.\n\\.\n\\x00\t",
    "😀" * 100,
    "x" * 5000,
    "\ufffe\uffff\x85",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_kept_as_it_was_sent(device: Device, program: MiniProgram, text: str) -> None:
    short = text[:50]
    entry = {"page": short, "filter_msg": short, "trace_id": short[:30], "lines": [line(text, "error")]}
    assert device.log(program.app_id, entry).json == {"accepted": 1, "cut": 0}
    plain = text.replace("\x00", "\ufffd")
    assert kept("page", "filter_msg", "trace_id", "message") == [(plain[:50], plain[:50], plain[:30], plain[:200])]
    assert lines()[0][0][2] == text


def test_half_a_character_does_not_lose_the_batch(device: Device, program: MiniProgram) -> None:
    told = json.dumps(batch(program.app_id, {"filter_msg": "FIRST", "lines": [line("SECOND")]}))
    told = told.replace("FIRST", r"\ud83d").replace("SECOND", r"\uD83D\uDE00 \\ud83d \ude00x\"")
    assert device.post_to(LOGS, told.encode()).status == 200
    assert kept("filter_msg", "message") == [("\ufffd", '😀 \\ud83d \ufffdx"')]


def test_text_that_is_too_long_is_cut_and_marked(device: Device, program: MiniProgram) -> None:
    entries = [
        {"page": "p" * 1025},
        {"filter_msg": "é" * 513},
        {"trace_id": "t" * 129},
        {"lines": [line("x")] * 201},
        {"lines": [line("a" * 5119), line("é", "warn"), line("lost", "error")]},
        {"page": "p" * 1024, "filter_msg": "é" * 512, "trace_id": "t" * 128, "lines": [line("x")] * 200},
        {"lines": [line("a" * 5120)]},
    ]
    assert device.log(program.app_id, *entries).json == {"accepted": 7, "cut": 5}
    assert [marks for (marks,) in kept("marks")] == [1, 1, 1, 1, 1, 0, 0]
    found = kept("page", "filter_msg", "trace_id", "level", "message")
    assert (found[0][0], found[1][1], found[2][2]) == ("p" * 1024, "é" * 512, "t" * 128)
    assert [len(entry) for entry in lines()] == [1, 1, 1, 200, 2, 200, 1]
    assert [text for _, _, text in lines()[4]] == ["a" * 5119, ""]
    # The facts of an entry are those of everything that was sent.
    assert found[4][3:] == (2 | 4 | 8, "lost")


def test_the_largest_entries_fit_into_every_index(device: Device, program: MiniProgram) -> None:
    chance = random.Random(1)
    text = "".join(chr(chance.randrange(0x10000, 0x2FFFF)) for _ in range(2000))
    entry = {"page": text, "filter_msg": text[::-1], "trace_id": text, "lines": [line(text, "error")]}
    long = dict.fromkeys(("os_version", "client_version", "library_version"), "1.0 " + "x" * 36)
    assert device.log(program.app_id, entry, **long).json == {"accepted": 1, "cut": 1}


def test_a_clock_that_can_not_be(device: Device, program: MiniProgram, settings: Any) -> None:
    settings.LOG_DAYS = 7
    now = time.time_ns() // 1_000_000
    minute, day = 60_000, 86_400_000
    good = [now - 7 * day + minute, now + 4 * minute]
    bad = [now - 7 * day - minute, now + 6 * minute, 0, -1, 10**17, -(10**30)]
    entries = [{"time": at, "lines": [line("x", time=at + 1000)]} for at in good + bad]
    assert device.log(program.app_id, *entries).json == {"accepted": 8, "cut": 0}
    found = kept("time", "marks")
    assert found[:2] == [(datetime.fromtimestamp(at / 1000, UTC), 0) for at in good]
    for (at, marks), (moved, *_) in zip(found[2:], [entry[0] for entry in lines()[2:]], strict=True):
        assert marks == 2
        assert abs(at - timezone.now()) < timedelta(minutes=1)
        assert moved == round(at.timestamp() * 1000) + 1000  # Lines keep their distance.


def test_only_a_line_has_a_wrong_time(device: Device, program: MiniProgram) -> None:
    now = time.time_ns() // 1_000_000
    device.log(program.app_id, {"time": now - 5000, "lines": [line("x", time=10**30), line("y", time=now)]})
    assert kept("marks") == [(2,)]
    assert lines()[0][1] == [now, 2, "y"]
    assert abs(lines()[0][0][0] - now) < 60_000


@pytest.mark.parametrize("path", ["app_id", "guid", "platform", "os_version", "client_version", "library_version"])
def test_a_wrong_or_missing_member_is_named(device: Device, program: MiniProgram, path: str) -> None:
    told = batch(program.app_id, {})
    for value in (7, None, "", "x" * 200, "1\n", []):
        reply = device.post_to(LOGS, told | {path: value})
        assert (reply.status, reply.json["code"]) == (422, "invalid")
        assert f"`$.{path}`" in reply.json["message"]
    del told[path]
    reply = device.post_to(LOGS, told)
    assert (reply.status, f"`{path}`" in reply.json["message"]) == (422, True)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("time", "now"),
        ("time", None),
        ("time", 1.5),
        ("page", None),
        ("page", 7),
        ("filter_msg", 7),
        ("trace_id", []),
        ("lines", None),
        ("lines", [7]),
        ("lines", [{"time": 1, "level": "debug", "text": ""}]),
        ("lines", [{"time": 1, "level": 2, "text": ""}]),
        ("lines", [{"time": "1", "level": "info", "text": ""}]),
        ("lines", [{"time": 1, "level": "info", "text": None}]),
        ("lines", [{"time": 1, "level": "info"}]),
    ],
)
def test_a_wrong_entry_refuses_the_batch(device: Device, program: MiniProgram, member: str, value: Any) -> None:
    reply = device.log(program.app_id, {}, {member: value})
    assert (reply.status, reply.json["code"]) == (422, "invalid")
    assert f"$.entries[1].{member}" in reply.json["message"]
    assert kept("id") == []


def test_a_guid_of_the_other_platform(device: Device, program: MiniProgram) -> None:
    reply = device.log(program.app_id, {}, platform="ios")
    assert (reply.status, "`$.guid`" in reply.json["message"]) == (422, True)


def test_how_many_entries_there_may_be(device: Device, program: MiniProgram) -> None:
    assert device.log(program.app_id, *[{}] * 200).json == {"accepted": 200, "cut": 0}
    ids = [pk for (pk,) in kept("id")]
    assert len(set(ids)) == 200
    reply = device.log(program.app_id, *[{}] * 201)
    assert (reply.status, "`$.entries`" in reply.json["message"]) == (422, True)


def zipped(device: Device, body: bytes, encoding: str = "gzip") -> int:
    return device.post_to(LOGS, body, HTTP_CONTENT_ENCODING=encoding).status


def test_gzip(device: Device, program: MiniProgram) -> None:
    body = json.dumps(batch(program.app_id, {})).encode()
    packed = gzip.compress(body)
    members = gzip.compress(body[:50]) + gzip.compress(b"") + gzip.compress(body[50:])
    assert [zipped(device, packed), zipped(device, packed, "GZIP"), zipped(device, members)] == [200] * 3
    assert [zipped(device, body, "identity"), zipped(device, body, "")] == [200] * 2
    garbage = [body, packed[:-9], packed[:15], packed[:-1], packed + b"x", packed[:20] + b"\xff" * 40]
    assert [zipped(device, one) for one in garbage] == [400] * len(garbage)
    for encoding in ("br", "deflate", "gzip, gzip", "x"):
        assert zipped(device, zlib.compress(body), encoding) == 415
    assert len(kept("id")) == 5


def test_what_is_too_large(device: Device, program: MiniProgram) -> None:
    body = json.dumps(batch(program.app_id, {})).encode()
    fits = body + b" " * (logs.LONGEST_BATCH - len(body))
    assert [device.post_to(LOGS, fits).status, device.post_to(LOGS, fits + b" ").status] == [200, 413]
    assert [zipped(device, gzip.compress(fits)), zipped(device, gzip.compress(fits + b" "))] == [200, 413]
    assert zipped(device, gzip.compress(b" " * 500_000_000)) == 413
    many = gzip.compress(b" " * 1000) * 20_000
    assert zipped(device, many[: logs.LONGEST_BATCH]) in (400, 413)


def test_a_gzip_of_very_many_members(device: Device, program: MiniProgram) -> None:
    body, empty = gzip.compress(json.dumps(batch(program.app_id, {})).encode()), gzip.compress(b"")
    fits = empty * (http.MOST_MEMBERS - 1) + body
    assert [zipped(device, fits), zipped(device, empty + fits)] == [200, 400]


def test_bodies_that_are_none(device: Device) -> None:
    bodies = (b"{", b"\xff", b'{"app_id": "\xff"}', b'{"a":' + b"[" * 100_000, b"[]", b"7", b'"\\ud83d"')
    assert [device.post_to(LOGS, body).status for body in bodies] == [400, 400, 400, 400, 422, 422, 422]
    told = batch("mp00000000000000", {})
    assert device.post_to(LOGS, told, CONTENT_TYPE="text/plain").status == 415
    assert device.post_to(LOGS, told, CONTENT_LENGTH="").status == 411


def test_programs_that_are_not_bound_look_alike(device: Device, binding: Binding) -> None:
    unknown = device.log("mp00000000000000", {})
    assert (unknown.status, unknown.json["code"]) == (404, "not_found")
    elsewhere = make_program()
    waiting = make_binding(make_program(), device.application, state="waiting").mini_program
    programs.unbind(binding, by=binding.mini_program.created_by)
    for program in (elsewhere, waiting, binding.mini_program):
        reply = device.log(program.app_id, {})
        assert (reply.status, reply.headers, reply.body) == (404, unknown.headers, unknown.body)
    assert kept("id") == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_other_methods(device: Device, method: str) -> None:
    reply = device.ask(method, LOGS)
    assert (reply.status, reply.headers["Allow"]) == (405, "POST")


def test_no_wrong_and_revoked_key(device: Device, program: MiniProgram) -> None:
    told = batch(program.app_id, {})
    others = authorization(device.application, make_application().keys.get().key)
    for header in (None, "Basic eDp5", others):
        reply = device.post_to(LOGS, told, HTTP_AUTHORIZATION=header)
        assert (reply.status, reply.json["code"]) == (401, "unauthenticated")
    ApplicationKey.objects.update(revoked_at=timezone.now())
    assert device.post_to(LOGS, told).status == 401


def test_a_device_that_logs_too_often(device: Device, program: MiniProgram, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate, "limiter", rate.Limiter("2/hour"))
    assert [device.log(program.app_id, {}).status for _ in range(3)] == [200, 200, 429]
    assert device.log(program.app_id, {}, guid=f"0302{2:028}").status == 200


def test_the_daily_cap_of_a_program(device: Device, program: MiniProgram, settings: Any) -> None:
    settings.LOG_ENTRIES_PER_DAY = 3
    with time_machine.travel(datetime(2026, 5, 4, 22, 30, tzinfo=UTC), tick=False):
        assert device.log(program.app_id, *[{}] * 4).status == 200  # It was not over before.
        reply = device.log(program.app_id, {})
        assert (reply.status, reply.json["code"]) == (429, "log_quota_exceeded")
        assert reply.headers["Retry-After"] == str(90 * 60 + 1)
        other = make_binding(make_program(), device.application).mini_program
        assert device.log(other.app_id, {}).status == 200
        yesterday = {"time": time.time_ns() // 1_000_000 - 86_400_000}
        assert device.log(program.app_id, yesterday).status == 200
        assert device.log(program.app_id, yesterday, {}).status == 429
    with time_machine.travel(datetime(2026, 5, 5, 0, 0, 1, tzinfo=UTC), tick=False):
        assert device.log(program.app_id, {}).status == 200
    assert len(kept("id")) == 7


def test_what_other_processes_counted_is_found(device: Device, program: MiniProgram, settings: Any) -> None:
    settings.LOG_ENTRIES_PER_DAY = 3
    now = timezone.now()
    LogVolume.objects.create(mini_program=program, minute=now.replace(second=0, microsecond=0), info=2, error=1)
    assert device.log(program.app_id, {}).status == 429


def test_volumes_are_counted(device: Device, program: MiniProgram) -> None:
    device.log(program.app_id, {}, {"lines": [line("x", "warn")]}, {"lines": [line("x", "error"), line("y", "warn")]})
    volume.buffer.flush()
    rows = LogVolume.objects.filter(mini_program=program)
    assert [sum(counts) for counts in zip(*rows.values_list("info", "warn", "error"), strict=True)] == [1, 1, 1]
    assert volume.entries_today(program.pk) == 3


def test_the_database_is_away(device: Device, program: MiniProgram, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: object, **kwargs: object) -> None:
        raise OperationalError

    monkeypatch.setattr(writing, "_copy", away)
    reply = device.log(program.app_id, {})
    assert (reply.status, reply.json["code"], reply.headers["Retry-After"]) == (503, "temporarily_unavailable", "5")
    volume.buffer.flush()
    assert LogVolume.objects.count() == 0
