"""POST /runtime/v1/login-codes (K-4), asked by the server of a host application."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from standardwebhooks import Webhook

from console.api.device import signed_by_server
from console.api.device.rate import Limiter
from console.base.hosts.models import HostApplication, ServerSecret
from devmgmt.keys import codes
from miniprograms.models import Binding, MiniProgram, ProgramUser
from tests.console.api.device.asking import Device, Reply
from tests.console.api.device.serving import server
from tests.factories import make_application, make_binding, make_program, make_server_secret

PATH = "/runtime/v1/login-codes"


@pytest.fixture(autouse=True)
def _fresh_server_limiter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signed_by_server, "limiter", Limiter("6000/minute"))


@pytest.fixture
def secret(device: Device) -> str:
    """Of the application's server."""
    return make_server_secret(device.application)


def signed(secret: str, body: bytes, *, name: str = "req_1", at: datetime | None = None) -> dict[str, Any]:
    """The headers of Standard Webhooks, as any of its libraries makes them."""
    at = at or datetime.now(UTC)
    signature = Webhook(secret).sign(name, at, body.decode())
    headers = {"ID": name, "TIMESTAMP": str(int(at.timestamp())), "SIGNATURE": signature}
    return {f"HTTP_WEBHOOK_{part}": value for part, value in headers.items()}


def body_of(application: HostApplication, program: MiniProgram, **members: Any) -> bytes:
    asked = {"application_id": application.application_id, "app_id": program.app_id, "account": "acc-1"}
    return json.dumps(asked | members).encode()


def ask(device: Device, secret: str, program: MiniProgram, name: str = "req_1", **members: Any) -> Reply:
    body = body_of(device.application, program, **members)
    return device.post_to(PATH, body, HTTP_AUTHORIZATION=None, **signed(secret, body, name=name))


def test_a_code(device: Device, program: MiniProgram, secret: str) -> None:
    reply = ask(device, secret, program)
    assert (reply.status, reply.json["expires_in"]) == (200, 300)
    assert reply.headers["Cache-Control"] == "no-store"
    assert re.fullmatch(r"[\w-]{20,}", reply.json["code"])
    session = codes.exchange(program, reply.json["code"])
    user = ProgramUser.objects.get()
    assert (user.mini_program, user.application, user.account) == (program, device.application, "acc-1")
    assert (session.openid, session.unionid) == (user.openid, user.unionid)


def test_the_same_account_stays_the_same_user(device: Device, program: MiniProgram, secret: str) -> None:
    first, second, other = (
        codes.exchange(program, ask(device, secret, program, name, account=account).json["code"]).openid
        for name, account in (("req_1", "a"), ("req_2", "a"), ("req_3", "b"))
    )
    assert first == second != other


def test_a_repeated_request(device: Device, program: MiniProgram, secret: str) -> None:
    assert ask(device, secret, program).status == 200
    reply = ask(device, secret, program)
    assert (reply.status, reply.json["code"]) == (409, "repeated")
    assert ask(device, secret, program, "req_2").status == 200


def test_secrets_in_their_overlap(device: Device, program: MiniProgram) -> None:
    now = timezone.now()
    ended = make_server_secret(device.application, ends_at=now - timedelta(seconds=1))
    ending = make_server_secret(device.application, ends_at=now + timedelta(hours=1))
    current = make_server_secret(device.application)
    found = [ask(device, one, program, f"req_{one}"[:60]).status for one in (ended, ending, current)]
    assert found == [401, 200, 200]


def test_who_has_not_signed(device: Device, program: MiniProgram, secret: str) -> None:
    """The same answer whether the application or the secret is wrong."""
    body = body_of(device.application, program)
    right = signed(secret, body)
    other = make_server_secret(make_application())
    nobody = body_of(HostApplication(application_id="ha00000000000000"), program)
    now = datetime.now(UTC)
    wrong = [
        (body, {}),
        (body, signed(other, body)),
        (nobody, signed(secret, nobody)),
        (nobody, {}),
        (body + b" ", right),
        (body, {**right, "HTTP_WEBHOOK_ID": "req_2"}),
        (body, {**right, "HTTP_WEBHOOK_TIMESTAMP": str(int(now.timestamp()) + 1)}),
        (body, signed(secret, body, at=now - timedelta(minutes=5, seconds=5))),
        (body, signed(secret, body, at=now + timedelta(minutes=5, seconds=5))),
        (body, {**right, "HTTP_WEBHOOK_SIGNATURE": right["HTTP_WEBHOOK_SIGNATURE"].replace("v1,", "v2,")}),
    ]
    wrong += [(body, {**right, "HTTP_WEBHOOK_SIGNATURE": text}) for text in ("", "v1", "v1,", "v1,?", "v1,é", "a,b,c")]
    wrong += [(body, {**right, "HTTP_WEBHOOK_TIMESTAMP": text}) for text in ("", "nan", "-1", "9" * 400, "x")]
    replies = [device.post_to(PATH, sent, **headers) for sent, headers in wrong]
    assert [reply.status for reply in replies] == [401] * len(wrong)
    assert {reply.body for reply in replies} == {replies[0].body}
    assert device.post_to(PATH, body, **right).status == 200


