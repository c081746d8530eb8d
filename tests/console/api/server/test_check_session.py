"""GET /wxa/checksession, on what jscode2session gave (K-3, K-4)."""

from __future__ import annotations

import hmac
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.test import override_settings

from devmgmt.keys import codes
from devmgmt.keys.models import UserSession
from devmgmt.keys.states import SESSION_LIFETIME
from tests.console.api.server.asking import CHECK, SESSION, Reply, Server
from tests.factories import make_application, make_binding, make_program

serial = count()


@pytest.fixture
def session(server: Server) -> dict[str, Any]:
    """Of a user of the program."""
    return sign_in(server, "acc-1")


def sign_in(server: Server, account: str) -> dict[str, Any]:
    binding = server.program.bindings.first() or make_binding(server.program, make_application())
    request_id = f"req-{next(serial)}"
    code = codes.make(server.program, application=binding.application, account=account, request_id=request_id)
    return server.get(SESSION, **server.credentials("authorization_code", js_code=code)).json


def signed(session_key: str) -> str:
    return hmac.new(session_key.encode(), b"", "sha256").hexdigest()


def check(server: Server, session: dict[str, Any], **changed: Any) -> Reply:
    asked = {
        "access_token": server.token(),
        "openid": session["openid"],
        "signature": signed(session["session_key"]),
        "sig_method": "hmac_sha256",
    }
    return server.get(CHECK, **asked | changed)


def test_the_signature_is_wechats() -> None:
    """The example of its documentation of signatures of the login state."""
    made = hmac.new(b"o0q0otL8aEzpcZL/FT9WsQ==", b'{"foo":"bar"}', "sha256").hexdigest()
    assert made == "654571f79995b2ce1e149e53c0a33dc39c0a74090db514261454e8dbe432aa0b"


def test_holds(server: Server, session: dict[str, Any]) -> None:
    assert check(server, session).json == {"errcode": 0, "errmsg": "ok"}
    assert session["session_key"] not in str(UserSession.objects.values())


def test_until_the_user_signs_in_again(server: Server, session: dict[str, Any]) -> None:
    sign_in(server, "acc-2")
    assert check(server, session).errcode == 0
    again = sign_in(server, "acc-1")
    assert [check(server, one).errcode for one in (session, again)] == [87009, 0]


def test_until_it_is_old(server: Server, session: dict[str, Any]) -> None:
    row = UserSession.objects.get()
    UserSession.objects.update(started_at=row.started_at - SESSION_LIFETIME + timedelta(minutes=1))
    assert check(server, session).errcode == 0
    UserSession.objects.update(started_at=row.started_at - SESSION_LIFETIME)
    assert check(server, session).errcode == 87009


def test_after_the_secret_key_was_changed(server: Server, session: dict[str, Any], settings: Any) -> None:
    old = settings.SECRET_KEY
    with override_settings(SECRET_KEY="n" * 60, SECRET_KEY_FALLBACKS=[old]):
        assert check(server, session).errcode == 0
    with override_settings(SECRET_KEY="n" * 60, SECRET_KEY_FALLBACKS=[]):
        assert check(server, session).errcode == 87009


@pytest.mark.parametrize(
    ("changed", "errcode"),
    [
        ({"openid": None}, 40003),
        ({"openid": "x"}, 40003),
        ({"openid": "x\x00"}, 40003),
        ({"signature": None}, 87009),
        ({"signature": "0" * 64}, 87009),
        ({"signature": "梅"}, 87009),
        ({"signature": signed("")}, 87009),
        ({"sig_method": "md5"}, 40097),
        ({"sig_method": None}, 40097),
        ({"access_token": None}, 41001),
        ({"access_token": "x"}, 40014),
    ],
)
def test_refused(server: Server, session: dict[str, Any], changed: dict[str, Any], errcode: int) -> None:
    assert check(server, session, **changed).errcode == errcode


def test_of_another_program(server: Server, session: dict[str, Any]) -> None:
    """P-1."""
    other = Server(server.way, make_program(), "")
    foreign = other.program.users.create(application=make_application(), account="x", openid="o" * 28, unionid="u")
    assert check(server, session | {"openid": foreign.openid}).errcode == 40003
