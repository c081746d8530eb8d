"""POST /cgi-bin/message/subscribe/send (M-5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from django.utils import timezone

from devmgmt.keys.models import AccessToken, AppSecret
from messaging.models import Consent, MainSwitch, Message, MyTemplate
from messaging.states import PUSHES_PER_DAY
from miniprograms.models import MiniProgram, ProgramUser
from tests.console.api.server.asking import SEND, Reply, Server
from tests.factories import (
    make_application,
    make_ban,
    make_binding,
    make_consent,
    make_gateway,
    make_online,
    make_program,
    make_program_user,
    make_secret,
    make_template,
)

DATA = {"thing1": {"value": "Harbour Clinic"}, "time2": {"value": "2026-11-27 14:30"}}


@dataclass
class Sender:
    """A program's server with a token, and a user who has agreed to one template."""

    server: Server
    token: str
    user: ProgramUser
    template: MyTemplate

    def body(self, **members: Any) -> dict[str, Any]:
        """What is sent."""
        return {"touser": self.user.openid, "template_id": self.template.template_id, "data": DATA, **members}

    def send(self, headers: dict[str, str] | None = None, **members: Any) -> Reply:
        """Send."""
        return self.server.post(SEND, self.body(**members), token=self.token, **headers or {})


@pytest.fixture
def sender(server: Server) -> Sender:
    """The user's application has a gateway, and the program is online with pages/index/index."""
    application = make_binding(server.program, make_application()).application
    make_online(server.program)
    make_gateway(application)
    template = make_template(server.program)
    user = make_program_user(server.program, application)
    make_consent(user, template)
    return Sender(server, server.token(), user, template)


def test_accepted(sender: Sender) -> None:
    reply = sender.send(page="pages/index/index?id=7", miniprogram_state="trial", lang="en_US")
    message = Message.objects.get()
    assert reply.json == {"errcode": 0, "errmsg": "ok", "msgid": message.pk}
    assert (message.page, message.program_state, message.lang) == ("pages/index/index?id=7", "trial", "en_US")
    assert message.values == {key: member["value"] for key, member in DATA.items()}
    assert Consent.objects.get().used == 1


def test_defaults(sender: Sender) -> None:
    """SDKs send what they have no value for as null or as an empty text."""
    Consent.objects.update(granted=3)
    replies = [sender.send(), sender.send(page="", miniprogram_state="", lang=""), sender.send(page=None, lang=None)]
    assert [reply.errcode for reply in replies] == [0, 0, 0]
    assert set(Message.objects.values_list("page", "program_state", "lang")) == {("", "formal", "zh_CN")}


def test_unknown_members_are_ignored(sender: Sender) -> None:
    data = {key: {**member, "color": "#173177"} for key, member in DATA.items()}
    assert sender.send(data=data, emphasis_keyword="thing1").errcode == 0


@pytest.mark.parametrize(
    ("value", "text"), [(7, "7"), (45.5, "45.5"), (10**40, str(10**40)[:20]), ("7", "7"), (-3, "-3")]
)
def test_numbers_are_text(sender: Sender, value: Any, text: str) -> None:
    reply = sender.send(data=DATA | {"thing1": {"value": value}})
    if len(str(value)) > 20:
        assert reply.errcode == 47003
    else:
        assert (reply.errcode, Message.objects.get().values["thing1"]) == (0, text)


def test_once_for_a_consent(sender: Sender) -> None:
    assert [sender.send().errcode for _ in range(2)] == [0, 43101]
    assert Message.objects.count() == 1


def test_the_sixth_push_of_a_day(sender: Sender) -> None:
    template = make_template(sender.server.program, kind="long_term")
    make_consent(sender.user, template)
    errcodes = [sender.send(template_id=template.template_id).errcode for _ in range(PUSHES_PER_DAY + 1)]
    assert errcodes == [0] * PUSHES_PER_DAY + [45009]


