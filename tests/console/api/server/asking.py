"""A mini program's server that asks, in the two ways in which the handlers are reached."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.test import Client, RequestFactory

from console.api.server.dispatch import respond
from console.api.server.errors import WORDS
from miniprograms.models import MiniProgram

TOKEN, STABLE_TOKEN = "/cgi-bin/token", "/cgi-bin/stable_token"
SESSION, SEND = "/sns/jscode2session", "/cgi-bin/message/subscribe/send"
TEMPLATES, LOGS = "/wxaapi/newtmpl/gettemplate", "/wxaapi/userlog/userlog_search"
CODE, CHECK = "/wxa/getwxacodeunlimit", "/wxa/checksession"
ADD, DELETE = "/wxaapi/newtmpl/addtemplate", "/wxaapi/newtmpl/deltemplate"
CATEGORIES, TITLES = "/wxaapi/newtmpl/getcategory", "/wxaapi/newtmpl/getpubtemplatetitles"
KEYWORDS = "/wxaapi/newtmpl/getpubtemplatekeywords"
POSTED = (STABLE_TOKEN, SEND, CODE, ADD, DELETE)
ASKED = (TOKEN, SESSION, CHECK, TEMPLATES, CATEGORIES, TITLES, KEYWORDS, LOGS)
PATHS = dict.fromkeys(ASKED, "GET") | dict.fromkeys(POSTED, "POST")

Way = Callable[[str, str, bytes, dict[str, Any]], tuple[int, dict[str, str], bytes]]


@dataclass
class Reply:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)

    @property
    def errcode(self) -> int:
        """Why it was refused; 0 when it was not."""
        return self.json.get("errcode", 0)

    @property
    def detail(self) -> str:
        """What is said besides WeChat's words and the id of the request."""
        said, rid, _ = self.json["errmsg"].rpartition(" rid: ")
        assert rid
        return said.removeprefix(WORDS[self.errcode]).removeprefix(", ").strip()


def through_django(method: str, path: str, body: bytes, headers: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    """By Django's URLs and middlewares."""
    response = Client().generic(method, path, body, **headers)
    return response.status_code, dict(response.items()), response.content


def through_dispatcher(
    method: str, path: str, body: bytes, headers: dict[str, Any]
) -> tuple[int, dict[str, str], bytes]:
    """By WSGI."""
    environ = RequestFactory().generic(method, path, body, **headers).environ
    sent: list[Any] = []
    parts = respond(environ).send(lambda *start: sent.extend(start))
    return int(sent[0].split()[0]), dict(sent[1]), b"".join(parts)


@dataclass
class Server:
    """The server of one program, which knows its AppSecret."""

    way: Way
    program: MiniProgram
    secret: str

    def ask(self, method: str, path: str, body: bytes = b"", **headers: Any) -> Reply:
        """Send any request; headers in WSGI's spelling."""
        return Reply(*self.way(method, path, body, headers))

    def get(self, path: str, **parameters: Any) -> Reply:
        """GET with a query; None leaves a parameter out."""
        given = {name: value for name, value in parameters.items() if value is not None}
        return self.ask("GET", f"{path}?{urlencode(given)}")

    def post(self, path: str, content: Any, *, token: str = "", **headers: Any) -> Reply:
        """POST bytes as they are, anything else as JSON."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        return self.ask("POST", f"{path}?{urlencode({'access_token': token})}", body, **headers)

    def credentials(self, grant: str = "client_credential", **parameters: Any) -> dict[str, Any]:
        """What the program proves itself with."""
        return {"grant_type": grant, "appid": self.program.app_id, "secret": self.secret, **parameters}

    def token(self) -> str:
        """A new access token."""
        return self.get(TOKEN, **self.credentials()).json["access_token"]
