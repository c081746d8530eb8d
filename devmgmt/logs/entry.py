"""A log entry as it is kept (D-5): how it is made of what a device sent. Pure."""

from __future__ import annotations

import itertools
import os
import re
import secrets
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import IntFlag
from typing import NamedTuple

import msgspec

from devmgmt.states import Level

MOST_LINES = 200
MOST_BYTES = 5 * 1024  # of an entry's lines, in UTF-8
MOST_FILTER_MSG = 1024  # bytes
MOST_PAGE = 1024  # bytes
MOST_TRACE_ID = 128  # bytes
MESSAGE_LENGTH = ERROR_LENGTH = 200  # characters

INFO, WARN, ERROR = map(int, Level)  # Quicker than members.
AHEAD = timedelta(minutes=5)  # how far a device's clock may be before ours
ID_EPOCH = 1_704_067_200_000  # 2024-01-01 in milliseconds: ids last until 2093
REPLACEMENT = "\ufffd"

_encode = msgspec.json.Encoder().encode


class Mark(IntFlag):
    """What we did to an entry before it was kept."""

    CUT = 1  # something was longer than we keep
    CLOCK = 2  # the device's clock was so wrong that the time of receipt is used instead


_CUT, _CLOCK = int(Mark.CUT), int(Mark.CLOCK)  # Many times quicker than flags.


class Line(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A line: milliseconds since 1970, a level (2, 4, 8), the text as it was sent."""

    time: int
    level: int
    text: str


class Entry(msgspec.Struct, frozen=True, gc=False):
    """An entry; `mini_program` and `application` are primary keys.

    `id` is made by `new_id`, in the order of receipt; with `time` it is the entry's place in every list. `level` is the
    OR of the lines' levels. `message` is the first line of the highest level, cut for lists; `error` is that message of
    an entry with an error, with what differs from one device to the next taken out: what errors are grouped by.
    `lines` is the JSON of a list of Line, which also holds characters that no text column takes.
    """

    mini_program: int
    time: datetime
    id: int
    level: int
    application: int
    guid: str
    platform: str
    os_version: str
    page: str
    filter_msg: str
    trace_id: str
    library_version: str
    client_version: str
    version: str
    marks: int
    message: str
    error: str
    lines: str


class Origin(NamedTuple):
    """What the entries of one batch share; as in Entry."""

    mini_program: int
    application: int
    guid: str
    platform: str
    os_version: str
    library_version: str
    client_version: str
    version: str


class Times(NamedTuple):
    """When a batch came, and the earliest and latest time that is believed; milliseconds."""

    received: int
    earliest: int
    latest: int

    @classmethod
    def at(cls, now: datetime, *, days: int) -> Times:
        """Return the times of a batch that came now, where logs are kept for `days`."""
        return cls(*(milliseconds(time) for time in (now, now - timedelta(days=days), now + AHEAD)))


def milliseconds(time: datetime) -> int:
    """Return a time in milliseconds since 1970."""
    return int(time.timestamp() * 1000)


def entry(
    origin: Origin, times: Times, *, time: int, page: str, filter_msg: str, trace_id: str, lines: Sequence[Line]
) -> Entry:
    """Make the entry of what a device sent: what is too long is cut, a time that can't be is the time of receipt.

    Level, message and error are those of all lines, also of those that are not kept.
    """
    level = 0
    for line in lines:
        level |= line.level
    highest = ERROR if level & ERROR else WARN if level & WARN else INFO
    message = next((line.text for line in lines if line.level == highest), "")
    moved = 0 if times.earliest <= time <= times.latest else times.received - time
    kept, marks = _kept(lines, moved, times)
    kept_page, kept_filter_msg, kept_trace_id = (
        _cut(page, MOST_PAGE),
        _cut(filter_msg, MOST_FILTER_MSG),
        _cut(trace_id, MOST_TRACE_ID),
    )
    if not (kept_page is page and kept_filter_msg is filter_msg and kept_trace_id is trace_id):
        marks |= _CUT
    return Entry(
        origin.mini_program,
        datetime.fromtimestamp((time + moved) / 1000, UTC),
        new_id(),
        level or INFO,
        origin.application,
        origin.guid,
        origin.platform,
        origin.os_version,
        _plain(kept_page),
        _plain(kept_filter_msg),
        _plain(kept_trace_id),
        origin.library_version,
        origin.client_version,
        origin.version,
        marks | _CLOCK if moved else marks,
        _plain(message[:MESSAGE_LENGTH]),
        error_key(message) if highest == ERROR else "",
        _encode(kept).decode(),
    )


def _kept(lines: Sequence[Line], moved: int, times: Times) -> tuple[Sequence[Line], int]:
    """Return the lines that are kept, and marks.

    Lines move with their entry; one that is still far off gets the time of receipt.
    """
    kept, room, marks = [], MOST_BYTES, 0 if len(lines) <= MOST_LINES else _CUT
    for line in lines[:MOST_LINES]:
        text, at = _cut(line.text, room), line.time + moved
        if not times.earliest <= at <= times.latest:
            at, marks = times.received, marks | _CLOCK
        kept.append(line if at == line.time and text is line.text else Line(at, line.level, text))
        if text is not line.text:
            return kept, marks | _CUT
        room -= len(text) if text.isascii() else len(text.encode())
    return kept, marks


def _cut(text: str, most: int) -> str:
    """Return at most so many bytes of the text, never a part of a character; the very text when it fits."""
    if len(text) * 4 <= most or (len(text) <= most and text.isascii()):
        return text
    encoded = text.encode()
    return text if len(encoded) <= most else encoded[:most].decode(errors="ignore")


def _plain(text: str) -> str:
    """NUL is the one character that PostgreSQL can't keep in a text."""
    return text.replace("\0", REPLACEMENT)


# In the order in which they are replaced: numbers last, as the others hold some.
_DIFFERING = [
    (re.compile(r"\x1b\[[0-9;]*[A-Za-z]"), ""),  # a terminal's colours
    (re.compile(r"(?i)\b(https?|wss?)://[^\s/?#\"'<>()]+([^\s?#\"'<>()]*)[^\s\"'<>()]*"), r"\1://…\2"),
    (re.compile(r"\"[^\"]*\"|“[^”]*”|‘[^’]*’|«[^»]*»|「[^」]*」|`[^`]*`|(?<!\w)'[^']*'(?!\w)"), "“…”"),
    (re.compile(r"(?i)\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "#"),
    (re.compile(r"(?i)\b0x[0-9a-f]+\b|\b(?=[a-f]*[0-9])[0-9a-f]{8,}\b"), "#"),
    (re.compile(r"[0-9]+(?:[.,:][0-9]+)*"), "#"),
    (re.compile(r"[\s\x00-\x1f\x7f]+"), " "),
]


def error_key(text: str) -> str:
    """Return the first line of an error without what differs from one device to the next, for grouping."""
    text = text.strip()[: 4 * ERROR_LENGTH].partition("\n")[0]
    for pattern, replacement in _DIFFERING:
        text = pattern.sub(replacement, text)
    return text.strip()[:ERROR_LENGTH]


_counter = itertools.count()


def _start() -> None:
    """Each process counts from elsewhere, so that two hardly ever make the same id."""
    global _counter
    _counter = itertools.count(secrets.randbits(22))


def new_id() -> int:
    """Return a number of 63 bits that grows with time: milliseconds, then a counter of this process."""
    return (time.time_ns() // 1_000_000 - ID_EPOCH) << 22 | next(_counter) & 0x3FFFFF


_start()
os.register_at_fork(after_in_child=_start)
