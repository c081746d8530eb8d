"""Which devices ask for mini programs: what estimates are made from. Noted in memory, written together."""

from __future__ import annotations

import mmap
import os
import time
from collections.abc import Iterable

import msgspec
from django.db import connection

from console.base.core.buffers import Buffer
from releases.field.device import Device, Facts, Seen, seen_device

MOST_NOTED = 5_000  # between two flushes; what comes beyond is left out until the device asks again
SLOTS = 1 << 19  # of 8 bytes: memory does not grow with devices, nor with invented GUIDs
DAY = 86_400

REST = [name for name in Facts.__struct_fields__ if name != "guid"]
# Sorted, so that two processes never wait for one another crosswise. What a device left out is kept as "". What came by
# one application, another one changes only when it is old: that of a device which asks every day never is.
WRITING = """
    INSERT INTO grayscale_seendevice (mini_program_id, guid, application_id, seen_at, {columns})
    SELECT program.id, seen.guid, seen.application, statement_timestamp(), {values}
    FROM jsonb_to_recordset(%s::jsonb) AS seen (app_id text, application bigint, guid text, {types})
    JOIN miniprograms_miniprogram AS program ON program.app_id = seen.app_id
    ORDER BY 1, 2
    ON CONFLICT (mini_program_id, guid) DO UPDATE SET
        application_id = excluded.application_id, seen_at = excluded.seen_at, {changes}
    WHERE grayscale_seendevice.application_id = excluded.application_id
       OR grayscale_seendevice.seen_at < statement_timestamp() - interval '2 days'
"""
WRITE = WRITING.format(
    columns=", ".join(REST),
    values=", ".join(f"COALESCE(seen.{name}, '')" for name in REST),
    types=", ".join(f"{name} text" for name in REST),
    changes=", ".join(f"{name} = excluded.{name}" for name in REST),
)


def write(devices: Iterable[Seen]) -> int:
    """Write devices as they were seen now; of one that is seen twice the last counts. Returns how many rows."""
    rows = list({(device.app_id, device.guid): device for device in devices}.values())
    if not rows:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(WRITE, [msgspec.json.encode(rows).decode()])
        written: int = cursor.rowcount
        return written


class SeenBuffer(Buffer):
    """Devices seen by this process, until a thread writes them. Noting one costs next to nothing and never fails.

    A device is noted about once a day while nothing of it changes. What has been noted is remembered in a table of
    slots that hashes fall into: where two share a slot, both are only written more often.
    """

    contents, seconds = "seen devices", 2.0

    def clear(self) -> None:
        """Remember no device."""
        self._noted: list[Seen] = []
        self._marks = memoryview(mmap.mmap(-1, 8 * SLOTS)).cast("q")

    def note(self, app_id: str, device: Device, *, application: int) -> None:
        """Remember a device that was offered a version of the program with this App ID."""
        device_now = seen_device(app_id, device, application=application)
        number = hash(device_now)
        # Each device has its own turn of the day, so that they are not all written at midnight.
        mark = number ^ (int(time.time()) + (number & 0xFFFF)) // DAY
        slot = number % SLOTS
        if self._marks[slot] != mark and len(self._noted) < MOST_NOTED:
            self._marks[slot] = mark
            self._noted.append(device_now)
            if self.thread is None and self.follow:
                self.start()

    def flush(self) -> int:
        """Write what was noted; returns how many rows. Raises DatabaseError, and then they are lost."""
        noted, self._noted = self._noted, []
        return write(noted)


buffer = SeenBuffer()
os.register_at_fork(after_in_child=buffer.forget)
