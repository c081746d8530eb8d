"""From text to an object list: read, reported and kept as a draft until a task takes it in (G-3).

All of a reading is one transaction: what breaks off leaves nothing. Its memory is that of the hashes, 24 bytes a
value, and of one piece of the text, whatever the file's size.
"""

from __future__ import annotations

import io
import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import BoundedSemaphore
from typing import Any, BinaryIO

import psycopg
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from console.base.accounts.models import User
from console.base.core.errors import ActionRefused, TooManyAtOnce, refuse_if
from grayscale import rules
from grayscale.hashed import HashedList, HashTable, numbers
from grayscale.models import GrayscaleTask, ObjectList, ObjectListPart
from grayscale.querysets import ObjectListQuerySet
from grayscale.txt import CONTROL, encoding_of, fault_of, faultless, lines_of, shortest
from miniprograms.models import MiniProgram

SHOWN_INVALID = 100  # lines that are kept for the report; all are counted
SHOWN_CHARACTERS = 140  # of an invalid line
DRAFTS_KEPT = timedelta(days=1)
MOST_DRAFTS = 5  # files of a person that wait for a task, of one program and kind
KEY_BYTES = 16
BATCH = 8192  # values after which the limit is looked at
SMALL = 2**20  # bytes, read in a moment; of larger files a process reads few at a time
AT_ONCE = 2  # so that its other threads stay free for everyone else, devices included

COPY_IN = "COPY grayscale_objectlistpart (object_list_id, position, values) FROM STDIN"
COPY_LIST = """
    INSERT INTO grayscale_objectlist (mini_program_id, task_id, kind, filename, count, lines, blanks, duplicates,
        invalid, invalid_lines, key, hashes, uploaded_by_id, uploaded_at)
    SELECT mini_program_id, NULL, kind, filename, count, lines, blanks, duplicates,
        invalid, invalid_lines, key, hashes, %s, %s
    FROM grayscale_objectlist WHERE id = %s RETURNING id"""
COPY_PARTS = """
    INSERT INTO grayscale_objectlistpart (object_list_id, position, values)
    SELECT %s, position, values FROM grayscale_objectlistpart WHERE object_list_id = %s"""


@dataclass(frozen=True)
class Progress:
    """How far a reading is, in lines and in bytes of all bytes."""

    lines: int
    done: int
    total: int


def read_list(
    source: BinaryIO | str,
    *,
    program: MiniProgram,
    kind: str,
    by: User,
    filename: str = "",
    task: GrayscaleTask | None = None,
    at: datetime | None = None,
) -> ObjectList:
    """Read a file or typed text into a draft with its report. Raises ActionRefused, and leaves nothing then.

    With `task` values that its lists have already are dropped as duplicates, and its limit counts them.
    """
    file = io.BytesIO(source.encode(errors="replace")) if isinstance(source, str) else source
    steps = reading(file, program=program, kind=kind, by=by, filename=filename, task=task, at=at)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def reading(
    file: BinaryIO,
    *,
    program: MiniProgram,
    kind: str,
    by: User,
    filename: str = "",
    task: GrayscaleTask | None = None,
    at: datetime | None = None,
) -> Generator[Progress, None, ObjectList]:
    """Read a file as `read_list` does, a piece at each step; stopping between two steps leaves nothing."""
    total = file.seek(0, os.SEEK_END)
    file.seek(0)
    refuse_size(total)
    with turn(total), transaction.atomic():
        encoding = encoding_of(file)
        facts = {"mini_program": program, "kind": kind, "uploaded_by": by, "filename": filename[:200]}
        facts["uploaded_at"] = at or timezone.now()
        draft = _Draft(task, total, **facts)
        # Copied, so that the database writes one part while the next one is read.
        with connection.cursor() as cursor, cursor.copy(COPY_IN) as parts:
            for lines in lines_of(file, encoding):
                if values := draft.take(lines):
                    parts.write_row((draft.row.pk, draft.row.lines, "\n".join(values)))
                yield Progress(draft.row.lines, file.tell(), total)
        return draft.finished()


_turns = BoundedSemaphore(AT_ONCE)


@contextmanager
def turn(size: int) -> Iterator[None]:
    """Hold one of the turns while a large file is read. Raises TooManyAtOnce when all are taken."""
    if size <= SMALL:
        yield
        return
    if not _turns.acquire(blocking=False):
        raise TooManyAtOnce(_("Other large files are being processed. Choose the file again in a minute."))
    try:
        yield
    finally:
        _turns.release()


