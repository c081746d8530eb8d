"""Files that a backup still copies are not deleted meanwhile: its rows are of an earlier moment.

A backup holds first and reads the rows then. What is deleted without its holding is named by none of these rows, so
asking before each deletion is enough. What was held is left for the sweeps.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import psycopg
from django.core.files.storage import Storage
from django.db import connection, transaction

HELD = 0x636F7079  # advisory lock
WAIT_SECONDS = 60
SPEAK_SECONDS = 60


@contextmanager
def files_held() -> Iterator[None]:
    """Let no file be deleted while the block lasts, on a connection of its own.

    Raises psycopg.Error, at the end of the block, too, where the connection was lost and files may have been deleted.

    The lock is a transaction's, so it works behind a pooler. The transaction reads nothing more: vacuum goes on.
    """
    parameters: dict[str, Any] = {**connection.get_connection_params(), "application_name": "console backup"}
    with psycopg.connect(**parameters) as own:
        own.execute(f"SET LOCAL lock_timeout = '{WAIT_SECONDS}s'; SET LOCAL idle_in_transaction_session_timeout = 0")
        own.execute("SELECT pg_advisory_xact_lock_shared(%s)", [HELD])
        ended = threading.Event()
        speaking = threading.Thread(target=_speak, args=(own, ended), name="files-held", daemon=True)
        speaking.start()
        try:
            yield
        finally:
            ended.set()
            speaking.join()
        own.execute("SELECT 1")


def _speak(own: psycopg.Connection, ended: threading.Event) -> None:
    """Say something each minute: a proxy in between closes connections that are silent for as long as copying takes."""
    with suppress(psycopg.Error):  # Whoever holds the files asks in the end.
        while not ended.wait(SPEAK_SECONDS):
            own.execute("SELECT 1")


def are_held() -> bool:
    """Return whether a backup runs, for which deletions have to wait."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [HELD])
        return not cursor.fetchone()[0]


def delete_after_commit(storage: Storage, name: str) -> None:
    """Delete a file once the row that named it is changed; a transaction that fails keeps the row."""
    transaction.on_commit(partial(_delete, storage, name), robust=True)


def _delete(storage: Storage, name: str) -> None:
    if not are_held():
        storage.delete(name)
