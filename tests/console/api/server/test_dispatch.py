"""What all paths have in common: prefix, methods, unknown paths, rate, trouble."""

from __future__ import annotations

import logging
import re
import threading
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.test import RequestFactory

from console.api.rate import Counter
from console.api.server import dispatch
from console.api.server.dispatch import ENDPOINTS
from console.routes import routes
from devmgmt.keys import tokens
from tests.console.api.server.asking import PATHS, SEND, STABLE_TOKEN, TEMPLATES, TOKEN, Server, through_dispatcher
from tests.factories import make_program, make_secret


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("prefix", ["", "/openserver"])
def test_both_addresses(server: Server, path: str, prefix: str) -> None:
    reply = server.ask(PATHS[path], f"{prefix}{path}")
    assert (reply.status, reply.errcode) == (200, 44002 if path == STABLE_TOKEN else reply.errcode)
    assert reply.errcode in (41001, 41002, 44002)
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.headers["Cache-Control"] == "no-store"
    assert re.fullmatch(r".* rid: [0-9a-f]{8}-[0-9a-f]{8}", reply.json["errmsg"])


def test_all_paths_are_tested() -> None:
    assert {path: endpoint.methods[0] for path, endpoint in ENDPOINTS.items()} == PATHS


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
def test_other_methods(server: Server, path: str, method: str) -> None:
    if method in ENDPOINTS[path].methods:
        return
    reply = server.ask(method, path)
    if method == "HEAD":
        assert (reply.status, reply.body) == (200, b"")
    else:
        assert (reply.status, reply.errcode) == (200, {"GET": 43001, "POST": 43002}[PATHS[path]])


@pytest.mark.parametrize(
    "path",
    [
        "/cgi-bin/",
        "/cgi-bin/token/",
        "/cgi-bin/menu/create",
        "/sns/",
        "/wxaapi/x",
        "/wxa/img_sec_check",
        "/wxa/business/getuserphonenumber",
        "/datacube/getweanalysisappiddailyvisittrend",
        "/cv/ocr/idcard",
        "/tcb/invokecloudfunction",
        "/openserver/wxa/",
        "/openserver/",
        "/openserver/keys/",
        "/openserver/openserver/cgi-bin/token",
        "/openserver/runtime/v1/update",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
def test_unknown_paths(server: Server, path: str, method: str) -> None:
    reply = server.ask(method, path)
    assert (reply.status, reply.errcode, reply.headers["Content-Type"]) == (404, 40066, "application/json")


def test_the_console_has_no_page_where_wechat_has_interfaces() -> None:
    taken = [route.path for route in routes() if not route.name.startswith("server:")]
    assert [path for path in taken if path.startswith(dispatch.PREFIXES)] == []


def test_too_often(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "limiter", Counter("2/hour"))
    errcodes = [server.get(TOKEN).errcode for _ in range(3)]
    assert errcodes == [41002, 41002, 45011]
    assert server.ask("GET", TEMPLATES, REMOTE_ADDR="192.0.2.7").errcode == 41001


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (OperationalError("the-secret"), "try again"),
        (RuntimeError("the-secret"), ""),
        (RecursionError("the-secret"), ""),
    ],
)
def test_trouble_is_logged_without_what_was_sent(
    server: Server,
    error: Exception,
    detail: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(*args: Any, **named: Any) -> None:
        raise error

    monkeypatch.setattr(tokens, "issue", fail)
    caplog.set_level(logging.DEBUG)
    replies = [
        server.get(TOKEN, **server.credentials(secret="the-secret")),
        server.post(STABLE_TOKEN, server.credentials(secret="the-secret")),
    ]
    assert [(reply.status, reply.errcode, reply.detail) for reply in replies] == [(200, -1, detail)] * 2
    assert "the-secret" not in caplog.text
    assert server.program.app_id not in caplog.text
    ours = [record for record in caplog.records if record.name == dispatch.__name__]
    assert [record.args[0] for record in ours] == [TOKEN, STABLE_TOKEN]
    for reply, record in zip(replies, ours, strict=True):
        assert record.args[1] == reply.json["errmsg"].rpartition(" ")[2]
        assert type(error).__name__ in record.getMessage()


def test_a_refused_request_is_not_logged(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "0123456789abcdef" * 2
    assert server.get(TOKEN, **server.credentials(secret=secret)).errcode == 40125
    assert server.post(SEND, {}, token="a-token-of-nobody").errcode == 40014
    assert secret not in caplog.text
    assert "a-token-of-nobody" not in caplog.text


def test_more_threads_than_connections(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """In front of Django: what its own requests would have given back."""
    threads = settings.DATABASES["default"]["OPTIONS"]["pool"]["max_size"] + 4
    application = dispatch.in_front_of(lambda environ, start: [])
    program = make_program()
    server = Server(through_dispatcher, program, make_secret(program))
    environ = RequestFactory().get(TEMPLATES, {"access_token": server.token()}).environ
    answered, found = threading.Barrier(threads), []

    def ask() -> None:
        try:
            found.extend(application(dict(environ), lambda status, headers: None))
            answered.wait(60)
        finally:
            connection.close()

    asking = [threading.Thread(target=ask) for _ in range(threads)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    assert found == [b'{"errcode":0,"errmsg":"ok","data":[]}'] * threads


def test_what_django_answers_stays_django_s() -> None:
    asked: list[str] = []
    application = dispatch.in_front_of(lambda environ, start: asked.append(environ["PATH_INFO"]) or [])
    for path in ("/", "/keys/", "/cgi-bin", "/openserver", "/runtime/v1/update"):
        application(RequestFactory().get(path).environ, lambda status, headers: None)
    assert asked == ["/", "/keys/", "/cgi-bin", "/openserver", "/runtime/v1/update"]


def test_freezing_holds_on_the_next_request(server: Server) -> None:
    """P-3."""
    token = server.token()
    assert server.get(TEMPLATES, access_token=token).errcode == 0
    server.program.secrets.update(frozen_at=server.program.created_at)
    assert server.get(TEMPLATES, access_token=token).errcode == 40243
