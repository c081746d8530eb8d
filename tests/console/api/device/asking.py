"""A device that asks, in the two ways in which the handlers are reached."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.test import Client, RequestFactory

from console.api.device.dispatch import respond
from console.api.device.feed import Feed
from console.base.hosts.models import HostApplication
from releases.field import seen

UPDATE, REPORTS, LOGS = "/runtime/v1/update", "/runtime/v1/reports", "/runtime/v1/logs"


@dataclass
class Reply:
    """What came back: every answer says that it is what its type says."""

    status: int
    headers: dict[str, str]
    body: bytes

    def __post_init__(self) -> None:
        assert self.headers["X-Content-Type-Options"] == "nosniff"

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


Way = Callable[[str, str, bytes, dict[str, Any]], Reply]


def through_django(method: str, path: str, body: bytes, headers: dict[str, Any]) -> Reply:
    """By Django's URLs and middlewares; without the request's id, which no two answers share."""
    response: Any = Client().generic(method, path, body, **headers)
    assert response.headers.pop("X-Request-ID")
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return Reply(response.status_code, dict(response.items()), content)


class ThroughDispatcher:
    """By WSGI, with a snapshot that takes over every change before each request, as the threads would do."""

    def __init__(self) -> None:
        self.feed = Feed()

    def __call__(self, method: str, path: str, body: bytes, headers: dict[str, Any]) -> Reply:
        environ = RequestFactory().generic(method, path, body, **headers).environ
        self.feed.refresh()
        response = respond(environ, self.feed.current)
        sent: list[Any] = []
        parts: Iterable[bytes] = response.send(lambda *start: sent.extend(start))
        content = b"".join(parts)
        if close := getattr(parts, "close", None):
            close()
        seen.buffer.flush()
        return Reply(int(sent[0].split()[0]), dict(sent[1]), content)


@dataclass
class Device:
    """Asks as one host application, with its first key unless specified otherwise."""

    way: Way
    application: HostApplication

    def ask(self, method: str, path: str, body: bytes = b"", **headers: Any) -> Reply:
        """Send any request; headers in WSGI's spelling, None leaves one out."""
        given = {"HTTP_AUTHORIZATION": authorization(self.application), **headers}
        return self.way(method, path, body, {name: value for name, value in given.items() if value is not None})

    def update(self, app_id: str, **members: Any) -> Reply:
        """Send an update check."""
        return self.post(question(app_id, **members))

    def post(self, content: Any, **headers: Any) -> Reply:
        """POST anything to the update check: bytes as they are, else as JSON."""
        return self.post_to(UPDATE, content, **headers)

    def report(self, app_id: str, **members: Any) -> Reply:
        """Report that 1.0.0 was installed, unless `members` say otherwise."""
        told = {"app_id": app_id, "guid": f"0302{1:028}", "version": "1.0.0", "result": "installed"}
        return self.post_to(REPORTS, told | members)

    def log(self, app_id: str, *entries: dict[str, Any], **members: Any) -> Reply:
        """Send log entries, each with one line of info unless it says otherwise."""
        return self.post_to(LOGS, batch(app_id, *entries, **members))

    def post_to(self, path: str, content: Any, **headers: Any) -> Reply:
        """POST bytes as they are, anything else as JSON."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        return self.ask("POST", path, body, **{"CONTENT_TYPE": "application/json", **headers})

    def package(self, sha256: str, method: str = "GET", **headers: Any) -> Reply:
        """Download."""
        return self.ask(method, f"/runtime/v1/packages/{sha256}.apkg", **headers)


def authorization(application: HostApplication, key: str = "") -> str:
    """The header of an application, with its oldest key by default."""
    key = key or application.keys.order_by("id")[0].key
    return basic(f"{application.application_id}:{key}")


def basic(credentials: str) -> str:
    """HTTP Basic."""
    return f"Basic {base64.b64encode(credentials.encode()).decode()}"


def question(app_id: str, **members: Any) -> dict[str, Any]:
    """The body of an update check of an Android device that has nothing yet."""
    asked = {
        "app_id": app_id,
        "guid": f"0302{1:028}",
        "platform": "android",
        "os_version": "14",
        "app_version": "8.0.50",
        "network": "wifi",
    }
    return asked | members


def batch(app_id: str, *entries: dict[str, Any], **members: Any) -> dict[str, Any]:
    """The body of log entries, each with one line of info unless it says otherwise."""
    now = time.time_ns() // 1_000_000
    line = {"time": now, "level": "info", "text": "started"}
    sent = {
        "app_id": app_id,
        "guid": f"0302{1:028}",
        "platform": "android",
        "os_version": "14",
        "client_version": "8.0.50",
        "library_version": "3.5.1",
        "version": "1.0.0",
        "entries": [{"time": now, "page": "pages/index/index", "lines": [line], **entry} for entry in entries],
    }
    return sent | members