def test_what_is_refused(sender: Sender) -> None:
    """Nothing of it uses the consent."""
    other = make_program()
    foreign = {"template_id": make_template(other).template_id}
    stranger = {"touser": make_program_user(other, make_application()).openid}
    cases: list[tuple[dict[str, Any], int, str]] = [
        (stranger, 40003, ""),
        ({"touser": ""}, 40003, ""),
        ({"touser": "x\x00"}, 40003, ""),
        (foreign, 40037, ""),
        ({"template_id": "梅"}, 40037, ""),
        ({"page": "pages/nowhere/index"}, 41030, ""),
        ({"page": "pages/\x00"}, 41030, ""),
        ({"page": "x" * 2000}, 41030, ""),
        ({"data": {}}, 47003, "data.thing1.value"),
        ({"data": DATA | {"thing1": {"value": "x" * 21}}}, 47003, "data.thing1.value"),
        ({"data": DATA | {"thing1": {"value": "x\x00"}}}, 47003, "data.thing1.value"),
        ({"data": DATA | {"x\x00": {"value": "x"}}}, 47003, "data.x\x00.value"),
        ({"miniprogram_state": "x"}, 47003, "miniprogram_state"),
        ({"lang": "x"}, 47003, "lang"),
        ({"data": {"thing1": "x"}}, 47001, "$.data[...]"),
        ({"data": {"thing1": {"value": None}}}, 47001, "value"),
        ({"data": {"thing1": {"value": True}}}, 47001, "value"),
        ({"data": {"thing1": {"value": {"x": 1}}}}, 47001, "value"),
        ({"data": {"thing1": {}}}, 47001, "value"),
        ({"data": []}, 47001, "$.data"),
        ({"touser": 7}, 47001, "$.touser"),
    ]
    replies = [sender.send(**members) for members, *_ in cases]
    assert [(reply.status, reply.errcode) for reply in replies] == [(200, errcode) for _, errcode, _ in cases]
    assert [named for reply, (*_, named) in zip(replies, cases, strict=True) if named not in reply.detail] == []
    assert Consent.objects.get(user=sender.user).used == 0
    assert sender.send().errcode == 0


def test_whom_the_application_does_not_take_messages_of(sender: Sender) -> None:
    application, program = sender.user.application, sender.server.program
    make_ban(application, program, template=sender.template)
    assert sender.send().errcode == 43116
    make_ban(application, program)
    assert sender.send().errcode == 43107
    application.gateway.delete()
    assert sender.send().errcode == 48001


def test_off_the_shelf(sender: Sender) -> None:
    MiniProgram.objects.filter(pk=sender.server.program.pk).update(shelf="off")
    assert sender.send().errcode == 48001


def test_the_main_switch(sender: Sender) -> None:
    MainSwitch.objects.create(user=sender.user, is_on=False, changed_at=sender.user.created_at)
    assert sender.send().errcode == 43101


def test_the_same_idempotency_key(sender: Sender) -> None:
    key = {"HTTP_IDEMPOTENCY_KEY": "order 7"}
    first, second = sender.send(key), sender.send(key)
    assert (first.errcode, first.json) == (0, second.json)
    assert sender.send(key, page="pages/index/index").errcode == 40097
    assert Message.objects.count() == 1


@pytest.mark.parametrize("key", ["x" * 256, "x\ty", "é", "x\x7f"])
def test_idempotency_keys_that_are_none(sender: Sender, key: str) -> None:
    reply = sender.send({"HTTP_IDEMPOTENCY_KEY": key})
    assert (reply.errcode, "Idempotency-Key" in reply.detail) == (40097, True)
    assert sender.send({"HTTP_IDEMPOTENCY_KEY": ""}).errcode == 0


def test_the_token_comes_first(sender: Sender) -> None:
    assert sender.server.post(SEND, b"").errcode == 41001
    assert sender.server.post(SEND, b"", token="x").errcode == 40014
    assert sender.server.post(SEND, b"", token=sender.token).errcode == 44002
    other = make_program()
    token = Server(sender.server.way, other, make_secret(other)).token()
    assert sender.server.post(SEND, sender.body(), token=token).errcode == 40003


def test_what_ends_a_token_holds_on_the_next_message(sender: Sender) -> None:
    """P-3; also where something else is wrong with the message."""
    used: list[int] = []
    for changed, errcode in (
        ({"expires_at": timezone.now()}, 42001),
        ({"ended_at": timezone.now()}, 40001),
    ):
        AccessToken.objects.update(**changed)
        used += [sender.send().errcode - errcode, sender.send(touser="\x00").errcode - errcode]
    sender.token = sender.server.token()
    AppSecret.objects.update(frozen_at=timezone.now())
    used += [sender.send().errcode - 40243, sender.send(template_id="x").errcode - 40243]
    assert used == [0] * 6
    AppSecret.objects.update(frozen_at=None)
    assert sender.send().errcode == 0
