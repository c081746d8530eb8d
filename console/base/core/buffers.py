"""What requests note in memory and a thread of the process writes together: a crash loses the last seconds."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from contextlib import suppress
from multiprocessing.util import Finalize
from typing import ClassVar

from django.db import connection

logger = logging.getLogger(__name__)


class Buffer(ABC):
    """Noted by the threads of this process, flushed by one more each `seconds` and at the process's end.

    A subclass keeps what was noted: `clear` makes it empty, `flush` writes it. Whatever notes calls `start` while
    `thread` is None and `follow` is set; that is asked inline, because noting must cost next to nothing.
    A buffer of a module needs `os.register_at_fork(after_in_child=buffer.forget)`.
    """

    contents: ClassVar[str]  # in words, for the log
    seconds: ClassVar[float]

    def __init__(self, *, follow: bool = True) -> None:
        self.follow = follow
        self.forget()

    def forget(self) -> None:
        """Be as new: a child of a process that has already served has no thread of its own yet."""
        self._starting = threading.Lock()
        self._stopping = threading.Event()
        self.thread: threading.Thread | None = None
        self.clear()

    @abstractmethod
    def clear(self) -> None:
        """Hold nothing; locks too are made anew, as another thread may have held them during the fork."""

    @abstractmethod
    def flush(self) -> object:
        """Write what was noted; raises DatabaseError."""

    def start(self) -> None:
        """Start the thread, unless another one has just done so."""
        with self._starting:
            if self.thread is None:
                # Not before the first request: servers may fork after they have imported us, and threads don't fork.
                name = self.contents.replace(" ", "-")
                self.thread = threading.Thread(target=self._follow, name=name, daemon=True)
                with suppress(RuntimeError):  # No thread can be started: nothing is written.
                    self.thread.start()
                # A server's worker often is a child of multiprocessing, which ends without atexit.
                Finalize(self, Buffer.stop, args=(self,), exitpriority=0)

    def stop(self) -> None:
        """End the thread, which writes what is left, and wait for it."""
        self._stopping.set()
        if self.thread is not None and self.thread.is_alive():
            self.thread.join(self.seconds)

    def try_flush(self, *, away: bool = False) -> bool:
        """Flush; return whether the database was away, and log it unless it was `away` before."""
        try:
            self.flush()
        except Exception:
            if not away:
                logger.exception("%s can't be written", self.contents)
            connection.close()
            return True
        return False

    def _follow(self) -> None:
        away = False
        while not self._stopping.wait(self.seconds):
            away = self.try_flush(away=away)
        self.try_flush(away=away)
        connection.close()
