"""Whatever a server sends, it gets JSON with an errcode, and never an error of ours."""

from __future__ import annotations

import itertools
import json
import logging
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import RequestFactory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.api.server.dispatch import respond
from tests.console.api.device.serving import server as granian
from tests.console.api.server.asking import (
    LOGS,
    PATHS,
    POSTED,
    SEND,
    SESSION,
    STABLE_TOKEN,
    TOKEN,
    Reply,
    Server,
    through_dispatcher,
)
from tests.factories import make_program, make_secret

TEXTS = [
    "%00",
    "%ff%fe",
    "%ed%a0%80",
    "%",
    "%zz",
    "%F0%9F",
    "\xff\xfe",
    "9" * 5000,
    "-1",
    "1e999",
    "NaN",
    "a[]=1",
    "%27%22--;",
    "x" * 60_000,
    "%0d%0aSet-Cookie:a=b",
]
PARAMETERS = ["access_token", "appid", "secret", "grant_type", "js_code", "date", "begintime", "limit", "url", "lang"]
PARAMETERS += ["openid", "signature", "sig_method", "ids", "start", "tid"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
MEMBERS = ["touser", "template_id", "data", "page", "lang", "appid", "secret", "grant_type", "force_refresh"]
MEMBERS += ["scene", "check_path", "env_version", "width", "line_color", "tid", "kidList", "sceneDesc", "priTmplId"]
MEMBERS += ["date", "begintime", "endtime", "start", "limit", "traceId", "url", "id", "filterMsg", "level"]
BODIES = [
    b"\x00",
    b"\xff\xfe{}",
    b"\xef\xbb\xbf{}",
    b"null",
    b"[" * 16_000,
    b'{"data":' * 2000,
    b'{"x":' + b"[" * 5000 + b"]" * 5000 + b"}",
    b'{"touser": "\\ud800"}',
    b'{"touser": "\\udc00\\ud800"}',
    b'{"touser": "\xed\xa0\x80"}',
    b'{"touser": "a", "touser": 1}',
    b'{"data": {"thing1": {"value": ' + b"9" * 5000 + b"}}}",
    b'{"data": {"thing1": {"value": 1e400}}}',
    b'{"data": {"thing1": {"value": NaN}}}',
    b'{"begintime": 1e30, "endtime": -1e30, "date": "\\u0000\\u0000"}',
    b" " * 16_385,
    b"a=b&c=d",
]
PATIENT = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@pytest.fixture
def token(server: Server) -> str:
    """Of a program."""
    return server.token()


def raw(method: str, path: str, query: str = "", body: bytes = b"", **headers: Any) -> Reply:
    """Send a query as it is."""
    environ = RequestFactory().generic(method, path, body, **headers).environ
    sent: list[Any] = []
    parts = respond({**environ, "QUERY_STRING": query}).send(lambda *start: sent.extend(start))
    return Reply(int(sent[0].split()[0]), dict(sent[1]), b"".join(parts))


def check(reply: Reply, caplog: pytest.LogCaptureFixture) -> None:
    assert reply.status in (200, 404)
    assert isinstance(reply.json, dict)
    assert reply.errcode != -1, reply.json
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.parametrize("path", PATHS)
def test_queries(server: Server, token: str, path: str, caplog: pytest.LogCaptureFixture) -> None:
    if server.way is not through_dispatcher:
        pytest.skip("the same code")
    right = f"access_token={token}&appid={server.program.app_id}&secret={server.secret}&grant_type=authorization_code"
    for name, text in itertools.product(PARAMETERS, TEXTS):
        for query in (f"{name}={text}", f"{right}&js_code=x&{name}={text}", f"{name}={text}&{name}&{right}"):
            check(raw(PATHS[path], path, query), caplog)
    for query in ("&" * 9000, "=" * 9000, "a=b;c=d", "?" * 99, "&".join(f"a{number}" for number in range(999))):
        check(raw(PATHS[path], path, query), caplog)


@pytest.mark.parametrize("path", [*POSTED, LOGS])
def test_bodies(server: Server, token: str, path: str, caplog: pytest.LogCaptureFixture) -> None:
    for body in BODIES:
        reply = server.post(path, body, token=token)
        check(reply, caplog)
        assert reply.errcode != 0


@PATIENT
@given(st.sampled_from([*POSTED, LOGS]), st.dictionaries(st.sampled_from(MEMBERS), JSON, max_size=8))
def test_members(server: Server, token: str, caplog: pytest.LogCaptureFixture, path: str, members: Any) -> None:
    check(server.post(path, json.dumps(members).encode(), token=token), caplog)


@PATIENT
@given(st.sampled_from(list(PATHS)), st.text(st.characters(max_codepoint=255), max_size=200), st.binary(max_size=200))
def test_noise(caplog: pytest.LogCaptureFixture, db: None, path: str, query: str, body: bytes) -> None:
    check(raw(PATHS[path], path, query, body), caplog)


@pytest.mark.parametrize(
    "headers",
    [
        {"CONTENT_LENGTH": "-1"},
        {"CONTENT_LENGTH": "1e3"},
        {"CONTENT_LENGTH": "9" * 400},
        {"CONTENT_LENGTH": "²"},
        {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "gzip"},
        {"HTTP_IDEMPOTENCY_KEY": "\x00"},
        {"HTTP_X_FORWARDED_FOR": "\x00, ::::"},
        {"REMOTE_ADDR": ""},
        {"REMOTE_ADDR": "unix:"},
        {"HTTP_HOST": "\x00"},
    ],
)
def test_headers(server: Server, token: str, headers: dict[str, str], caplog: pytest.LogCaptureFixture) -> None:
    if server.way is not through_dispatcher and "HTTP_HOST" in headers:
        pytest.skip("Django refuses the host itself")
    check(server.post(SEND, b"{}", token=token, **headers), caplog)
    check(server.ask("GET", f"{TOKEN}?appid={server.program.app_id}&secret={server.secret}", **headers), caplog)


def test_by_a_real_server(transactional_db: None) -> None:
    """Bytes that no client would send; chunks, which some do."""
    program = make_program()
    secret = make_secret(program)
    body = json.dumps({"appid": program.app_id, "secret": secret, "grant_type": "client_credential"}).encode()
    chunked = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:20], body[20:])) + b"0\r\n\r\n"
    with granian() as address:

        def talk(request: bytes) -> bytes:
            parts = urlsplit(address)
            with socket.create_connection((parts.hostname, parts.port), timeout=20) as connection:
                connection.sendall(request)
                found = b""
                while part := connection.recv(65536):
                    found += part
            return found

        def ask(line: str, headers: str = "", content: bytes = b"") -> bytes:
            head = f"{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n"
            return talk(head.encode("latin-1") + content)

        given = ask(f"POST {STABLE_TOKEN}", "Transfer-Encoding: chunked\r\n", chunked)
        assert b'"access_token":' in given
        assert b'"errcode":44002' in ask(f"POST {STABLE_TOKEN}", "Content-Length: 0\r\n")
        assert b'"errcode":44002' in ask(f"POST {STABLE_TOKEN}")
        assert b'"errcode":44002' in ask(f"POST {STABLE_TOKEN}", "Transfer-Encoding: chunked\r\n", b"0\r\n\r\n")
        long = b"%x\r\n%s\r\n0\r\n\r\n" % (20_000, b" " * 20_000)
        assert b'"errcode":47001' in ask(f"POST {STABLE_TOKEN}", "Transfer-Encoding: chunked\r\n", long)
        assert b'"errcode":40013' in ask(f"GET {TOKEN}?appid=%00&secret=%ff&grant_type=client_credential")
        assert b'"errcode":41004' in ask(f"GET /openserver{SESSION}?appid=%ED%A0%80")
        assert b'"errcode":40066' in ask("GET /cgi-bin/%00%ff")
        assert b"HTTP/1.1 500" not in ask(f"GET {TOKEN}?appid=\xff\xfe")
