"""wechatpy as it comes, pointed at a real console as docs/server-api.md says."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from wechatpy.exceptions import WeChatClientException

from devmgmt.keys import codes
from devmgmt.keys.models import AccessToken
from messaging.models import Message
from miniprograms.models import MiniProgram
from tests.console.api.device.serving import Served
from tests.factories import (
    make_application,
    make_binding,
    make_consent,
    make_gateway,
    make_online,
    make_program,
    make_program_user,
    make_public_template,
    make_secret,
    make_template,
)

DOCS = Path(settings.BASE_DIR) / "docs/server-api.md"
DATA = {"thing1": {"value": "Harbour Street"}, "time2": {"value": "2026-11-27 14:30"}}

Point = Callable[..., Any]


@pytest.fixture
def program(transactional_db: None) -> MiniProgram:
    """With 1.0.0 online."""
    program = make_program()
    make_online(program)
    return program


@pytest.fixture(params=["", "/openserver"])
def point(program: MiniProgram, request: pytest.FixtureRequest, served: Served) -> Point:
    """Run what the documentation says; returns the client."""
    (code,) = re.findall(r"```python\n(from wechatpy .*?)```", DOCS.read_text(), re.DOTALL)

    def client(secret: str) -> Any:
        names = {"app_id": program.app_id, "app_secret": secret}
        exec(code.replace("https://console.example.com", f"{served()}{request.param}"), names)
        return names["client"]

    return client


def test_the_whole_way(program: MiniProgram, point: Point) -> None:
    application = make_binding(program, make_application()).application
    make_gateway(application)
    user, template = make_program_user(program, application, "acc-1"), make_template(program)
    make_consent(user, template)
    client = point(make_secret(program))

    granted = client.fetch_access_token()
    assert sorted(granted) == ["access_token", "expires_in"]
    assert client.access_token == granted["access_token"]

    code = codes.make(program, application=application, account="acc-1", request_id="req-1")
    session = client.wxa.code_to_session(code)
    assert (session["openid"], session["unionid"]) == (user.openid, user.unionid)
    with pytest.raises(WeChatClientException) as used:
        client.wxa.code_to_session(code)
    assert used.value.errcode == 40163

    (listed,) = client.get("wxaapi/newtmpl/gettemplate", api_base_url=client.wxa.API_BASE_URL)["data"]
    assert listed["priTmplId"] == template.template_id

    sent = client.wxa.send_subscribe_message(user.openid, template.template_id, DATA, page="pages/index/index")
    assert sent == {"errcode": 0, "errmsg": "ok", "msgid": Message.objects.get().pk}
    with pytest.raises(WeChatClientException) as refused:
        client.wxa.send_subscribe_message(user.openid, template.template_id, DATA)
    assert refused.value.errcode == 43101


def test_templates_sessions_and_codes(program: MiniProgram, point: Point) -> None:
    """What the SDK has no method for goes by its general ones."""
    application = make_binding(program, make_application()).application
    client, public = point(make_secret(program)), make_public_template()
    to_root = {"api_base_url": client.wxa.API_BASE_URL}

    made = client.post("wxaapi/newtmpl/addtemplate", data={"tid": public.number, "kidList": [2, 1]}, **to_root)
    assert client.get("wxaapi/newtmpl/gettemplate", **to_root)["data"][0]["priTmplId"] == made["priTmplId"]
    client.post("wxaapi/newtmpl/deltemplate", data={"priTmplId": made["priTmplId"]}, **to_root)
    assert client.get("wxaapi/newtmpl/gettemplate", **to_root)["data"] == []

    code = codes.make(program, application=application, account="acc-1", request_id="req-1")
    session = client.wxa.code_to_session(code)
    signature = hmac.new(session["session_key"].encode(), b"", "sha256").hexdigest()
    asked = {"openid": session["openid"], "signature": signature, "sig_method": "hmac_sha256"}
    assert client.get("wxa/checksession", params=asked, **to_root)["errcode"] == 0

    image = client.wxa.get_wxa_code_unlimited("a=1", page="pages/index/index")
    assert image.content.startswith(b"\x89PNG")
    with pytest.raises(WeChatClientException) as refused:
        client.wxa.get_wxa_code_unlimited("a=1", page="pages/none/none")
    assert refused.value.errcode == 41030


def test_a_new_token_when_the_old_one_is_over(program: MiniProgram, point: Point) -> None:
    """The SDK asks for another one when it reads 40001, 40014 or 42001."""
    client = point(make_secret(program))
    first = client.access_token
    AccessToken.objects.update(ended_at=program.created_at)
    assert client.get("wxaapi/newtmpl/gettemplate", api_base_url=client.wxa.API_BASE_URL)["data"] == []
    assert client.access_token != first


def test_a_wrong_secret(program: MiniProgram, point: Point) -> None:
    with pytest.raises(WeChatClientException) as refused:
        point("0" * 32).fetch_access_token()
    assert refused.value.errcode == 40125
