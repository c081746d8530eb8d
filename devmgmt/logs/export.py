"""Log entries as files: CSV for spreadsheets, NDJSON for programs (D-6). Pure."""

from __future__ import annotations

import csv
import io
import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from devmgmt.logs.criteria import StoreAway, TooSlow
from devmgmt.logs.entry import Entry, Line, Mark
from devmgmt.states import Level

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST_EXPORTED = 100_000  # entries
PART = 64 * 1024
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
# What spreadsheets take for the beginning of a formula, also in its wide form.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# JSON leaves these as they are, but many programs read them as the end of a line.
LINE_ENDS = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}

MOST_AT_ONCE = 2  # files that a process writes: each holds a thread for as long as its reader takes

# Says in the file's last line why it does not hold everything: None when it is full, else what the store raised.
Words = Callable[[Exception | None], str]


_turns = threading.BoundedSemaphore(MOST_AT_ONCE)


class Turn:
    """A file that is being written. The server closes it, also when the reader went away before the first byte."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = iter(parts)
        self._held = True

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._parts)

    def close(self) -> None:
        """Let the next one begin."""
        held, self._held = self._held, False
        if held:
            _turns.release()

    __del__ = close  # An answer that was never sent is not closed.


def in_turn(parts: Iterable[bytes]) -> Turn | None:
    """Return the parts of a file, to be closed in the end; None while this process writes MOST_AT_ONCE others."""
    return Turn(parts) if _turns.acquire(blocking=False) else None


def moment_of(milliseconds: int) -> datetime | None:
    """Return the moment of a line; None for one that no calendar has."""
    try:
        return EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None


def record(entry: Entry, application: str) -> dict[str, Any]:
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


def ndjson(entries: Iterable[Entry], names: Mapping[int, str], words: Words) -> Iterator[bytes]:
    """Yield a line for each entry; the last line says when the file does not hold all of them."""

    def line(values: dict[str, Any]) -> bytes:
        text = json.dumps(values, ensure_ascii=False).translate(LINE_ENDS)
        return (text + "\n").encode("utf-8", "replace")

    for entry, end in _bounded(entries, words):
        yield line(record(entry, names.get(entry.application, ""))) if entry else line({"cut": True, "reason": end})


def as_csv(entries: Iterable[Entry], names: Mapping[int, str], words: Words) -> Iterator[bytes]:
    """Yield a head and a row for each entry; the last row says when the file does not hold all of them."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)

    def row(cells: Iterable[str]) -> bytes:
        writer.writerow([_harmless(cell) for cell in cells])
        text = buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
        return text.encode("utf-8", "replace")

    yield "\ufeff".encode() + row(COLUMNS)
    for entry, end in _bounded(entries, words):
        yield row(_cells(record(entry, names.get(entry.application, "")))) if entry else row([end])


def gathered(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes in parts that are worth sending."""
    part = bytearray()
    for chunk in chunks:
        part += chunk
        if len(part) >= PART:
            yield bytes(part)
            part.clear()
    yield bytes(part)


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


def _harmless(cell: str) -> str:
    """Return the cell so that no spreadsheet takes it for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _iso(moment: datetime | None) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds") if moment else ""
