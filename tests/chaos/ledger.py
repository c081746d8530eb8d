"""What clients asked for and what they were answered: what the rows are compared with in the end."""

from __future__ import annotations

import http.client
import itertools
import json
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

DONE, REFUSED, BUSY, UNSENT, UNKNOWN = "done", "refused", "busy", "unsent", "unknown"


class Lost(Exception):
    """There was no answer; `sent` says whether the request may have been taken."""

    def __init__(self, *, sent: bool) -> None:
        self.sent = sent


class Reply(NamedTuple):
    """An answer."""

    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        """The body, decoded; {} when it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return {}


def ask(port: int, method: str, path: str, body: bytes | None = None, *, timeout: float = 5.0, **headers: str) -> Reply:
    """Ask once, on a connection of its own; raises Lost."""
    connection, sent = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout), False
    try:
        connection.connect()
        sent = True
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        return Reply(response.status, response.headers, response.read())
    except (OSError, http.client.HTTPException):
        raise Lost(sent=sent) from None
    finally:
        connection.close()


class Change(NamedTuple):
    """A person's change: what kind, the words by which its rows are known, and how it was answered."""

    kind: str
    mark: str
    outcome: str
    status: int


@dataclass
class Ledger:
    """Filled by all threads of the load."""

    changes: list[Change] = field(default_factory=list)
    logs: dict[str, str] = field(default_factory=dict)  # mark → outcome
    consents: dict[str, str] = field(default_factory=dict)  # request id → outcome
    messages: dict[str, tuple[str, int]] = field(default_factory=dict)  # Idempotency-Key → outcome, id
    placed: dict[int, set[str]] = field(default_factory=dict)  # task → GUIDs that got its version
    relapsed: set[str] = field(default_factory=set)  # that got something else later
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)  # of each client, 0 for no answer
    numbers: Any = field(default_factory=lambda: itertools.count(1))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def mark(self, kind: str) -> str:
        """Return words that nobody else has."""
        return f"{kind}-{next(self.numbers)}"

    def count(self, client: str, status: int) -> None:
        """Note how a client was answered."""
        with self.lock:
            self.statuses[client, status] += 1
