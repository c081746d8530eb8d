"""Reading the body of a request, for so long and no longer (P-8).

The server calls us when it has the headers, and a read of the body takes a thread until the client has sent it. Such a
read has no timeout. So reads are noted, and a thread of this process ends those that are later than BODY_SECONDS and
slower than BODY_LEAST_RATE (late_bodies.py). The read returns what is there, and the answer is 408.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.conf import settings

from console.base.core import late_bodies

Environ = dict[str, Any]

LOOK_SECONDS = 0.5
PIECE = 16 * 1024  # bytes of one read: the rate is known after each


class BodyLate(OSError):
    """The body did not arrive in time: 408."""


class BodyCut(OSError):
    """The client went away before it had sent the body that it announced: 400."""


class Body:
    """`wsgi.input` with a deadline, as a file of it and for `read` alone.

    Only waiting for the client counts, not what is done with the body between two reads.
    """

    __slots__ = ("_began", "_expected", "_input", "_waited", "environ", "failed", "late", "received")

    def __init__(self, environ: Environ) -> None:
        self.environ = environ
        self._input = environ["wsgi.input"]
        announced = environ.get("CONTENT_LENGTH") or ""
        self._expected = int(announced) if announced.isascii() and announced.isdigit() else 0
        self._began = self._waited = 0.0
        self.received = 0
        self.late = False  # as late_bodies.py says, in its own thread
        self.failed: BodyLate | BodyCut | None = None

    def read(self, size: int | None = None) -> bytes:
        """Return `size` bytes, or all that are left, fewer at the end; raises BodyLate, BodyCut."""
        if size is not None and 0 <= size <= PIECE:
            return self._read(size)
        pieces = []
        left = size if size is not None and size >= 0 else -1
        while left and (piece := self._read(min(left, PIECE) if left > 0 else PIECE)):
            pieces.append(piece)
            left -= len(piece) if left > 0 else 0
        return b"".join(pieces)

    def readline(self, size: int | None = None) -> bytes:
        """Return a line; the forms that we take are not read by lines, and it is bounded by what read() is."""
        line = bytearray()
        while (size is None or size < 0 or len(line) < size) and (byte := self._read(1)):
            line += byte
            if byte == b"\n":
                break
        return bytes(line)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def is_late(self, now: float) -> bool:
        """Whether the client has taken longer than what it has sent allows."""
        allowed: float = settings.BODY_SECONDS + self.received / settings.BODY_LEAST_RATE
        return self._waited + now - self._began > allowed

    def age(self, now: float) -> float:
        """Return for how many seconds the present read has been waiting."""
        return now - self._began

    def _read(self, size: int) -> bytes:
        thread = threading.get_ident()
        began = self._began = time.monotonic()
        reading[thread] = self
        if not _watching:
            _watch()
        try:
            piece: bytes = self._input.read(size)
        finally:
            del reading[thread]
            self._waited += time.monotonic() - began
        self.received += len(piece)
        if len(piece) < size:
            if self.late:
                self.failed = BodyLate("The body did not arrive in time.")
            elif self.received < self._expected:
                self.failed = BodyCut("The body ended early.")
            if self.failed:
                raise self.failed
        return piece


def read(environ: Environ, length: int) -> bytes:
    """Return the first `length` bytes of the body, all where it is shorter; raises BodyLate, BodyCut."""
    return Body(environ).read(length)


def in_front_of(application: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """Return a WSGI application that reads bodies so."""

    def bounded(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ["wsgi.input"] = Body(environ)
        return application(environ, start_response)

    return bounded


reading: dict[int, Body] = {}  # by thread
_watching: list[threading.Thread] = []
_starting = threading.Lock()


def _watch() -> None:
    """Start to look after the reads of this process, with the first one."""
    with _starting:
        if not _watching:
            _watching.append(threading.Thread(target=_look, name="bodies", daemon=True))
            _watching[0].start()


def _look() -> None:
    while True:
        time.sleep(LOOK_SECONDS)
        now = time.monotonic()
        for thread, body in list(reading.items()):
            if body.is_late(now):
                late_bodies.end(thread, body)
