"""A TCP proxy before a server that fails as networks and servers do: away, silent, overloaded, cut in the middle."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Literal
from urllib.parse import urlsplit

Way = Literal["passes", "refuses", "is silent", "is overloaded", "cuts answers", "cuts uploads", "knows no conditions"]


class Faulty:
    """How it answers from now on is `way`; after `times` connections it passes all on."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self.server = (str(parts.hostname), int(parts.port or 80))
        self.way: Way = "passes"
        self.times = 1_000_000
        self.connections = 0
        self.cut_after = 100_000  # bytes of an answer
        self.requests: list[bytes] = []
        self.ended = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def fail(self, way: Way, times: int = 1_000_000) -> None:
        """Answer so, so many times."""
        self.way, self.times, self.connections = way, times, 0

    def run(self) -> None:
        """Answer until the listener is closed."""
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self._answer, args=[client], daemon=True).start()

    def _answer(self, client: socket.socket) -> None:
        self.connections += 1
        way = self.way if self.connections <= self.times else "passes"
        with client, contextlib.suppress(OSError):
            if way == "is silent":
                self.ended.wait(60)
            elif way == "is overloaded":
                _read_request(client)
                client.sendall(b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            elif way == "cuts uploads":
                client.recv(1000)
            elif way != "refuses":
                self._pass_on(client, way)

    def _pass_on(self, client: socket.socket, way: Way) -> None:
        request = _read_request(client)
        self.requests.append(request)
        if way == "knows no conditions" and b"if-none-match" in request.lower():
            client.sendall(b"HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        head, _, body = request.partition(b"\r\n\r\n")
        with socket.create_connection(self.server) as server:
            server.sendall(head + b"\r\nConnection: close\r\n\r\n" + body)
            left = self.cut_after if way == "cuts answers" else 1 << 40
            while left and (data := server.recv(min(left, 65536))):
                client.sendall(data)
                left -= len(data)


def _read_request(client: socket.socket) -> bytes:
    """Read a whole request of a client that sends the length of its body."""
    data = b""
    while b"\r\n\r\n" not in data and (more := client.recv(65536)):
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    lines = {
        name.strip(): value.strip() for name, _, value in (line.partition(b":") for line in head.lower().split(b"\r\n"))
    }
    if b"100-continue" in lines.get(b"expect", b""):
        client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    length = int(lines.get(b"content-length", b"0"))
    while len(body) < length and (more := client.recv(65536)):
        body += more
    return head + b"\r\n\r\n" + body


@contextlib.contextmanager
def before(address: str) -> Iterator[Faulty]:
    """Run one before the server at this address."""
    faulty = Faulty(address)
    run: Callable[[], None] = faulty.run
    threading.Thread(target=run, daemon=True).start()
    try:
        yield faulty
    finally:
        faulty.ended.set()
        faulty.listener.shutdown(socket.SHUT_RDWR)
        faulty.listener.close()
