"""Keeps one snapshot per process up to date.

A thread looks for changes each REFRESH_SECONDS, so what is committed is served everywhere within a second
(L-4, P-3). While the database is away the last snapshot serves on, since nobody can change anything there
either; but a process that is cut off alone must not ignore a revocation for ever: after SNAPSHOT_SECONDS it answers
503. A process that starts meanwhile goes on from what its machine has kept, no longer than that either.
"""

from __future__ import annotations

import logging
import os
import threading
import time

from django.conf import settings
from django.db import connection

from console.api.device import changes, kept
from console.api.device.http import ApiError, unavailable
from console.api.device.snapshot import Snapshot, load, reload
from console.api.device.standstill import Watchdog
from console.base.core import metrics

REFRESH_SECONDS = 0.25
FIRST_SECONDS = 10.0  # how long a request waits for the first snapshot
BEHIND_SECONDS = 3.0  # without a look that succeeded: the database is away, or hangs
MANY = 1000  # changed programs, from which on reading all of them is quicker

logger = logging.getLogger(__name__)


class Feed:
    """The snapshot, and the thread that replaces it. Any thread may ask; only one refreshes."""

    def __init__(self) -> None:
        self._keeper = kept.Keeper()
        self.forget()

    def forget(self) -> None:
        """Be as new: a child of a process that has already served has no thread of its own yet."""
        self._starting = threading.Lock()
        self._tried = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._snapshot: Snapshot | None = None
        self._position: changes.Position | None = None
        self._fresh_until = 0.0
        self._followed_at = 0.0
        self._keeper.let_go()

    def current(self) -> Snapshot:
        """Return the snapshot; the first call starts the thread and waits. Raises ApiError 503 when it is too old."""
        if time.monotonic() < self._fresh_until and (snapshot := self._snapshot) is not None:
            return snapshot
        self._start()
        self._tried.wait(FIRST_SECONDS)
        if time.monotonic() < self._fresh_until and (snapshot := self._snapshot) is not None:
            return snapshot
        raise unavailable()

    def is_behind(self) -> bool:
        """Whether the database is down, as far as is known here: requests that need it would hold threads in vain."""
        follows = self._thread is not None and self._snapshot is not None
        return follows and time.monotonic() > self._followed_at + BEHIND_SECONDS

    def note_age(self) -> None:
        """Tell the metrics how old the snapshot is; nothing where there is none, as in processes for pages."""
        if self._snapshot is not None:
            metrics.snapshot_age.set(time.monotonic() - self._followed_at)

    def can_answer(self) -> bool:
        """Whether devices get an answer: a snapshot is there, and not too old."""
        try:
            self.current()
        except ApiError:
            return False
        return True

    def refresh(self) -> None:
        """Take over what was committed before this call; raises DatabaseError."""
        began = time.monotonic()
        if self._snapshot is None or self._position is None:
            self._load()
        else:
            found = changes.since(self._position)
            if found.everything or len(found.mini_programs) > MANY:
                self._load()
            else:
                self._snapshot = reload(
                    self._snapshot, mini_programs=found.mini_programs, applications=found.applications
                )
                self._position = found.position
        self._followed_at = began
        self._fresh_until = began + settings.SNAPSHOT_SECONDS

    def _load(self) -> None:
        """Read all; the position first, so that what is committed meanwhile is read again."""
        position = changes.start()
        self._snapshot, self._position = load(), position

    def stop(self) -> None:
        """End the thread and wait for it."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                # Not before the first request: servers may fork after they have imported us, and threads don't fork.
                self._thread = threading.Thread(target=self._follow, name="device-feed", daemon=True)
                self._thread.start()
                Watchdog(self.is_behind, self._stopping).start()

    def _follow(self) -> None:
        away = False
        while not self._stopping.is_set():
            moment = kept.now()
            try:
                self.refresh()
                if away:
                    logger.warning("the update check reads from the database again")
                away = False
                if self._snapshot is not None:
                    self._keeper.keep(self._snapshot, moment)
            except Exception:
                # Whatever it was: the snapshot grows old, and is read anew when it works again.
                if not away:
                    logger.exception("the update check can't read from the database and answers from its last snapshot")
                away = True
                self._position = None
                self._keeper.let_go()
                connection.close()
                if self._snapshot is None:
                    self._take_kept()
            self._tried.set()
            self._stopping.wait(REFRESH_SECONDS)
        self._keeper.let_go()
        connection.close()

    def _take_kept(self) -> None:
        """Answer from what this machine has kept, as old as it is."""
        if (found := kept.read()) is None:
            return
        self._snapshot, age = found
        self._followed_at = time.monotonic() - age
        self._fresh_until = self._followed_at + settings.SNAPSHOT_SECONDS
        logger.warning("the update check answers from the snapshot that this machine read %.0f s ago", age)


feed = Feed()
metrics.ticker.readers.append(feed.note_age)
os.register_at_fork(after_in_child=feed.forget)