def refuse_size(size: int) -> None:
    """Raise ActionRefused for a file that is empty or too large; `size` in bytes."""
    if not size:
        raise ActionRefused(_("The file is empty."))
    if size > settings.OBJECT_LIST_BYTES:
        words = _("The file is %(size).1f MB. The limit is %(most)d MB.")
        raise ActionRefused(words % {"size": size / 2**20, "most": settings.OBJECT_LIST_BYTES // 2**20})


def count_of(task: GrayscaleTask | None) -> int:
    """Return how many values are on the task's lists."""
    return (task.object_lists.aggregate(total=Sum("count"))["total"] or 0) if task else 0


class _Draft:
    """A draft while it is read, inside the caller's transaction."""

    def __init__(self, task: GrayscaleTask | None, size: int, **facts: Any) -> None:
        held = list(task.object_lists.filter(kind=facts["kind"])) if task else []
        key = bytes(held[0].key) if held else os.urandom(KEY_BYTES)
        self.row = ObjectList.objects.create(key=key, **facts)
        self.fault = fault_of(self.row.kind)
        self.beside = [HashedList(bytes(row.key), numbers(bytes(row.hashes))) for row in held]
        self.table = HashTable(key, min(rules.MOST_OBJECTS, size // shortest(self.row.kind) + 1))
        self.others = count_of(task)
        self.excess = 0  # further values, counted by lines, once there are more than a task takes

    def take(self, lines: list[str]) -> list[str]:
        """Take in the next lines; return the values among them that are new. Raises ActionRefused for duplicates."""
        values = self._checked(lines)
        kept: list[str] = []
        for start in range(0, len(values), BATCH):
            if self.row.count + self.others > rules.MOST_OBJECTS:
                self.excess += len(values) - start
                break
            some = values[start : start + BATCH]
            found = self.table.new(self._not_beside(some))
            self.row.count += len(found)
            self.row.duplicates += len(some) - len(found)
            refuse_if(rules.why_not_duplicates(self.row.duplicates))
            kept += found
        return kept

    def _checked(self, lines: list[str]) -> list[str]:
        """Return the lines that are values; the others are counted and noted."""
        row, values = self.row, list(filter(None, lines))
        if faultless(row.kind, values):  # as nearly always: a fraction of the time of going through the lines
            row.blanks += len(lines) - len(values)
            row.lines += len(lines)
            return values
        values = []
        for number, line in enumerate(lines, row.lines + 1):
            if not line:
                row.blanks += 1
            elif fault := self.fault(line):
                row.invalid += 1
                if len(row.invalid_lines) < SHOWN_INVALID:
                    shown = CONTROL.sub("\N{REPLACEMENT CHARACTER}", line[:SHOWN_CHARACTERS])
                    row.invalid_lines.append([number, shown, fault])
            else:
                values.append(line)
        row.lines += len(lines)
        return values

    def _not_beside(self, values: list[str]) -> list[str]:
        for held in self.beside:
            values = [value for value in values if value not in held]
        return values

    def finished(self) -> ObjectList:
        """Write the counts and the hashes. Raises ActionRefused where there is nothing in it, or too much."""
        row = self.row
        refuse_if(rules.why_not_values(row.count + self.excess, others=self.others))
        if not row.count and not row.invalid:
            raise ActionRefused(
                _("All values are already on the task’s lists.")
                if row.duplicates
                else _("The file contains only blank lines.")
            )
        row.save(update_fields=["count", "lines", "blanks", "duplicates", "invalid", "invalid_lines"])
        content = bytearray()
        for hashes in self.table.ascending():
            content += hashes.tobytes()
        # A parameter of its own, in binary: in the statement it would be written out and copied four times.
        connection.ensure_connection()
        with psycopg.Cursor(connection.connection) as cursor:
            cursor.execute("UPDATE grayscale_objectlist SET hashes = %b WHERE id = %s", [content, row.pk])
        return row


def copied(original: ObjectList, *, by: User) -> ObjectList:
    """Return a draft with the same values, for a task that is a copy (G-8); the values stay in the database."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(COPY_LIST, [by.pk, timezone.now(), original.pk])
        if (row := cursor.fetchone()) is None:
            raise ActionRefused(_("One of the lists no longer exists. Add it again."), field="object_lists")
        (pk,) = row
        cursor.execute(COPY_PARTS, [pk, original.pk])
    return ObjectList.objects.defer("hashes").get(pk=pk)


def values_of(object_list: ObjectList) -> Iterator[str]:
    """Yield the values as text, one per line, some thousand at a time."""
    for position in object_list.parts.values_list("position", flat=True):
        yield object_list.parts.values_list("values", flat=True).get(position=position) + "\n"


def discard_drafts_before(draft: ObjectList) -> None:
    """Delete the older ones of what the person uploaded of this program and kind; MOST_DRAFTS stay, this one included.

    For uploads alone: a copy of a task may bring more lists.
    """
    drafts = ObjectList.objects.drafts().filter(
        mini_program=draft.mini_program, kind=draft.kind, uploaded_by=draft.uploaded_by
    )
    _discard(drafts.exclude(pk__in=list(drafts.order_by("-pk").values_list("pk", flat=True)[:MOST_DRAFTS])))


def discard_old_drafts(at: datetime) -> int:
    """Delete the drafts that no task took in for a day; return how many."""
    return _discard(ObjectList.objects.drafts().filter(uploaded_at__lt=at - DRAFTS_KEPT))


@transaction.atomic
def _discard(drafts: ObjectListQuerySet) -> int:
    """Delete the drafts and return how many; one that is being taken in is left alone."""
    ids = list(drafts.order_by().select_for_update(skip_locked=True).values_list("pk", flat=True))
    ObjectListPart.objects.filter(object_list__in=ids).delete()
    ObjectList.objects.filter(pk__in=ids).defer("hashes", "invalid_lines").delete()
    return len(ids)
