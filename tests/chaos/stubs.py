"""What stands outside the console: a mail server that can be good, silent or refusing."""

from __future__ import annotations

import contextlib
import email
import socketserver
import threading
from collections.abc import Callable, Iterator
from email import policy
from email.message import EmailMessage

GOOD, SILENT, REFUSING = "good", "silent", "refusing"
LONGEST_SECONDS = 60.0


class MailServer:
    """What it has taken, and how it behaves; `taken` is called when a mail was taken, before the console knows."""

    def __init__(self) -> None:
        self.mode = GOOD
        self.mails: list[EmailMessage] = []
        self.taken: Callable[[], object] | None = None
        self.port = 0
        self.ending = threading.Event()

    def take(self, content: bytes) -> None:
        """Keep a mail."""
        self.mails.append(email.message_from_bytes(content, policy=policy.default))  # type: ignore[arg-type]


class _Conversation(socketserver.StreamRequestHandler):
    """SMTP, as far as Django speaks it."""

    timeout = LONGEST_SECONDS
    server: _Server

    def handle(self) -> None:
        stub = self.server.stub
        with contextlib.suppress(OSError):
            if self._silent(stub):
                return
            self._say("220 stub")
            while line := self.rfile.readline():
                if self._silent(stub) or not self._answer(
                    stub, line.split(None, 1)[0].upper() if line.strip() else b""
                ):
                    return

    def _silent(self, stub: MailServer) -> bool:
        """Say nothing while the stub is silent, and then hang up."""
        if stub.mode != SILENT:
            return False
        while stub.mode == SILENT and not stub.ending.wait(0.1):
            pass
        return True

    def _answer(self, stub: MailServer, word: bytes) -> bool:
        """Answer one command; False ends the conversation."""
        if word == b"DATA":
            self._say("354 go on")
            stub.take(self._content())
            if stub.taken is not None:
                stub.taken()
            self._say("250 taken")
        elif word in (b"MAIL", b"RCPT") and stub.mode == REFUSING:
            self._say("451 not now")
        elif word == b"QUIT":
            self._say("221 bye")
            return False
        else:
            self._say("250 stub")
        return True

    def _content(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return b"".join(lines)

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    stub: MailServer


@contextlib.contextmanager
def mail_server() -> Iterator[MailServer]:
    """Run a mail server on a free port while the block lasts."""
    stub = MailServer()
    with _Server(("127.0.0.1", 0), _Conversation) as server:
        server.stub, stub.port = stub, server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
        thread.start()
        try:
            yield stub
        finally:
            stub.ending.set()
            server.shutdown()
            thread.join()
