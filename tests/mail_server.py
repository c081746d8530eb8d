"""A mail server on a socket of this machine that does its work, or fails where a test wants it to."""

from __future__ import annotations

import email
import select
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import policy
from email.message import EmailMessage
from typing import Any

SECONDS = 30  # that anything here waits at most
SLOW_SECONDS = 3  # until a slow yes
ANSWERS = {"421": "421 closing", "450": "450 later", "550": "550 not here"}
LIVES_ON = ("450", "550")  # after these the connection does


class MailServer(socketserver.ThreadingTCPServer):
    """Keeps what it took in `messages`, and counts `connections`.

    As others do, it refuses MAIL before the mail at hand is taken or reset.

    `faults` says what happens at "connect", "EHLO", "MAIL", "RCPT", "DATA" and "text" (the message came, and waits for
    the yes): "silent", "drop", "hold" (say yes once `released` is set), "slow" (of a text, which is kept: say yes after
    SLOW_SECONDS, unless the client is gone by then), or a code of ANSWERS. `only` limits those after RCPT to recipients
    that contain it.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.connections = 0
        self.messages: list[EmailMessage] = []
        self.faults: dict[str, str] = {}
        self.only = ""
        self.connected, self.holding = threading.Event(), threading.Event()
        self.released, self.ended = threading.Event(), threading.Event()

    def settings(self) -> dict[str, Any]:
        """Django's settings for a client of this server."""
        return {
            "EMAIL_BACKEND": "console.base.accounts.smtp.Backend",
            "EMAIL_HOST": "127.0.0.1",
            "EMAIL_PORT": self.server_address[1],
            "EMAIL_HOST_USER": "",
            "EMAIL_HOST_PASSWORD": "",
            "EMAIL_USE_TLS": False,
            "EMAIL_USE_SSL": False,
            "EMAIL_TIMEOUT": SECONDS,
            "EMAIL_TEXT_TIMEOUT": SECONDS,
        }

    def recipients(self) -> list[str]:
        """Who got something, in order."""
        return [str(message["To"]) for message in self.messages]


class Session(socketserver.StreamRequestHandler):
    """One connection."""

    server: MailServer
    timeout = SECONDS
    disable_nagle_algorithm = True

    def handle(self) -> None:
        self.server.connections += 1
        self.server.connected.set()
        self.recipient, self.is_at_one = "", False
        try:
            if not self.meets("connect"):
                self.say("220 ready")
                while (line := self.rfile.readline()) and self.answer(line.decode().strip()):
                    pass
        except OSError:
            pass  # The client went away.

    def answer(self, line: str) -> bool:
        """Answer a command; return whether the connection lives on."""
        verb = line[:4].upper()
        if verb == "RCPT":
            self.recipient = line.partition("<")[2].partition(">")[0]
        if verb == "MAIL" and self.is_at_one:
            self.say("503 nested MAIL command")
            return True
        if fault := self.meets(verb):
            return fault in LIVES_ON
        self.is_at_one = verb in ("MAIL", "RCPT")
        if verb == "DATA":
            return self.take()
        self.say("221 bye" if verb == "QUIT" else "250 fine")
        return verb != "QUIT"

    def take(self) -> bool:
        self.say("354 go on")
        text = b"".join(iter(self.rfile.readline, b".\r\n"))
        fault = self.meets("text")
        if fault and fault != "slow":
            return fault in LIVES_ON
        self.server.messages.append(email.message_from_bytes(text, policy=policy.default))
        if fault == "slow" and select.select([self.connection], [], [], SLOW_SECONDS)[0]:
            return False  # The client hung up.
        self.say("250 taken")
        return True

    def meets(self, stage: str) -> str:
        """Do what is to happen here; return the fault that it was, empty if the usual answer follows."""
        fault = self.server.faults.get(stage, "")
        if self.server.only not in self.recipient and stage in ("RCPT", "DATA", "text"):
            return ""
        if fault == "hold":
            self.server.holding.set()
            self.server.released.wait(SECONDS)
            return ""
        if fault == "silent":
            self.server.ended.wait(SECONDS)
        elif fault in ANSWERS:
            self.say(ANSWERS[fault])
        return fault

    def say(self, answer: str) -> None:
        self.wfile.write(f"{answer}\r\n".encode())


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """Run a mail server on a free port."""
    with MailServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.ended.set()
            server.released.set()
            server.shutdown()
            thread.join(SECONDS)
