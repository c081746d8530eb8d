"""Whoever comes to an installation through its nginx: over TLS, with a connection of their own for each request."""

from __future__ import annotations

import html
import http.client
import json
import re
import socket
import ssl
from email.message import Message
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

HOST = "console.example.com"
SECONDS = 60.0  # for an answer, on a busy machine


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: Message
    text: str

    @property
    def place(self) -> str:
        """Where it leads, as a path; "" when it leads nowhere."""
        return urlsplit(self.headers.get("Location", "")).path


class Door:
    """The way in: a port of this machine that leads to nginx, and the certificate that is to be shown there."""

    def __init__(self, port: int, certificate: Path) -> None:
        self.port = port
        self.context = ssl.create_default_context(cafile=str(certificate))

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        """Send one request; OSError or HTTPException when no answer comes."""
        connection = http.client.HTTPConnection(HOST, timeout=SECONDS)
        plain = socket.create_connection(("127.0.0.1", self.port), SECONDS)
        connection.sock = self.context.wrap_socket(plain, server_hostname=HOST)
        try:
            given = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, {"Connection": "close", **given})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read().decode())
        finally:
            connection.close()


class Person:
    """Somebody with a browser: it keeps cookies, and sends forms with the fields that the page has hidden in them."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.cookies: dict[str, str] = {}

    def get(self, path: str) -> Answer:
        """Open a page; where it leads is not followed."""
        return self._ask("GET", path, None)

    def follow(self, answer: Answer) -> Answer:
        """Go where answers lead, to the end; an AssertionError when that is in circles."""
        for _turn in range(5):
            if answer.status not in (301, 302, 303):
                return answer
            answer = self.get(answer.place)
        raise AssertionError(f"It leads on and on: {answer.place}")

    def post(self, path: str, page: Answer, **fields: str) -> Answer:
        """Send the form of a page, to this path."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert token, page.text[:2000]
        body = urlencode({"csrfmiddlewaretoken": token[1], **fields}).encode()
        origin = {"Origin": f"https://{HOST}", "Referer": f"https://{HOST}{path}"}
        return self._ask("POST", path, body, Content_Type="application/x-www-form-urlencoded", **origin)

    def sign_in(self, email: str, password: str) -> Answer:
        """Sign in by the page; returns the page that it ends at."""
        page = self.get("/account/sign-in/")
        if page.place:  # signed in, by a cookie that this release knows
            return self.follow(page)
        return self.follow(self.post("/account/sign-in/", page, login=email, password=password))

    def _ask(self, method: str, path: str, body: bytes | None, **headers: str) -> Answer:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = self.door.ask(method, path, body, Cookie=cookies, **headers)
        for line in answer.headers.get_all("Set-Cookie", []):
            for name, morsel in SimpleCookie(line).items():
                if morsel.value:
                    self.cookies[name] = morsel.value
                else:
                    self.cookies.pop(name, None)
        return answer


def title(answer: Answer) -> str:
    """Return what stands in the browser's tab."""
    found = re.search(r"<title>(.*?)</title>", answer.text, re.S)
    return html.unescape(found[1].strip()) if found else ""


def send_json(door: Door, path: str, content: Any, authorization: str) -> Answer:
    """Ask as a device does."""
    body = json.dumps(content).encode()
    return door.ask("POST", path, body, Content_Type="application/json", Authorization=authorization)
