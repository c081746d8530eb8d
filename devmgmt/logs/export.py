"""Log entries as files: CSV for spreadsheets, NDJSON for programs (D-6). Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from console.base.core.sheets import BOM, Writer
from devmgmt.logs.criteria import StoreAway, TooSlow
from devmgmt.logs.entry import Entry, Line, Mark
from devmgmt.states import Level

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST_EXPORTED = 100_000  # entries
COLUMNS = (
    "time",
    "level",
    "guid",
    "trace_id",
    "page",
    "filter_msg",
    "message",
    "lines",
    "version",
    "application",
    "client_version",
    "library_version",
    "platform",
    "os_version",
    "marks",
    "id",
)
# JSON leaves these as they are, but many programs read them as the end of a line.
LINE_ENDS = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}

# Says in the file's last line why it does not hold everything: None when it is full, else what the store raised.
Words = Callable[[Exception | None], str]


def moment_of(milliseconds: int) -> datetime | None:
    """Return the moment of a line; None for one that no calendar has."""
    try:
        return EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None


def record(entry: Entry, application: Any) -> dict[str, Any]:
    """Return an entry as one JSON object, with the texts exactly as they were sent."""
    lines = msgspec.json.decode(entry.lines, type=list[Line])
    return {
        "time": _iso(entry.time),
        "level": Level.of(entry.level).code,
        "guid": entry.guid,
        "trace_id": entry.trace_id,
        "page": entry.page,
        "filter_msg": entry.filter_msg,
        "message": entry.message,
        "lines": [
            {"time": _iso(moment_of(line.time)), "level": Level.of(line.level).code, "text": line.text}
            for line in lines
        ],
        "version": entry.version,
        "application": application,
        "client_version": entry.client_version,
        "library_version": entry.library_version,
        "platform": entry.platform,
        "os_version": entry.os_version,
        "marks": [(mark.name or "").lower() for mark in Mark if entry.marks & mark],
        "id": str(entry.id),
    }


def ndjson(entries: Iterable[Entry], applications: Mapping[int, Any], words: Words) -> Iterator[bytes]:
    """Yield a line for each entry; the last line says when the file does not hold all of them."""

    def line(values: dict[str, Any]) -> bytes:
        text = json.dumps(values, ensure_ascii=False).translate(LINE_ENDS)
        return (text + "\n").encode("utf-8", "replace")

    for entry, end in _bounded(entries, words):
        yield line(record(entry, applications.get(entry.application))) if entry else line({"cut": True, "reason": end})


def as_csv(entries: Iterable[Entry], names: Mapping[int, str], words: Words) -> Iterator[bytes]:
    """Yield a head and a row for each entry; the last row says when the file does not hold all of them."""
    row = Writer()
    yield BOM + row(COLUMNS)
    for entry, end in _bounded(entries, words):
        yield row(_cells(record(entry, names.get(entry.application, "")))) if entry else row([end])


def _cells(values: dict[str, Any]) -> list[str]:
    """Return one cell for each column."""
    texts = (f"{line['time']} {line['level']} {line['text']}" for line in values["lines"])
    return [str(value) for value in (values | {"lines": "\n".join(texts), "marks": " ".join(values["marks"])}).values()]


def _bounded(entries: Iterable[Entry], words: Words) -> Iterator[tuple[Entry | None, str]]:
    """Yield the entries; then, when that was not all, nothing but the words that say why."""
    try:
        for number, entry in enumerate(entries):
            if number == MOST_EXPORTED:
                yield None, words(None)
                return
            yield entry, ""
    except (TooSlow, StoreAway) as error:
        yield None, words(error)


def _iso(moment: datetime | None) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds") if moment else ""
