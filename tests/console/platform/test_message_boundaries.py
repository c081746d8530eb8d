"""Where a request ends, the server and whatever stands in front of it must not be made to disagree about."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from tests.console.api.device.serving import server

HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = b"0\r\n\r\n"
# What a proxy may read in one way and a server in another one.
AMBIGUOUS = {
    "both": b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n",
    "both, the other way": b"Transfer-Encoding: chunked\r\nContent-Length: %d\r\n",
    "a blank before the colon": b"Content-Length: %d\r\nTransfer-Encoding : chunked\r\n",
    "an unknown coding": b"Content-Length: %d\r\nTransfer-Encoding: xchunked\r\n",
    "chunked, and something after it": b"Content-Length: %d\r\nTransfer-Encoding: chunked, identity\r\n",
    "two lengths": b"Content-Length: %d\r\nContent-Length: 5\r\n",
    "a sign": b"Content-Length: +%d\r\n",
    "a folded line": b"Content-Length: %d\r\nX: y\r\n Transfer-Encoding: chunked\r\n",
    "line feeds alone": b"Content-Length: %d\nTransfer-Encoding: chunked\r\n",
}


def test_no_second_request_hides_in_a_body(transactional_db: None) -> None:
    """Either the whole is one request, or it is refused and the connection ends: a part is never answered by itself."""
    wrong = {}
    with server() as address:
        parts = urlsplit(address)
        for name, headers in AMBIGUOUS.items():
            body = CHUNKED + HIDDEN
            request = b"POST /cgi-bin/stable_token HTTP/1.1\r\nHost: x\r\n" + headers % len(body) + b"\r\n" + body
            with socket.create_connection((parts.hostname, parts.port), timeout=20) as connection:
                connection.sendall(request)
                connection.shutdown(socket.SHUT_WR)
                found = b""
                while part := connection.recv(65536):
                    found += part
            answers = found.count(b"HTTP/1.1 ")
            if answers != 1:
                wrong[name] = found[:300]
    assert wrong == {}
