"""Reading the body of a request, for so long and no longer (P-8).

The server calls us when it has the headers, and a read of the body takes a thread until the client has sent it. Such a
read has no timeout. So reads are noted, and a thread of this process looks at them: one that is later than BODY_SECONDS
and slower than BODY_LEAST_RATE is ended (late_bodies.py). The read returns what is there, and the answer is 408.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from threading import get_ident
from typing import Any

from django.conf import settings

from console.base.core import late_bodies

Environ = dict[str, Any]

LOOK_SECONDS = 0.5
LEAST_SECONDS = 1.0  # for a body, however many come from the same address
PIECE = 16 * 1024  # bytes of one read: the rate is known after each
LARGEST_PIECE = 256 * 1024


class BodyLate(OSError):
    """The body did not arrive in time: 408."""


class BodyCut(OSError):
    """The client went away before it had sent the body that it announced: 400."""


class Body:
    """`wsgi.input` with a deadline.

    Only waiting for the client counts, not what is done with the body between two reads.
    """

    def __init__(self, environ: Environ) -> None:
        self.environ = environ
        self._input = environ["wsgi.input"]
        announced = environ.get("CONTENT_LENGTH") or ""
        self._announced = int(announced) if announced.isascii() and announced.isdigit() else 0
        self.received = 0
        self.waited = 0.0  # seconds, as the looks at it saw
        self.failed: BodyLate | BodyCut | None = None

    def read(self, size: int | None = None) -> bytes:
        """Return `size` bytes, or all that are left, fewer at the end; raises BodyLate, BodyCut."""
        pieces = []
        left = size if size is not None and size >= 0 else None
        while left != 0 and (piece := self._read(self._most() if left is None else min(left, self._most()))):
            pieces.append(piece)
            left = None if left is None else left - len(piece)
        return b"".join(pieces)

    def _most(self) -> int:
        """Return how much to read at once: of a client that was never waited for, as much as it has sent so far.

        Should it get slow, the time that it gained by then is that of such a piece at BODY_LEAST_RATE.
        """
        return PIECE if self.waited else max(PIECE, min(self.received, LARGEST_PIECE))

    def readline(self, size: int | None = None) -> bytes:
        """Return a line, as WSGI wants it; no form of ours is read by lines."""
        line = bytearray()
        while (size is None or size < 0 or len(line) < size) and (byte := self._read(1)):
            line += byte
            if byte == b"\n":
                break
        return bytes(line)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def _read(self, size: int) -> bytes:
        piece = _noted(self, self._input, size)
        self.received += len(piece)
        if late_bodies.is_ended(self.environ) or (len(piece) < size and self.received < self._announced):
            self.failed = _why(self.environ)
            raise self.failed
        return piece


def read(environ: Environ, length: int) -> bytes:
    """Return the announced `length` bytes of a body; raises BodyLate, BodyCut.

    An update check comes by here: a body that has arrived costs two writes of a dictionary.
    """
    stream = environ["wsgi.input"]
    if isinstance(stream, Body):  # Django has handed the request on.
        return stream.read(length)
    if length > PIECE:
        return Body(environ).read(length)
    body = _noted(environ, stream, length)
    if len(body) < length or late_bodies.is_ended(environ):  # A request that was late has had no effect.
        raise _why(environ)
    return body


def in_front_of(application: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """Return a WSGI application whose bodies are read so."""

    def bounded(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ["wsgi.input"] = Body(environ)
        return application(environ, start_response)

    return bounded


Waits = dict[int, tuple[Body | Environ, float]]  # what each thread waits for, and for how many seconds

_reading: dict[int, Body | Environ] = {}
_watching: list[threading.Thread] = []
_starting = threading.Lock()


def _noted(what: Body | Environ, stream: Any, size: int) -> bytes:
    """Read, seen by the thread that looks."""
    thread = get_ident()
    _reading[thread] = what
    if not _watching:
        _watch()
    try:
        piece: bytes = stream.read(size)
    finally:
        del _reading[thread]
    return piece


def _why(environ: Environ) -> BodyLate | BodyCut:
    if late_bodies.is_ended(environ):
        return BodyLate("The body did not arrive in time.")
    return BodyCut("The body ended early.")


def _watch() -> None:
    """Start to look after the reads of this process, with the first one."""
    with _starting:
        if not _watching:
            _watching.append(threading.Thread(target=_look, name="bodies", daemon=True))
            _watching[0].start()


def _look() -> None:
    """Look again and again; what is there at two looks has waited in between."""
    before: Waits = {}
    last = time.monotonic()
    while True:
        time.sleep(LOOK_SECONDS)
        now = time.monotonic()
        before, last = _waits(before, now - last), now
        peers = Counter(_environ(what).get("REMOTE_ADDR") for what, _waited in before.values())
        for thread, (what, waited) in before.items():
            environ, received = _environ(what), what.received if isinstance(what, Body) else 0
            if waited > allowed(received, beside=peers[environ.get("REMOTE_ADDR")]):
                late_bodies.end(thread, environ, waited=waited, received=received)


def allowed(received: int, *, beside: int) -> float:
    """Return how many seconds a body may be waited for of which so many bytes are here.

    The bodies of one address that are waited for at a time share BODY_SECONDS: so many threads are taken by it.
    """
    seconds: float = max(settings.BODY_SECONDS / beside, min(settings.BODY_SECONDS, LEAST_SECONDS))
    return seconds + received / settings.BODY_LEAST_RATE


def _environ(what: Body | Environ) -> Environ:
    return what.environ if isinstance(what, Body) else what


def _waits(before: Waits, seconds: float) -> Waits:
    """Return what each thread waits for, and for how long it has; `seconds` passed since the look `before`."""
    found: Waits = {}
    for thread, what in _reading.copy().items():
        was, waited = before.get(thread, (None, 0.0))
        if isinstance(what, Body):
            what.waited += seconds if was is what else 0.0
            found[thread] = what, what.waited
        else:
            found[thread] = what, waited + seconds if was is what else 0.0
    return found
