"""Log entries as pages show them: nothing that a device sent can be more than text (D-6)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

import msgspec
from django.core.cache import cache
from django.utils import timezone
from django.utils.translation import gettext as _

from console.base.core import times, zones
from console.base.core.text import is_chinese, visible, visible_lines
from console.base.hosts.models import HostApplication
from devmgmt.logs import volume as minutes
from devmgmt.logs.criteria import Bucket, Criteria, ErrorGroup, Place, StoreAway, TooSlow
from devmgmt.logs.entry import Entry, Line, Mark
from devmgmt.logs.export import moment_of, record
from devmgmt.logs.store import log_store
from devmgmt.states import Level
from miniprograms.models import MiniProgram

PLATFORMS = {"android": "Android", "ios": "iOS"}
KNOWN_VERSIONS_SECONDS = 60
MOST_VERSIONS = 200  # to choose from: a device can invent as many as it likes
MOST_BARS = 75
MOST_GROUPS = 10  # of errors, the most frequent ones
LONG = timedelta(hours=6)  # more than this is read from the minutes' counts
STEPS = [timedelta(seconds=n) for n in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800)]
STEPS += [timedelta(hours=n) for n in (1, 2, 3, 6, 12, 24)]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PLACE = re.compile(r"([0-9]{1,16})_([0-9]{1,19})")


def place_text(entry: Entry) -> str:
    """Return an entry's place as URLs carry it: microseconds since 1970, and the id."""
    return f"{(entry.time - EPOCH) // timedelta(microseconds=1)}_{entry.id}"


def read_place(text: str) -> Place | None:
    """Return the place that a URL names; None when it names none."""
    match = PLACE.fullmatch(text)
    if match is None or int(match[2]) >= 2**63:
        return None
    try:
        return Place(EPOCH + timedelta(microseconds=int(match[1])), int(match[2]))
    except OverflowError:
        return None


def step_for(length: timedelta) -> timedelta:
    """Return how much time a bar of the chart stands for."""
    return next((step for step in STEPS if length <= step * MOST_BARS), STEPS[-1])


def versions_of(program: MiniProgram) -> tuple[list[str], list[str]]:
    """Return base library and client versions that occur, the highest first and at most MOST_VERSIONS of each.

    As of at most a minute ago; none while the store is away or too slow.
    """
    key = f"log-versions:{program.pk}"
    found: tuple[list[str], list[str]] | None = cache.get(key)
    if found is None:
        try:
            libraries, clients = log_store().versions(program.pk)
        except (TooSlow, StoreAway):
            return [], []
        found = _highest(libraries), _highest(clients)
        cache.set(key, found, KNOWN_VERSIONS_SECONDS)
    return found


def _highest(versions: list[str]) -> list[str]:
    return sorted(versions, key=_numbers, reverse=True)[:MOST_VERSIONS]


def _numbers(version: str) -> list[int]:
    return [int(digits) for digits in re.findall("[0-9]{1,9}", version)]


def names_of(entries: Iterable[Entry]) -> dict[int, str]:
    """Return the names of the applications that the entries came from."""
    keys = {entry.application for entry in entries}
    return dict(HostApplication.objects.filter(pk__in=keys).values_list("pk", "name"))


@dataclass(frozen=True)
class ShownLine:
    """A line of an open entry."""

    clock: str
    level: Level
    text: str


class Row:
    """An entry in the list; `query` writes the criteria of the page as a URL does, with some changed."""

    def __init__(self, entry: Entry, *, query: Callable[..., str]) -> None:
        self.entry = entry
        self._query = query
        self.place = place_text(entry)
        self.level = Level.of(entry.level)
        self.local = timezone.localtime(entry.time)
        self.message = visible(entry.message)
        self.page = visible(entry.page)
        self.filter_msg = visible(entry.filter_msg.strip())
        self.version = visible(entry.version)

    @property
    def filter_query(self) -> str:
        """The criteria of the page, and this filterMsg."""
        return self._query(filter=self.entry.filter_msg.strip())

    @property
    def version_query(self) -> str:
        """The criteria of the page, and this version of the mini program."""
        return self._query(version=self.entry.version)

    @property
    def milliseconds(self) -> int:
        """The time as scripts count it."""
        return (self.entry.time - EPOCH) // timedelta(milliseconds=1)

    @property
    def clock(self) -> str:
        """The time to the millisecond."""
        return _clock(self.local)

    @property
    def day(self) -> str:
        """The date, unless it is today."""
        return "" if self.local.date() == timezone.localdate() else times.day(self.entry.time)

    @property
    def full(self) -> str:
        """Date and time."""
        return times.at_time(times.day(self.entry.time), f"{self.clock} {zones.offset(self.local)}")

    @property
    def system(self) -> str:
        """“Android 14”."""
        platform = PLATFORMS.get(self.entry.platform, self.entry.platform)
        return visible(f"{platform} {self.entry.os_version}".strip())


