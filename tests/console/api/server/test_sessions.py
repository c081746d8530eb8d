"""GET /sns/jscode2session (K-4)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from devmgmt.keys import codes
from devmgmt.keys.models import AppSecret, LoginCode
from miniprograms.models import MiniProgram, ProgramUser
from tests.console.api.server.asking import SESSION, Reply, Server
from tests.factories import make_application, make_binding, make_program, make_secret


@pytest.fixture
def code(server: Server) -> str:
    """For an account that has opened the program."""
    return code_of(server.program)


def code_of(program: MiniProgram) -> str:
    application = make_binding(program, make_application()).application
    return codes.make(program, application=application, account="acc-1", request_id="req-1")


def ask(server: Server, code: Any, **parameters: Any) -> Reply:
    return server.get(SESSION, **server.credentials("authorization_code", js_code=code) | parameters)


def test_who_it_is(server: Server, code: str) -> None:
    reply = ask(server, code)
    user = ProgramUser.objects.get()
    session_key = reply.json["session_key"]
    assert reply.json == {"openid": user.openid, "session_key": session_key, "unionid": user.unionid}
    assert len(session_key) == 24  # 16 bytes, as SDKs decode them


def test_once(server: Server, code: str) -> None:
    assert [ask(server, code).errcode for _ in range(2)] == [0, 40163]


def test_too_late(server: Server, code: str) -> None:
    LoginCode.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert ask(server, code).errcode == 40029


def test_the_code_of_another_program(server: Server) -> None:
    foreign = make_program()
    code = code_of(foreign)
    assert ask(server, code).errcode == 40029
    owner = Server(server.way, foreign, make_secret(foreign))
    assert ask(owner, code).errcode == 0


@pytest.mark.parametrize(
    ("wrong", "errcode"),
    [
        ({"appid": None, "secret": None, "js_code": None, "grant_type": None}, 41002),
        ({"secret": None, "js_code": None, "grant_type": None}, 41004),
        ({"grant_type": None, "js_code": None}, 40002),
        ({"grant_type": "client_credential"}, 40002),
        ({"js_code": None, "appid": "mp0"}, 41008),
        ({"js_code": ""}, 41008),
        ({"appid": "mp0"}, 40013),
        ({"secret": "0" * 32}, 40125),
        ({"js_code": "x"}, 40029),
        ({"js_code": "x\x00"}, 40029),
        ({"js_code": "梅" * 600}, 40029),
    ],
)
def test_what_is_refused_first(server: Server, code: str, wrong: dict[str, Any], errcode: int) -> None:
    reply = ask(server, code, **wrong)
    assert (reply.status, reply.errcode) == (200, errcode)
    assert ask(server, code).errcode == 0


def test_frozen(server: Server, code: str) -> None:
    AppSecret.objects.update(frozen_at=timezone.now())
    assert ask(server, code).errcode == 40243
    AppSecret.objects.update(frozen_at=None)
    assert ask(server, code).errcode == 0
