"""Lists as CSV files for spreadsheets, in their one shape (docs/adr/0040): what the filters show, in its order.

A file begins with a byte order mark, which Excel needs for anything but ASCII; heads are in the reader's language,
times in UTC (ISO 8601). It is written while it is read, a query for each part, so it is never in memory as a whole.
"""

from __future__ import annotations

import csv
import io
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any, cast

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _

MOST_ROWS = 20_000  # of one file: some megabytes
BATCH = 500  # rows read by one query
PART = 64 * 1024  # bytes that are worth sending
MOST_AT_ONCE = 2  # files that a process writes: each holds a thread for as long as its reader takes
# Where spreadsheets read a formula, also in its wide form: at the start of a cell, and after what may separate cells.
_SIGNS = r"=+\-@\uff1d\uff0b\uff0d\uff20"
FORMULA = re.compile(rf'\A(?=[{_SIGNS}\t\r\n])|(?<=[;\t\r\n])(?="*[{_SIGNS}])')

Column = tuple[str | Promise, Callable[[Any], Any]]  # its head, and what a row has in it

_lock = threading.RLock()  # a Turn may be collected, and so closed, by the thread that holds it
_writing: set[Any] = set()  # whose files are being written


class Turn:
    """A file that is being written. The server closes it, also when the reader went away before the first byte."""

    def __init__(self, person: Any) -> None:
        self._person = person
        self._parts: Iterator[bytes] = iter(())
        self._held = True

    def send(self, parts: Iterable[bytes]) -> Turn:
        """Return itself, as the iterator of these parts."""
        self._parts = iter(parts)
        return self

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._parts)

    def close(self) -> None:
        """Let the next one begin."""
        held, self._held = self._held, False
        if held:
            with _lock:
                _writing.discard(self._person)

    __del__ = close  # An answer that was never sent is not closed.


def take_turn(person: Any) -> Turn | None:
    """Return a turn, to be closed in the end; None while this process writes another for them, or MOST_AT_ONCE."""
    with _lock:
        if person in _writing or len(_writing) >= MOST_AT_ONCE:
            return None
        _writing.add(person)
    return Turn(person)


def gathered(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes in parts that are worth sending."""
    part = bytearray()
    for chunk in chunks:
        part += chunk
        if len(part) >= PART:
            yield bytes(part)
            part.clear()
    yield bytes(part)


def harmless(cell: str) -> str:
    """Return the cell so that no spreadsheet takes it for a formula: anybody may type a name."""
    return FORMULA.sub("'", cell)


class Writer:
    """Makes rows of bytes, each cell harmless."""

    def __init__(self) -> None:
        self._buffer = io.StringIO()
        self._writer = csv.writer(self._buffer)

    def __call__(self, cells: Iterable[str]) -> bytes:
        """Return one row."""
        self._writer.writerow([harmless(cell) for cell in cells])
        text = self._buffer.getvalue()
        self._buffer.seek(0)
        self._buffer.truncate()
        return text.encode("utf-8", "replace")


BOM = "\ufeff".encode()


def is_asked(request: HttpRequest) -> bool:
    """Whether the address of a list asks for it as a file: `format=csv`."""
    return request.GET.get("format") == "csv"


def sheet(
    request: HttpRequest,
    rows: QuerySet[Any],
    columns: Sequence[Column],
    *,
    name: str,
    of: Callable[[list[Any]], Iterable[Any]] = iter,
) -> HttpResponse:
    """Answer with `rows` as a file, in their order; `name` begins its name. `of` makes what `columns` read of a batch.

    Where the process writes enough files already, the browser is sent back to the list, which says so. A last row says
    when there are more than MOST_ROWS. HEAD reads nothing.
    """
    if request.method == "HEAD":
        return _file((), name)
    turn = take_turn(request.user.pk)
    if turn is None:
        messages.error(request, _("Other exports are still running. Try again in a minute."))
        query = request.GET.copy()
        query.pop("format", None)  # the administration's action has none
        return redirect(f"{request.path}?{query.urlencode()}")
    try:
        order = rows.query.order_by or rows.model._meta.ordering
        pks = list(rows.order_by(*order, "pk").values_list("pk", flat=True)[: MOST_ROWS + 1])
    except BaseException:
        turn.close()
        raise
    language = translation.get_language()  # of the reader; the file is written when the request is over
    return _file(turn.send(gathered(_lines(rows, pks, columns, of, language))), name)


def short_sheet(request: HttpRequest, rows: Sequence[Any], columns: Sequence[Column], *, name: str) -> HttpResponse:
    """Answer with rows that are in memory already, and few, as a file; `name` begins its name."""
    write = Writer()
    lines = [write(str(head) for head, _cell in columns)]
    lines += [write(_text(cell(row)) for _head, cell in columns) for row in rows]
    return _file((BOM, *lines), name)


def _file(parts: Iterable[bytes], name: str) -> HttpResponse:
    answer = StreamingHttpResponse(parts, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}-{timezone.now():%Y-%m-%d}.csv"'
    answer["Cache-Control"] = "no-store"
    return cast("HttpResponse", answer)


def _lines(
    rows: QuerySet[Any], pks: list[Any], columns: Sequence[Column], of: Callable[..., Any], language: str
) -> Iterator[bytes]:
    """Yield the head, the rows, and what says that there are more."""
    write = Writer()
    with translation.override(language):
        first = write(str(head) for head, _cell in columns)
    yield BOM + first
    for batch in _batches(pks[:MOST_ROWS]):
        with translation.override(language):
            found = {row.pk: row for row in rows.filter(pk__in=batch).order_by()}
            ordered = of([found[pk] for pk in batch if pk in found])
            lines = [write(_text(cell(row)) for _head, cell in columns) for row in ordered]
        yield from lines
    if len(pks) > MOST_ROWS:
        with translation.override(language):
            words = _("The list has more rows. A file contains at most %(count)s; use the filters to get the rest.")
            last = write([words % {"count": f"{MOST_ROWS:,}"}])
        yield last


def _batches(pks: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(pks), BATCH):
        yield pks[start : start + BATCH]


def _text(value: Any) -> str:
    """Return what stands in a cell: times in UTC, nothing for None."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else str(value)
