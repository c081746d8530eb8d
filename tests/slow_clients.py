"""Clients that send a request's body one byte at a time and never finish it."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence

SECONDS = 1.0  # between two bytes
TIMEOUT = 60.0


def request(path: str, *lines: str, host: str = "localhost", length: int = 10_000, body: bytes = b"") -> bytes:
    """A POST whose headers are whole; of the announced body only the beginning."""
    type_ = "" if any(line.lower().startswith("content-type:") for line in lines) else "Content-Type: application/json"
    head = [f"POST {path} HTTP/1.1", f"Host: {host}", type_, *lines]
    if not any(line.lower().startswith("transfer-encoding:") for line in lines):
        head.append(f"Content-Length: {length}")
    return "\r\n".join([*filter(None, head), "", ""]).encode() + body


def connect(
    port: int, *, tls: bool = False, source: str = "127.0.0.1", name: str = "console.example.com"
) -> socket.socket:
    """Connect to a server here, from an address of this machine; by TLS to this name, with any certificate."""
    plain = socket.create_connection(("127.0.0.1", port), TIMEOUT, (source, 0))
    if not tls:
        return plain
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(plain, server_hostname=name)


@contextlib.contextmanager
def slow_clients(
    port: int,
    requests: Sequence[bytes],
    *,
    tls: bool = False,
    source: str = "127.0.0.1",
    name: str = "console.example.com",
) -> Iterator[list[socket.socket]]:
    """Send all of them, each by a connection of its own, and one more byte a second by each while the block lasts."""
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(connect(port, tls=tls, source=source, name=name)) for _ in requests]
        for connection, begun in zip(connections, requests, strict=True):
            connection.sendall(begun)
        stop = threading.Event()

        def trickle() -> None:
            while not stop.wait(SECONDS):
                for connection in connections:
                    with contextlib.suppress(OSError):  # It was answered and closed.
                        connection.send(b" ")

        thread = threading.Thread(target=trickle)
        thread.start()
        try:
            yield connections
        finally:
            stop.set()
            thread.join()
