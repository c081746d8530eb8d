"""Ending a read of a body that does not arrive, from another thread (bodies.py).

Nothing in Python can interrupt the read, and WSGI does not say which connection a request came by. So the request is
answered first, through what the server gave the reading thread: the connection by which something is sent then is the
one. Shutting what it may still receive ends the read.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
import struct
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Self

from django.core.handlers.wsgi import WSGIRequest
from django.template.loader import render_to_string
from django.utils import translation

SENT_SECONDS = 0.5  # until the answer is on its way
LOOK_SECONDS = 0.005
SLACK = 0.05  # seconds by which the kernel's clock and ours may differ
# From linux/tcp.h, since Linux 4.19: milliseconds since something was sent, and the bytes that were.
_TCP_INFO = struct.Struct("=8B24I4Q6I4Q2IQ")
_LAST_DATA_SENT, _BYTES_SENT = 8 + 9, -1

_ENDED = "console.body_ended"  # in the environ, which belongs to one request

logger = logging.getLogger(__name__)


def end(thread: int, environ: dict[str, Any], *, waited: float, received: int) -> None:
    """Answer the request whose body the thread waits for by 408, and let the read end; never raises.

    `waited` seconds, for more than the bytes that it has `received`. Where the request was answered before and nothing
    ended, or can't be answered, all connections of this peer that wait as long are ended: it has had its time.
    """
    peer = _spelled(environ.get("REMOTE_ADDR", ""))
    is_first, served = not is_ended(environ), _served_by(thread)
    if served and served.get("environ") is not environ:  # The body has come meanwhile.
        return
    environ[_ENDED] = True
    try:
        with contextlib.ExitStack() as stack:
            waiting = [stack.enter_context(one) for one in _waiting(peer, waited - SLACK)]
            chosen = waiting
            if is_first:
                logger.warning("a request body from %s did not arrive in time: received %s bytes", peer, received)
                if served:
                    chosen = _answered(waiting, least=_answer(served["proto"], environ))
            for connection in chosen:
                connection.end()
    except Exception:  # The next look tries again; without this thread nobody would.
        logger.exception("a late request body can't be ended")


def is_ended(environ: dict[str, Any]) -> bool:
    """Whether the body of this request was too late, and was ended."""
    return _ENDED in environ


def _served_by(thread: int) -> dict[str, Any] | None:
    """Return what granian's own function has at hand there, `environ` and `proto`; None where it is another server."""
    frame = sys._current_frames().get(thread)
    while frame is not None and frame.f_globals.get("__name__") != "granian.wsgi":
        frame = frame.f_back
    found = frame.f_locals if frame else {}
    return found if "environ" in found and "proto" in found else None


def _answer(protocol: Any, environ: dict[str, Any]) -> int:
    """Answer in place of the thread, whose own answer is dropped; return how many bytes that sends at least."""
    content_type, content = _content(environ)
    headers = [("Content-Type", content_type), ("Content-Length", str(len(content))), ("Cache-Control", "no-store")]
    headers += [("X-Content-Type-Options", "nosniff"), ("Connection", "close")]
    protocol.response_bytes(408, headers, content)
    return len(content)


def _content(environ: dict[str, Any]) -> tuple[str, bytes]:
    """Return a page for people, JSON for machines."""
    if "text/html" in environ.get("HTTP_ACCEPT", ""):
        with translation.override(translation.get_language_from_request(WSGIRequest(environ))):
            return "text/html; charset=utf-8", render_to_string("408.html").encode()
    return "application/json", json.dumps({"code": "timeout", "message": "The body did not arrive in time."}).encode()


@dataclass
class Connection:
    """One of this process's, as the kernel knows it; bytes and seconds."""

    socket: socket.socket
    sent: int
    sent_ago: float

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.socket.close()

    def end(self) -> None:
        """Let nothing more come by it."""
        with contextlib.suppress(OSError):  # It is gone.
            self.socket.shutdown(socket.SHUT_RD)


def _answered(waiting: list[Connection], *, least: int) -> list[Connection]:
    """Return by which of these connections `least` bytes are sent now.

    A neighbour whose turn comes meanwhile may be sent “100 Continue”, which is shorter than any answer of ours.
    """
    deadline = time.monotonic() + SENT_SECONDS
    while True:
        found = [one for one in waiting if (now := _described(one.socket)) and now.sent >= one.sent + least]
        if found or time.monotonic() > deadline:
            return found
        time.sleep(LOOK_SECONDS)


def _waiting(peer: str, seconds: float) -> Iterator[Connection]:
    """Return handles of our own of an address's connections by which nothing was sent for so long.

    There are none where the system has no /proc.
    """
    with contextlib.suppress(FileNotFoundError):
        for file in list(Path("/proc/self/fd").iterdir()):
            if found := _handle(file):
                connection = _described(found)
                if connection and connection.sent_ago >= seconds and _peer(found) == peer:
                    yield connection
                else:
                    found.close()


def _handle(file: Path) -> socket.socket | None:
    """Return a handle of our own of a socket of this process; None for any other file. Leaves none behind."""
    try:
        if not str(file.readlink()).startswith("socket:"):
            return None
        number = os.dup(int(file.name))
    except OSError:  # It is gone.
        return None
    try:
        return socket.socket(fileno=number)
    except OSError:
        os.close(number)
        return None


def _peer(found: socket.socket) -> str | None:
    """Return the address at the other end; None where there is none any more."""
    try:
        return _spelled(found.getpeername()[0])
    except OSError:
        return None


def _described(found: socket.socket) -> Connection | None:
    """Return what the kernel knows of a connection; None for anything else, and for one that is gone."""
    if found.family not in (socket.AF_INET, socket.AF_INET6) or found.type != socket.SOCK_STREAM:
        return None
    try:
        info = _TCP_INFO.unpack(found.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO.size))
    except (OSError, struct.error):
        return None
    return Connection(found, info[_BYTES_SENT], info[_LAST_DATA_SENT] / 1000)


def _spelled(address: str) -> str:
    """Return an address in one spelling; what is none as it is."""
    try:
        return str(ip_address(address.partition("%")[0]))
    except ValueError:
        return address
