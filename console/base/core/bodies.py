"""Reading the body of a request, for so long and no longer (P-8).

The server calls us when it has the headers, and a read of the body takes a thread until the client has sent it. It has
no timeout, and nothing in Python can end it. So reads are noted, and a thread of this process looks at them: a body
that is later than BODY_SECONDS, and slower than BODY_LEAST_RATE, ends by shutting what the client's connections may
still send. The read then returns what is there, and the answer is 408.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from django.conf import settings

Environ = dict[str, Any]

LOOK_SECONDS = 0.5
PIECE = 16 * 1024  # bytes of one read: the rate is known after each
SLACK = 0.2  # seconds by which the kernel's clock and ours may differ
_TCP_INFO = struct.Struct("<8B24I")
_LAST_DATA_SENT = 8 + 9  # where the milliseconds since then stand, in linux/tcp.h

logger = logging.getLogger(__name__)


class BodyLate(OSError):
    """The body did not arrive in time: 408."""


class BodyCut(OSError):
    """The client went away before it had sent the body that it announced: 400."""


class Body:
    """`wsgi.input` with a deadline, as a file of it and for `read` alone.

    Only waiting for the client counts, not what is done with the body between two reads.
    """

    __slots__ = ("_began", "_expected", "_input", "_waited", "failed", "late", "peer", "received")

    def __init__(self, environ: Environ) -> None:
        self._input = environ["wsgi.input"]
        announced = environ.get("CONTENT_LENGTH") or ""
        self._expected = int(announced) if announced.isascii() and announced.isdigit() else 0
        self._began = self._waited = 0.0
        self.peer: str = environ.get("REMOTE_ADDR", "")
        self.received = 0
        self.late = False  # as `_look` says, in its own thread
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
        _reading[thread] = self
        if not _watching:
            _watch()
        try:
            piece: bytes = self._input.read(size)
        finally:
            del _reading[thread]
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


_reading: dict[int, Body] = {}  # by thread
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
        late = [body for body in list(_reading.values()) if body.is_late(now)]
        if late:
            try:
                _end(late, now)
            except Exception:  # The next look tries again; without this thread nobody would.
                logger.exception("late bodies can't be ended")


def _end(late: list[Body], now: float) -> None:
    """Let nothing more come from the peers of these bodies, on connections that wait as long as these do.

    WSGI does not say which connection a request came by. Nothing was sent on it since the read began, while other
    requests of the same peer were answered meanwhile, or are closed with it. Of a proxy that waits for the whole body,
    as ours does, no body is ever late.
    """
    ages: dict[str, float] = {}
    for body in late:
        body.late = True
        ages[body.peer] = min(body.age(now), ages.get(body.peer, now))
    logger.warning("%s bodies from %s did not arrive in time", len(late), ", ".join(sorted(ages)))
    waits = {_address(peer): age for peer, age in ages.items()}
    for connection in _connections():
        with connection, contextlib.suppress(OSError, ValueError):
            age = waits.get(_address(connection.getpeername()[0]))
            if age is not None and _sent_ago(connection) >= age - SLACK:
                connection.shutdown(socket.SHUT_RD)


def _connections() -> Iterator[socket.socket]:
    """Return our own handles of the sockets of this process; none where the system has no /proc."""
    with contextlib.suppress(FileNotFoundError):
        for file in list(Path("/proc/self/fd").iterdir()):
            with contextlib.suppress(OSError):
                yield socket.socket(fileno=os.dup(int(file.name)))


def _sent_ago(connection: socket.socket) -> float:
    """Return how many seconds ago something was last sent there, or the connection was made."""
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO.size)
    return int(_TCP_INFO.unpack(info)[_LAST_DATA_SENT]) / 1000


def _address(text: str) -> str:
    """Return an address in one spelling."""
    return str(ip_address(text.partition("%")[0]))
