"""What is read of a body: all that was announced, or an error; never a part that looks like the whole."""

from __future__ import annotations

import io
import socket
from pathlib import Path
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.http import UnreadablePostError

from console.base.core import late_bodies
from console.base.core.bodies import LARGEST_PIECE, PIECE, Body, BodyCut, allowed, read

FORM = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.zip"\r\n\r\nPK'


def environ(body: bytes, announced: int | None, content_type: str = "text/plain") -> dict[str, Any]:
    """A request with this body."""
    length = "" if announced is None else str(announced)
    given = {"REQUEST_METHOD": "POST", "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": length}
    return given | {"CONTENT_TYPE": content_type}


@pytest.mark.parametrize("length", [0, 1, PIECE, PIECE + 1, 3 * PIECE])
def test_whole(length: int) -> None:
    sent = bytes(range(256)) * (length // 256 + 1)
    assert read(environ(sent, length), length) == sent[:length]
    assert Body(environ(sent[:length], length)).read() == sent[:length]
    handed_on = environ(sent[:length], length)
    handed_on["wsgi.input"] = Body(handed_on)
    assert read(handed_on, length) == sent[:length]
    body = Body(environ(sent[:length], length))
    assert b"".join(iter(lambda: body.read(1000), b"")) == sent[:length]


@pytest.mark.parametrize("length", [1, PIECE, PIECE + 1, 3 * PIECE])
def test_cut(length: int) -> None:
    with pytest.raises(BodyCut):
        read(environ(b"x" * (length - 1), length), length)
    body = Body(environ(b"x" * (length - 1), length))
    with pytest.raises(BodyCut):
        body.read()
    assert isinstance(body.failed, BodyCut)


def test_without_a_length_the_end_is_the_end() -> None:
    assert read(environ(b"x" * 10, None), PIECE + 1) == b"x" * 10
    assert list(Body(environ(b"a\nb\n\nc", None))) == [b"a\n", b"b\n", b"\n", b"c"]
    assert Body(environ(b"abc\n", None)).readline(2) == b"ab"


def test_what_comes_quickly_is_read_in_larger_pieces_and_what_was_waited_for_is_not() -> None:
    class Noted(io.BytesIO):
        asked: list[int] = []

        def read(self, size: int | None = -1) -> bytes:
            self.asked.append(size or 0)
            return super().read(size)

    length = 4 * LARGEST_PIECE
    given = environ(b"", length) | {"wsgi.input": Noted(b"x" * length)}
    body = Body(given)
    assert len(body.read(length // 2)) == length // 2
    received = 0
    for size in Noted.asked:  # Never more than what came before: that is the time that a slow client has gained.
        assert size <= max(PIECE, received)
        received += size
    assert max(Noted.asked) >= LARGEST_PIECE // 2
    Noted.asked.clear()
    body.waited = 0.5
    assert len(body.read()) == length // 2
    assert {*Noted.asked} == {PIECE}


@pytest.mark.parametrize(
    ("received", "beside", "seconds"),
    [(0, 1, 10), (0, 4, 2.5), (0, 100, 1), (5_000, 1, 15), (5_000, 4, 7.5), (1_000_000, 100, 1_001)],
)
def test_how_long_a_body_is_waited_for(settings, received: int, beside: int, seconds: float) -> None:
    settings.BODY_SECONDS, settings.BODY_LEAST_RATE = 10.0, 1_000.0
    assert allowed(received, beside=beside) == seconds
    settings.BODY_SECONDS = 0.5
    assert allowed(0, beside=beside) == 0.5


def test_an_upload_that_was_cut_is_no_upload() -> None:
    """Django would take the part of a file that came."""
    given = environ(FORM, 1000, "multipart/form-data; boundary=x")
    given["wsgi.input"] = Body(given)
    with pytest.raises(UnreadablePostError):
        _ = WSGIRequest(given).FILES


def test_looking_for_a_connection_keeps_no_file_open() -> None:
    """Each late body copied every descriptor of the process, and left those open that are no sockets."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as one:
        peer, _address = server.accept()
        with peer:
            before = len(list(Path("/proc/self/fd").iterdir()))
            found = list(late_bodies._waiting("127.0.0.1", 0))
            assert {connection.socket.getpeername() for connection in found} >= {one.getsockname(), one.getpeername()}
            for connection in found:
                connection.socket.close()
            assert len(list(Path("/proc/self/fd").iterdir())) == before
