"""What can be asked of the logs of one mini program, and what the answers look like (D-6). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


class Place(NamedTuple):
    """An entry's place in the list, which is sorted by it downwards: time, then id."""

    time: datetime
    id: int


@dataclass(frozen=True)
class Criteria:
    """All of them must hold; an empty one asks for nothing. Plain text, never a pattern language.

    `start` ≤ time < `end`. `level` 0 all, 2 info and above, 4 warn and above, 8 error and above. `page` is how the page
    link begins, `filter_msg` is what it contains, in this very case; the others are equal. `error` and `version` come
    from the error groups, `trace_id` from following a launch.
    """

    mini_program: int
    start: datetime
    end: datetime
    level: int = 0
    platform: str = ""
    guid: str = ""
    page: str = ""
    filter_msg: str = ""
    library_version: str = ""
    client_version: str = ""
    trace_id: str = ""
    version: str = ""
    error: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether only time and level are asked for."""
        rest = (self.platform, self.guid, self.page, self.filter_msg, self.library_version, self.client_version)
        return not any((*rest, self.trace_id, self.version, self.error))


def is_storable(text: str) -> bool:
    """Whether an entry can hold a text: no NUL is in any, and no half of a character."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


class TooSlow(Exception):
    """A question took longer than LOG_QUERY_SECONDS; a narrower one will not."""


class StoreAway(Exception):
    """The store can't be reached, or refused; nothing was kept."""


@dataclass(frozen=True)
class Bucket:
    """How many entries there are from `start` on, by their highest level."""

    start: datetime
    info: int
    warn: int
    error: int


@dataclass(frozen=True)
class ErrorGroup:
    """Entries with the same error in the same version; `is_new`: no other version had it in all that is kept."""

    error: str
    version: str
    entries: int
    devices: int
    first: datetime
    last: datetime
    is_new: bool


class DeviceErrors(NamedTuple):
    """A device that logged with a version in the span of time that begins at `start`, and whether it had an error.

    `application` is the primary key of the host application that it logged through.
    """

    start: datetime
    version: str
    guid: str
    application: int
    error: bool
