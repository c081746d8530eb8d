"""Bodies that do not arrive, over real sockets and without a proxy: each ends by itself, and holds up nobody (P-8)."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import select
import socket
import sys

import pytest

from console.base.core.bodies import PIECE
from console.base.core.late_bodies import SLACK
from tests.console.api.device.asking import UPDATE, authorization, question
from tests.console.api.device.serving import up_to_date
from tests.console.platform.servers import Server, serve
from tests.factories import make_binding, make_online, make_program
from tests.slow_clients import TIMEOUT, connect, request, slow_clients

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(sys.platform != "linux", reason="late bodies are ended by what Linux tells of connections"),
]
SIGN_IN = "/account/sign-in/"
FORM = "Content-Type: application/x-www-form-urlencoded"
UPLOAD = "Content-Type: multipart/form-data; boundary=xxx"
HTML = "Accept: text/html"
COOKIE = f"Cookie: csrftoken={'x' * 32}"  # without it the answer comes before the body
SOON = {"BODY_SECONDS": "1"}
NEVER = {"BODY_SECONDS": "3600"}


def ask(server: Server, method: str, path: str, body: str = "", **headers: str) -> tuple[int, bytes]:
    """Send a whole request."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT)) as connection:
        connection.request(method, path, body, {"Content-Type": "application/json", **headers})
        response = connection.getresponse()
        return response.status, response.read()


def test_bodies_of_devices_end_by_themselves() -> None:
    """Twice as many as there are threads: each is answered 408, and a device that waits for its turn gets it."""
    binding = make_binding(make_program())
    make_online(binding.mini_program)
    key = authorization(binding.application)  # which is in every copy of the app
    unfinished = [
        request("/runtime/v1/login-codes"),
        request("/runtime/v1/logs", f"Authorization: {key}", "Expect: 100-continue"),
        request(UPDATE, f"Authorization: {key}", body=b"{"),
        request("/cgi-bin/stable_token", "Transfer-Encoding: chunked", body=b"2710\r\n{"),
    ]
    check = json.dumps(question(binding.mini_program.app_id))
    headers = {"Authorization": key, "Content-Type": "application/json"}
    with serve("runtime", SOON, threads=2) as server, contextlib.ExitStack() as stack:
        up_to_date(f"http://127.0.0.1:{server.port}")
        # Connections that were answered before: one goes on with an unfinished body, one waits for its turn.
        kept, other = (stack.enter_context(contextlib.closing(answered(server))) for _ in range(2))
        late = other.sock
        late.sendall(request("/runtime/v1/login-codes", body=b"{"))
        with slow_clients(server.port, unfinished) as connections:
            assert select.select([late, *connections], [], [], 2 * SLACK)[0] in ([], [connections[1]])
            kept.request("POST", UPDATE, check, headers)
            response = kept.getresponse()
            assert (response.status, json.loads(response.read())["status"]) == (200, "update")
            assert [final(connection) for connection in [*connections, late]] == [408] * 5


def test_bodies_of_pages_end_by_themselves() -> None:
    """A form and an upload end; what is older, and comes quickly enough, does not."""
    unfinished = [
        request(SIGN_IN, FORM, COOKIE, HTML, body=b"login="),
        request(SIGN_IN, UPLOAD, COOKIE, HTML, body=b"--xxx\r\n"),
    ]
    with serve("web", SOON | {"BODY_LEAST_RATE": "10"}, threads=3) as server, connect(server.port) as coming:
        coming.sendall(request(SIGN_IN, FORM, COOKIE, length=2 * PIECE, body=b"x" * (PIECE + 1)))
        with slow_clients(server.port, unfinished) as connections:
            for connection in connections:
                answer = everything(connection)
                assert answer.startswith(b"HTTP/1.1 408 ")
                assert b"The request timed out" in answer
        coming.sendall(b"x" * (PIECE - 1))
        assert coming.recv(12) == b"HTTP/1.1 403"  # It was read, and has no token.
        with connect(server.port) as cut:
            cut.sendall(request(SIGN_IN, FORM, COOKIE, body=b"login="))
            cut.shutdown(socket.SHUT_WR)
            assert everything(cut).startswith(b"HTTP/1.1 400 ")
        assert server.get(SIGN_IN) == 200


def test_slow_bodies_of_pages_do_not_stop_devices() -> None:
    """Where bodies of pages never end, and hold every thread of theirs."""
    with serve("web", NEVER, threads=2) as web, serve("runtime", threads=2) as devices:
        with slow_clients(web.port, [request(SIGN_IN, FORM, COOKIE)] * 4):
            assert devices.get("/runtime/v1/openapi.json") == 200
            assert ask(devices, "POST", UPDATE, "{}")[0] == 401


def answered(server: Server) -> http.client.HTTPConnection:
    """A connection that stays open after an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT)
    connection.request("GET", "/healthz")
    with connection.getresponse() as response:
        assert (response.status, len(response.read()) > 0) == (200, True)
    return connection


def final(connection: socket.socket) -> int:
    """The status of the answer, after “100 Continue”; 0 without one."""
    return int((re.findall(rb"^HTTP/1.1 ([0-9]+) ", everything(connection), re.MULTILINE) or [b"0"])[-1])


def everything(connection: socket.socket) -> bytes:
    """All that comes until the connection is closed."""
    parts = []
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)