def test_one_of_several_signatures(device: Device, program: MiniProgram, secret: str) -> None:
    body = body_of(device.application, program)
    headers = signed(secret, body)
    headers["HTTP_WEBHOOK_SIGNATURE"] = f"v1,YWJj {headers['HTTP_WEBHOOK_SIGNATURE']}"
    assert device.post_to(PATH, body, **headers).status == 200


def test_programs_that_are_not_served(device: Device, program: MiniProgram, secret: str, binding: Binding) -> None:
    foreign = make_binding(make_program(), make_application()).mini_program
    waiting = make_binding(make_program(), device.application, state="waiting").mini_program
    nobody = MiniProgram(app_id="mp00000000000000")
    replies = [ask(device, secret, one, f"req_{one.app_id}") for one in (foreign, waiting, nobody)]
    MiniProgram.objects.filter(pk=program.pk).update(shelf="off")
    replies.append(ask(device, secret, program))
    assert [(reply.status, reply.json["code"]) for reply in replies] == [(404, "not_found")] * 4
    assert ProgramUser.objects.count() == 0


@pytest.mark.parametrize("account", ["", "x" * 129, "a\x00b", "a\nb", "a\x7f", None, 7, ["a"]])
def test_accounts_that_are_none(device: Device, program: MiniProgram, secret: str, account: Any) -> None:
    reply = ask(device, secret, program, account=account)
    assert (reply.status, "$.account" in reply.json["message"]) == (422, True)


def test_the_longest_account_and_id(device: Device, program: MiniProgram, secret: str) -> None:
    assert ask(device, secret, program, "r" * 64, account="梅" * 128).status == 200
    assert ask(device, secret, program, "r" * 65).status == 422
    assert ask(device, secret, program, "two words").status == 422


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 411),
        (b"{", 400),
        (b"[" * 9000, 422),
        (b'{"application_id": "ha0123456789abcd"}', 422),
        (b'{"application_id": "ha\\u0000123456789abc", "app_id": "mp0123456789abcd", "account": "a"}', 422),
        (b'{"application_id": "\\ud800", "app_id": "mp0123456789abcd", "account": "a"}', 400),
        (b"\xff", 400),
        (b" " * 16385, 413),
    ],
)
def test_bodies_that_are_none(device: Device, body: bytes, status: int) -> None:
    assert device.post_to(PATH, body).status == status


def test_other_methods_and_types(device: Device) -> None:
    reply = device.ask("GET", PATH)
    assert (reply.status, reply.headers["Allow"]) == (405, "POST")
    assert device.post_to(PATH, b"{}", CONTENT_TYPE="text/plain").status == 415


def test_too_often(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signed_by_server, "limiter", Limiter("1/hour"))
    assert [device.post_to(PATH, b"{}").status for _ in range(2)] == [422, 429]


def test_a_secret_that_nobody_can_read(device: Device, program: MiniProgram, secret: str) -> None:
    """SECRET_KEY was changed without a fallback: refused, and no error."""
    ServerSecret.objects.update(sealed="gAAAAA")
    assert ask(device, secret, program).status == 401


def test_what_the_documentation_says(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a real server, with the code of docs/device-api.md."""
    binding = make_binding(make_program())
    program, application = binding.mini_program, binding.application
    names: dict[str, Any] = {}
    text = (Path(settings.BASE_DIR) / "docs/device-api.md").read_text()
    (snippet,) = re.findall(r"```python\n(import json.*?)```", text, re.DOTALL)
    exec(snippet, names)
    monkeypatch.setenv("SECRET_KEY", settings.SECRET_KEY)  # of the server, which opens what is sealed here
    with server() as address:
        code = names["login_code"](
            address, make_server_secret(application), application.application_id, program.app_id, "acc-1"
        )
    assert codes.exchange(program, code).openid == ProgramUser.objects.get().openid
