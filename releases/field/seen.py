"""Which devices ask for mini programs: what estimates are made from (G-14, D-9). Noted in memory, written together."""

from __future__ import annotations

import logging
import mmap
import os
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from multiprocessing.util import Finalize

import msgspec
from django.db import connection

from releases.field.device import Device, Facts, Seen, seen_device

FLUSH_SECONDS = 2.0
MOST_NOTED = 5_000  # between two flushes; what comes beyond is left out until the device asks again
SLOTS = 1 << 19  # of 8 bytes: memory does not grow with devices, nor with invented GUIDs
DAY = 86_400
KEPT = timedelta(days=30)


REST = [name for name in Facts.__struct_fields__ if name != "guid"]
# Sorted, so that two processes never wait for one another crosswise. What a device left out is kept as "".
WRITING = """
    INSERT INTO grayscale_seendevice (mini_program_id, guid, application_id, seen_at, {columns})
    SELECT program.id, seen.guid, seen.application, statement_timestamp(), {values}
    FROM jsonb_to_recordset(%s::jsonb) AS seen (app_id text, application bigint, guid text, {types})
    JOIN miniprograms_miniprogram AS program ON program.app_id = seen.app_id
    ORDER BY 1, 2
    ON CONFLICT (mini_program_id, guid) DO UPDATE SET
        application_id = excluded.application_id, seen_at = excluded.seen_at, {changes}
"""
WRITE = WRITING.format(
    columns=", ".join(REST),
    values=", ".join(f"COALESCE(seen.{name}, '')" for name in REST),
    types=", ".join(f"{name} text" for name in REST),
    changes=", ".join(f"{name} = excluded.{name}" for name in REST),
)
# By the index of each program, some at a time: nobody waits for it, and the next sweep goes on.
PRUNE = """
    DELETE FROM grayscale_seendevice WHERE (mini_program_id, guid) IN (
        SELECT old.mini_program_id, old.guid
        FROM miniprograms_miniprogram AS program CROSS JOIN LATERAL (
            SELECT mini_program_id, guid FROM grayscale_seendevice
            WHERE mini_program_id = program.id AND seen_at < %s LIMIT 10000
        ) AS old
        LIMIT 10000
    )
"""

logger = logging.getLogger(__name__)


def write(devices: Iterable[Seen]) -> int:
    """Write devices as they were seen now; of one that is seen twice the last counts. Returns how many rows."""
    rows = list({(device.app_id, device.guid): device for device in devices}.values())
    if not rows:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(WRITE, [msgspec.json.encode(rows).decode()])
        written: int = cursor.rowcount
        return written


class SeenBuffer:
    """Devices seen by this process, until a thread writes them. Noting one costs next to nothing and never fails.

    A device is noted about once a day while nothing of it changes. What has been noted is remembered in a table of
    slots that hashes fall into: where two share a slot, both are only written more often.
    """

    def __init__(self, *, follow: bool = True) -> None:
        self.follow = follow
        self.forget()

    def forget(self) -> None:
        """Be as new: a child of a process that has already served has no thread of its own yet."""
        self._starting = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._noted: list[Seen] = []
        self._marks = memoryview(mmap.mmap(-1, 8 * SLOTS)).cast("q")

    def note(self, app_id: str, device: Device, *, application: int) -> None:
        """Remember a device that was told a version of the program with this App ID."""
        device_now = seen_device(app_id, device, application=application)
        number = hash(device_now)
        # Each device has its own turn of the day, so that they are not all written at midnight.
        mark = number ^ (int(time.time()) + (number & 0xFFFF)) // DAY
        slot = number % SLOTS
        if self._marks[slot] != mark and len(self._noted) < MOST_NOTED:
            self._marks[slot] = mark
            self._noted.append(device_now)
            if self._thread is None and self.follow:
                self._start()

    def flush(self) -> int:
        """Write what was noted; returns how many rows. Raises DatabaseError, and then they are lost."""
        noted, self._noted = self._noted, []
        return write(noted)

    def stop(self) -> None:
        """End the thread, which writes what is left, and wait for it."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(FLUSH_SECONDS)

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                # Not before the first request: servers may fork after they have imported us, and threads don't fork.
                self._thread = threading.Thread(target=self._follow, name="seen-devices", daemon=True)
                with suppress(RuntimeError):  # No thread can be started: nothing is written.
                    self._thread.start()
                # A server's worker often is a child of multiprocessing, which ends without atexit.
                Finalize(self, SeenBuffer.stop, args=(self,), exitpriority=0)

    def _follow(self) -> None:
        away = False
        while not self._stopping.wait(FLUSH_SECONDS):
            away = self._try(away)
        self._try(away)
        connection.close()

    def _try(self, away: bool) -> bool:
        """Flush; tells whether the database was away, and logs it the first time."""
        try:
            self.flush()
        except Exception:
            if not away:
                logger.exception("seen devices can't be written")
            connection.close()
            return True
        return False


def prune(*, at: datetime) -> int:
    """Delete devices that were not seen for 30 days; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(PRUNE, [at - KEPT])
        deleted: int = cursor.rowcount
        return deleted


buffer = SeenBuffer()
os.register_at_fork(after_in_child=buffer.forget)
