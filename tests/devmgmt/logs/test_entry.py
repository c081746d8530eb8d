"""How an entry is made of what a device sent. Pure."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devmgmt.logs.entry import (
    ERROR,
    ERROR_LENGTH,
    INFO,
    MESSAGE_LENGTH,
    MOST_BYTES,
    MOST_FILTER_MSG,
    MOST_LINES,
    MOST_PAGE,
    MOST_TRACE_ID,
    WARN,
    Entry,
    Line,
    Mark,
    Origin,
    Times,
    entry,
    error_key,
    milliseconds,
    new_id,
)

NOW = datetime(2026, 5, 4, 12, 30, 15, 250_000, tzinfo=UTC)
AT = milliseconds(NOW)
ORIGIN = Origin(7, 8, "0302" + "0" * 28, "android", "14", "3.5.1", "8.0.50", "1.2.0")


def made(*lines: Line, **facts: Any) -> Entry:
    """An entry that came NOW."""
    sent = {"time": AT, "page": "", "filter_msg": "", "trace_id": "", "lines": lines, **facts}
    return entry(ORIGIN, Times.at(NOW, days=7), **sent)


def test_times() -> None:
    assert Times.at(NOW, days=7) == (AT, AT - 7 * 86_400_000, AT + 300_000)


@pytest.mark.parametrize(
    ("levels", "level", "message"),
    [
        ([], INFO, ""),
        ([INFO, INFO], INFO, "0"),
        ([INFO, WARN], INFO | WARN, "1"),
        ([ERROR, WARN, INFO, ERROR], INFO | WARN | ERROR, "0"),
        ([WARN, ERROR], WARN | ERROR, "1"),
    ],
)
def test_level_and_message(levels: list[int], level: int, message: str) -> None:
    one = made(*(Line(AT, level, str(n)) for n, level in enumerate(levels)))
    assert (one.level, one.message) == (level, message)
    assert one.error == ("#" if level & ERROR else "")


def test_a_message_is_short() -> None:
    assert made(Line(AT, INFO, "é" * 1000)).message == "é" * MESSAGE_LENGTH
    assert made(Line(AT, INFO, "a\0b")).message == "a\ufffdb"


@given(st.lists(st.tuples(st.sampled_from([INFO, WARN, ERROR]), st.text(max_size=3000)), max_size=5))
def test_lines_are_kept_up_to_a_number_of_bytes(sent: list[tuple[int, str]]) -> None:
    one = made(*(Line(AT, level, text) for level, text in sent))
    kept = json.loads(one.lines)
    whole = "".join(text for _, text in sent)
    stored = "".join(text for _, _, text in kept)
    assert whole.startswith(stored)
    size = len(stored.encode())
    assert size <= MOST_BYTES
    if stored == whole and len(kept) == len(sent):
        assert one.marks == 0
    else:
        assert one.marks == Mark.CUT
        assert size > MOST_BYTES - 4  # no more was taken than a character needs


@given(st.text(max_size=MOST_PAGE + 50), st.text(max_size=MOST_FILTER_MSG + 50), st.text(max_size=MOST_TRACE_ID + 50))
def test_texts_are_cut_between_characters(page: str, filter_msg: str, trace_id: str) -> None:
    one = made(page=page, filter_msg=filter_msg, trace_id=trace_id)
    for sent, kept, most in (
        (page, one.page, MOST_PAGE),
        (filter_msg, one.filter_msg, MOST_FILTER_MSG),
        (trace_id, one.trace_id, MOST_TRACE_ID),
    ):
        encoded = sent.encode()
        # NUL grows when it is replaced, so sizes are those before.
        assert kept == encoded[:most].decode(errors="ignore").replace("\0", "\ufffd")
    assert (one.marks == Mark.CUT) == any(
        len(sent.encode()) > most
        for sent, most in ((page, MOST_PAGE), (filter_msg, MOST_FILTER_MSG), (trace_id, MOST_TRACE_ID))
    )


def test_how_many_lines() -> None:
    one = made(*[Line(AT, INFO, "x")] * MOST_LINES)
    assert (len(json.loads(one.lines)), one.marks) == (MOST_LINES, 0)
    more = made(*[Line(AT, INFO, "x")] * MOST_LINES, Line(AT, ERROR, "last"))
    assert (len(json.loads(more.lines)), more.marks, more.level, more.message) == (MOST_LINES, 1, 10, "last")


@pytest.mark.parametrize("off", [timedelta(days=-7), timedelta(0), timedelta(minutes=5)])
def test_a_time_that_can_be(off: timedelta) -> None:
    at = milliseconds(NOW + off)
    one = made(Line(at, INFO, "x"), time=at)
    assert (one.time, one.marks, json.loads(one.lines)[0][0]) == (NOW + off, 0, at)


@pytest.mark.parametrize("at", [AT - 7 * 86_400_000 - 1, AT + 300_001, 0, -1, 1 << 70, -(1 << 70)])
def test_a_time_that_can_not_be(at: int) -> None:
    one = made(Line(at + 5, INFO, "x"), Line(AT - at, INFO, "far off"), time=at)
    assert (one.time, one.marks) == (NOW, Mark.CLOCK)
    assert json.loads(one.lines)[0][0] == AT + 5


def test_both_marks() -> None:
    assert made(time=0, page="x" * 2000).marks == Mark.CUT | Mark.CLOCK


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("TypeError: x is undefined at pages/cart.js:12:33", "TypeError: x is undefined at pages/cart.js:#"),
        ("Cannot read property 'price' of undefined", "Cannot read property “…” of undefined"),
        ("don't and won't", "don't and won't"),
        ("GET https://api-7.example.com:8443/v1/items/12?token=abc failed", "GET https://…/v#/items/# failed"),
        ("wss://live.example.com: closed", "wss://… closed"),
        ("order 550e8400-e29b-41d4-a716-446655440000 is lost", "order # is lost"),
        ("at 0xDEADbeef, hash d41d8cd98f00b204e9800998ecf8427e", "at #, hash #"),
        ("3 of 10,000 in 1.25 s", "# of # in # s"),
        ("\x1b[31mred\x1b[0m\tand \x00\x07more", "red and more"),
        ("first line\n  at frame (x.js:1)", "first line"),
        ("  \n ", ""),
    ],
)
def test_error_keys(text: str, key: str) -> None:
    assert error_key(text) == key


def test_the_same_error_of_different_devices() -> None:
    one = "request https://a.example.com/u/17?t=1 of 'ann' failed: 502 after 31 ms"
    other = "request https://b.example.com/u/9 of 'ben' failed: 504 after 2007 ms"
    assert error_key(one) == error_key(other)
    assert error_key(one) != error_key(one.replace("failed", "ended"))


@given(st.text())
def test_any_text_has_a_key_that_a_column_takes(text: str) -> None:
    key = error_key(text)
    assert len(key) <= ERROR_LENGTH
    assert "\0" not in key and "\n" not in key


@pytest.mark.parametrize("part", ["'", '"', "https://", "0", "a1", "\x1b[", "ab ", "“"])
def test_long_errors_have_short_keys(part: str) -> None:
    assert len(error_key(part * 200_000)) <= ERROR_LENGTH


def test_ids_grow() -> None:
    ids = [new_id() for _ in range(10_000)]
    assert len(set(ids)) == len(ids)
    assert all(0 < one < 1 << 63 for one in ids)
    times = [one >> 22 for one in ids]
    assert times == sorted(times)


def test_a_forked_child_counts_from_elsewhere() -> None:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, str(new_id() & 0x3FFFFF).encode())
        os._exit(0)
    os.waitpid(child, 0)
    there, here = int(os.read(reading, 20)), new_id() & 0x3FFFFF
    os.close(reading)
    os.close(writing)
    assert abs(there - here) > 1  # One time in a million by chance.