class OpenRow(Row):
    """An entry with all that it says."""

    def __init__(
        self, entry: Entry, *, query: Callable[..., str], program: MiniProgram, names: Mapping[int, str]
    ) -> None:
        super().__init__(entry, query=query)
        self.application = names.get(entry.application, "")
        self.is_online = bool(entry.version) and entry.version == program.online_number
        self.json = json.dumps(record(entry, self.application), ensure_ascii=False, indent=2)

    @cached_property
    def lines(self) -> list[ShownLine]:
        """The lines with their own times and levels."""
        lines = msgspec.json.decode(self.entry.lines, type=list[Line])
        return [ShownLine(_clock_of(line.time), Level.of(line.level), visible_lines(line.text)) for line in lines]

    def facts(self) -> dict[str, str]:
        """The texts of the device that are beside each other."""
        names = ("guid", "trace_id", "client_version", "library_version")
        return {name: visible(getattr(self.entry, name)) for name in names}

    def marks(self) -> list[str]:
        """What we did to the entry before it was kept."""
        words = {
            Mark.CUT: _("Truncated: the entry exceeded the size limit."),
            Mark.CLOCK: _("The device’s clock was wrong. The time shown is when the entry arrived."),
        }
        return [text for mark, text in words.items() if self.entry.marks & mark]


def _clock_of(milliseconds: int) -> str:
    moment = moment_of(milliseconds)
    return _clock(timezone.localtime(moment)) if moment else ""


def _clock(local: datetime) -> str:
    return f"{local:%H:%M:%S}.{local.microsecond // 1000:03}"


# Chart and errors -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bar:
    """What is counted from `start` up to the next bar."""

    start: datetime
    end: datetime
    info: int = 0
    warn: int = 0
    error: int = 0

    @property
    def total(self) -> int:
        """All levels together."""
        return self.info + self.warn + self.error


def buckets_of(criteria: Criteria, step: timedelta, *, at: datetime) -> list[Bucket]:
    """Count in buckets; long ranges by the counts of minutes, where these know enough. `at` is now."""
    ends = [criteria.start] + ([criteria.end] if criteria.end < at else [])  # After now there is nothing yet.
    is_whole = not any(end.second or end.microsecond for end in ends)
    if criteria.is_plain and is_whole and criteria.end - criteria.start > LONG:
        return minutes.buckets(criteria, step)
    return log_store().volume(criteria, step=step)


def bars_of(buckets: Iterable[Bucket], criteria: Criteria, step: timedelta) -> list[Bar]:
    """Return a bar for each step of the range, also for those in which nothing happened."""
    found = {(bucket.start - criteria.start) // step: bucket for bucket in buckets}
    bars: list[Bar] = []
    start = criteria.start
    while start < criteria.end:
        bucket = found.get(len(bars))
        counts = (bucket.info, bucket.warn, bucket.error) if bucket else (0, 0, 0)
        bars.append(Bar(start, min(start + step, criteria.end), *counts))
        start += step
    return bars


@dataclass(frozen=True)
class ErrorRow:
    """A group of errors; `since` is when it began, where that was well after the beginning of the range."""

    group: ErrorGroup
    since: str

    @property
    def is_new(self) -> bool:
        """Whether no other version ever had it."""
        return self.group.is_new and bool(self.group.version)

    @property
    def message(self) -> str:
        """What it is grouped by."""
        return visible(self.group.error)

    @property
    def version(self) -> str:
        """The mini program's version."""
        return visible(self.group.version)


def error_rows(groups: Iterable[ErrorGroup], criteria: Criteria) -> list[ErrorRow]:
    """Return the groups with the words that say what is new."""
    late = criteria.start + (criteria.end - criteria.start) / 4
    return [
        ErrorRow(group, _since(group.first) if group.entries > 1 and group.first > late else "") for group in groups
    ]


def used_words(used: int, most: int) -> str:
    """Say how much of the daily limit is used: “1.9 of 5 million”, “12,340 of 50,000”; in Chinese, whole numbers."""
    if most < 1_000_000 or is_chinese():
        return _("%(used)s of %(most)s") % {"used": f"{used:,}", "most": f"{most:,}"}
    short = f"{used / 1_000_000:.1f}" if used >= 1_000_000 else f"{used:,}"
    return _("%(used)s of %(most)s million") % {"used": short, "most": f"{most / 1_000_000:,g}"}


def _since(first: datetime) -> str:
    local = timezone.localtime(first)
    return f"{local:%H:%M}" if local.date() == timezone.localdate() else times.exact(first)
