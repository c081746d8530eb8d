"""Turns at files of packages: an upload may write one, or it may be deleted, and never both at a time.

Files are written and deleted outside of transactions, as a bucket is asked over the network. So a turn is a committed
row, and the lock on the content is held for a moment only: while a turn begins, and while an upload's rows are stored.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import PurePosixPath

from django.db import DatabaseError, connection, models, transaction
from django.utils.translation import gettext as _

from console.base.core.errors import TemporarilyRefused
from releases.models import FileTurn, Package, SourceMaps, package_storage

logger = logging.getLogger(__name__)

KINDS: tuple[type[Package | SourceMaps], ...] = (Package, SourceMaps)
# No upload takes as long, and no call that deletes a file is under way for as long.
UPLOAD, DELETION = timedelta(minutes=15), timedelta(minutes=5)
PATIENCE = 5.0  # seconds that an upload waits for a deletion, which takes one call
PAUSE = 0.05  # seconds


class Clock(models.Func):
    """The database's clock, not the beginning of the transaction."""

    template, output_field = "clock_timestamp()", models.DateTimeField()


def lock(content: str) -> None:
    """Wait until no other transaction holds the lock on this SHA-256; it is held until this one ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [content])


def _is_locked(content: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [content])
        return not cursor.fetchone()[0]


@contextmanager
def writing(content: str) -> Iterator[FileTurn]:
    """Hold a turn to write the file; others may write the same at that time. Not inside a transaction.

    `end` ends it where the file's row is stored, and what the block raises ends it, too. Raises TemporarilyRefused
    while the file is deleted.
    """
    turn = _begin(content)
    try:
        yield turn
    except BaseException:
        with suppress(DatabaseError):  # It ends by itself.
            turn.delete()
        raise


def _begin(content: str) -> FileTurn:
    deadline = time.monotonic() + PATIENCE
    while True:
        with transaction.atomic():
            lock(content)
            if not FileTurn.objects.filter(content=content, deletes=True, until__gt=Clock()).exists():
                return FileTurn.objects.create(content=content, until=Clock() + UPLOAD)
        if time.monotonic() > deadline:
            raise _try_again()
        time.sleep(PAUSE)


def end(turn: FileTurn) -> None:
    """End the turn with the transaction, and lock the content until then.

    Raises TemporarilyRefused for one that was over.
    """
    lock(turn.content)
    if not FileTurn.objects.filter(pk=turn.pk, until__gt=Clock()).delete()[0]:
        raise _try_again()


def _try_again() -> TemporarilyRefused:
    words = _("The package couldn’t be stored in time. Upload it again in a few minutes.")
    return TemporarilyRefused(words, field="file")


def known(kind: type[Package | SourceMaps], contents: list[str]) -> Iterator[str]:
    """Yield the files of the rows that have these SHA-256s."""
    return kind._default_manager.filter(sha256__in=contents).values_list("file", flat=True).iterator()


def discard(name: str, *, beside: FileTurn | None = None) -> bool:
    """Delete a file unless a row has it or an upload is at it, but for `beside`; return whether it is gone.

    Raises OSError.

    A deletion that fails may still happen, in the bucket, so its turn is left to end by itself.
    """
    content = PurePosixPath(name).stem
    with transaction.atomic():
        others = FileTurn.objects.filter(content=content, until__gt=Clock()).exclude(pk=beside.pk if beside else 0)
        if _is_locked(content) or others.exists():
            return False
        if any(name in known(kind, [content]) for kind in KINDS):
            return False
        turn = FileTurn.objects.create(content=content, deletes=True, until=Clock() + DELETION)
    package_storage().delete(name)
    turn.delete()
    return True


def forget() -> None:
    """Delete the rows of turns that are over, which only a crash leaves."""
    FileTurn.objects.filter(until__lt=Clock() - UPLOAD).delete()
