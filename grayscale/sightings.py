"""Which devices there are and how their updates end: what estimates and progress are made from (G-11, R-7).

Sightings are noted in memory and written together, a report is written at once.
"""

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

from grayscale.matching import Device
from grayscale.states import ReportResult, TaskState
from releases.states import VersionState

FLUSH_SECONDS = 2.0
MOST_NOTED = 5_000  # between two flushes; what comes beyond is left out until the device asks again
SLOTS = 1 << 19  # of 8 bytes: memory does not grow with devices, nor with invented GUIDs
DAY = 86_400
KEPT = timedelta(days=30)


class Sighting(msgspec.Struct, frozen=True, gc=False):
    """What is noted of a device that asked for the program with this App ID; `application` is a primary key."""

    app_id: str
    guid: str
    application: int
    device_id: str
    account: str
    platform: str
    os_version: str
    app_version: str
    network: str


# Sorted, so that two processes never wait for one another crosswise.
WRITE = """
    INSERT INTO grayscale_seendevice
        (mini_program_id, guid, application_id, device_id, account, platform, os_version, app_version, network, seen_at)
    SELECT program.id, seen.guid, seen.application, seen.device_id, seen.account, seen.platform, seen.os_version,
           seen.app_version, seen.network, statement_timestamp()
    FROM jsonb_to_recordset(%s::jsonb)
         AS seen (app_id text, guid text, application bigint, device_id text, account text, platform text,
                  os_version text, app_version text, network text)
    JOIN miniprograms_miniprogram AS program ON program.app_id = seen.app_id
    ORDER BY 1, 2
    ON CONFLICT (mini_program_id, guid) DO UPDATE SET
        application_id = excluded.application_id, device_id = excluded.device_id, account = excluded.account,
        platform = excluded.platform, os_version = excluded.os_version, app_version = excluded.app_version,
        network = excluded.network, seen_at = excluded.seen_at
"""
# Of the versions that devices may have: a number that was never delivered tells nothing to anyone (P-1).
REPORT = """
    INSERT INTO grayscale_updatereport (version_id, guid, application_id, result, failures, reason, reported_at)
    SELECT version.id, %(guid)s, %(application)s, %(result)s, %(failures)s, %(reason)s, statement_timestamp()
    FROM releases_version AS version JOIN miniprograms_miniprogram AS program ON program.id = version.mini_program_id
    WHERE program.app_id = %(app_id)s AND version.major = %(major)s AND version.minor = %(minor)s
      AND version.patch = %(patch)s
      AND (version.state = ANY(%(published)s)
           OR EXISTS (SELECT FROM grayscale_grayscaletask AS task WHERE task.version_id = version.id
                      AND (task.state <> %(pending)s OR task.starts_at <= statement_timestamp())))
    ON CONFLICT (version_id, guid) DO UPDATE SET
        application_id = excluded.application_id, result = excluded.result, reason = excluded.reason,
        failures = grayscale_updatereport.failures + excluded.failures, reported_at = excluded.reported_at
"""
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


def write(sightings: Iterable[Sighting]) -> int:
    """Write devices as they were seen now; of one that is seen twice the last counts. Returns how many rows."""
    rows = list({(sighting.app_id, sighting.guid): sighting for sighting in sightings}.values())
    if not rows:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(WRITE, [msgspec.json.encode(rows).decode()])
        written: int = cursor.rowcount
        return written


def sighting(app_id: str, device: Device, *, application: int) -> Sighting:
    """Return what is noted of a device that asked for the program with this App ID."""
    return Sighting(
        app_id,
        device.guid,
        application,
        device.device_id or "",
        device.account or "",
        device.platform,
        device.os_version,
        device.app_version,
        device.network,
    )


class Sightings:
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
        self._noted: list[Sighting] = []
        self._marks = memoryview(mmap.mmap(-1, 8 * SLOTS)).cast("q")

    def note(self, app_id: str, device: Device, *, application: int) -> None:
        """Remember a device that was told a version of the program with this App ID."""
        seen = sighting(app_id, device, application=application)
        number = hash(seen)
        # Each device has its own turn of the day, so that they are not all written at midnight.
        mark = number ^ (int(time.time()) + (number & 0xFFFF)) // DAY
        slot = number % SLOTS
        if self._marks[slot] != mark and len(self._noted) < MOST_NOTED:
            self._marks[slot] = mark
            self._noted.append(seen)
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
                self._thread = threading.Thread(target=self._follow, name="sightings", daemon=True)
                with suppress(RuntimeError):  # No thread can be started: nothing is written.
                    self._thread.start()
                # A server's worker often is a child of multiprocessing, which ends without atexit.
                Finalize(self, Sightings.stop, args=(self,), exitpriority=0)

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
                logger.exception("sightings of devices can't be written")
            connection.close()
            return True
        return False


def prune(*, at: datetime) -> int:
    """Delete devices that were not seen for 30 days; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(PRUNE, [at - KEPT])
        deleted: int = cursor.rowcount
        return deleted


def record_report(app_id: str, *, number: str, guid: str, application: int, result: str, reason: str = "") -> bool:
    """Keep how the update to a version ended on a device: the last report, and how often it failed (R-7).

    False when the program never delivered a version with this number.
    """
    failed = result == ReportResult.FAILED
    major, minor, patch = map(int, number.split("."))
    with connection.cursor() as cursor:
        cursor.execute(
            REPORT,
            {
                "app_id": app_id,
                "major": major,
                "minor": minor,
                "patch": patch,
                "published": [VersionState.ONLINE, VersionState.RETIRED],
                "pending": TaskState.PENDING,
                "guid": guid,
                "application": application,
                "result": result,
                "failures": int(failed),
                "reason": reason if failed else "",
            },
        )
        return bool(cursor.rowcount)


buffer = Sightings()
os.register_at_fork(after_in_child=buffer.forget)
