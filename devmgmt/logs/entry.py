"""A log entry as it is kept (D-5). Pure."""

from __future__ import annotations

from datetime import datetime
from enum import IntFlag

import msgspec

MOST_LINES = 200
MOST_BYTES = 5 * 1024  # of an entry's lines, in UTF-8
MOST_FILTER_MSG = 1024  # bytes


class Mark(IntFlag):
    """What we did to an entry before it was kept."""

    CUT = 1  # something was longer than we keep
    CLOCK = 2  # the device's clock was so wrong that the time of receipt stands instead


class Line(msgspec.Struct, frozen=True, array_like=True):
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
