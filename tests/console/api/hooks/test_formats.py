"""A-4: chats get a sentence that people read, signed as each wants it, and their answers are believed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from console.api.hooks import formats
from console.api.hooks.formats import Means
from console.api.hooks.models import Delivery
from console.base.activity import payloads
from console.base.activity.events import EVENTS
from tests import factories
from tests.console.api.hooks.receiver import receiving

AT = datetime(2026, 11, 24, 9, 36, tzinfo=UTC)
SECRET = "SEC-of-the-robot"
URLS = {
    "slack": "https://hooks.slack.com/services/T0/B0/x",
    "feishu": "https://open.feishu.cn/open-apis/bot/v2/hook/x",
    "dingtalk": "https://oapi.dingtalk.com/robot/send?access_token=x",
    "wecom": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=x",
}


def request(kind, body=None, *, secret="", language="en"):
    body = body or payloads.example(EVENTS["version.published"])
    means = Means(URLS[kind], [secret] if secret else [])
    return formats.request_of(kind, event_id="evt_1", payload=json.dumps(body), language=language, means=means, at=AT)


@pytest.mark.parametrize("kind", list(URLS))
def test_a_sentence_and_a_link_to_the_page(kind):
    sent = request(kind)
    text = sent.body.decode()
    assert "Version 2.4.0 published – City Bus (Mira Lindqvist)" in text
    assert "Open in console" in text and '"http' in text.replace("(http", '"http')
    assert "webhook-signature" not in sent.headers
    named = json.loads(text)
    assert (
        named.keys()
        == {
            "slack": {"text", "blocks"},
            "feishu": {"msg_type", "card"},
            "dingtalk": {"msgtype", "markdown"},
            "wecom": {"msgtype", "markdown"},
        }[kind]
    )


@pytest.mark.parametrize("kind", list(URLS))
def test_names_make_no_links_and_call_nobody(kind):
    body = payloads.example(EVENTS["version.published"])
    body["data"]["summary"] = "<!channel> [click](https://evil.example) <@everyone> `x`"
    body["data"]["reason"] = "<at id=all></at>\n[more](https://evil.example)"
    text = request(kind, body).body.decode()
    assert not any(each in text for each in ("<!channel>", "[click]", "<@", "<at", "[more]"))


def test_feishu_is_signed_by_time_and_secret():
    content = json.loads(request("feishu", secret=SECRET).body)
    stamp = str(int(AT.timestamp()))
    key = f"{stamp}\n{SECRET}".encode()
    assert content["timestamp"] == stamp
    assert content["sign"] == base64.b64encode(hmac.new(key, digestmod=hashlib.sha256).digest()).decode()
    assert "sign" not in json.loads(request("feishu").body)


def test_dingtalk_is_signed_in_its_address():
    query = parse_qs(urlsplit(request("dingtalk", secret=SECRET).url).query)
    stamp = str(int(AT.timestamp() * 1000))
    digest = hmac.new(SECRET.encode(), f"{stamp}\n{SECRET}".encode(), hashlib.sha256).digest()
    assert query == {"access_token": ["x"], "timestamp": [stamp], "sign": [base64.b64encode(digest).decode()]}
    assert request("dingtalk").url == URLS["dingtalk"]


def test_nothing_secret_is_kept_of_a_request():
    for kind in ("feishu", "dingtalk", "wecom", "slack"):
        sent = request(kind, secret=SECRET)
        shown = formats.shown_request(sent, formats.masked(sent.url, kind))
        signs = [json.loads(sent.body).get("sign", "-"), parse_qs(urlsplit(sent.url).query).get("sign", ["-"])[0]]
        assert not any(each in shown for each in (SECRET, "access_token=x", "key=x", *signs) if each != "-")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("kind", "said", "state", "reason"),
    [
        ("feishu", '{"code": 0, "msg": "success"}', "delivered", ""),
        ("feishu", '{"code": 19021, "msg": "sign match fail"}', "waiting", "The receiver responded with error 19021"),
        ("dingtalk", '{"errcode": 0, "errmsg": "ok"}', "delivered", ""),
        ("dingtalk", '{"errcode": 310000}', "waiting", "The receiver responded with error 310000"),
        ("wecom", '{"errcode": 93000}', "waiting", "The receiver responded with error 93000"),
        ("wecom", "<html>Welcome</html>", "waiting", "The receiver’s answer was not understood"),
        ("slack", "ok", "delivered", ""),
    ],
)
def test_an_error_in_a_good_answer_is_a_failure(run, kind, said, state, reason):
    with receiving("", (200, said, {})) as receiver:
        hook = factories.make_webhook(factories.make_team(), receiver.url, format=kind).row
        factories.make_delivery(hook, payload=json.dumps(payloads.example(EVENTS["version.published"])))
        run()
    delivery = Delivery.objects.get(name="version.published")
    assert (delivery.state, delivery.status, delivery.reason) == (state, 200, reason)


def test_nobody_makes_a_second_line_of_the_title_nor_a_link_of_an_address():
    body = payloads.example(EVENTS["version.published"])
    body["data"]["summary"] = "One\n# Two https://evil.example"
    for kind, field in (("dingtalk", "text"), ("wecom", "content")):
        assert "One # Two" in json.loads(request(kind, body).body)["markdown"][field]
    texts = [block["text"] for block in json.loads(request("slack", body).body)["blocks"] if "text" in block]
    assert {text["verbatim"] for text in texts} == {True}


def test_of_an_address_that_is_a_secret_only_the_end_is_shown():
    url = "https://hooks.zap.example/hooks/catch/1234567/a8f5f167f44f4964e6c998dee827110c/?key=x"
    assert formats.masked(url, "standard") == "https://hooks.zap.example/hooks/catch/1234567/…110c/?…"
    for plain in ("https://ops.example.com/hooks/ci-2", "https://ops.example.com/continuous-integration"):
        assert formats.masked(plain, "standard") == plain


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("code", ['"\\u0000"', '{"\\u0000": 1}', '"0"', "1e400", "null"])
def test_no_answer_of_a_receiver_keeps_its_tries_from_being_noted(run, code):
    with receiving("", (200, f'{{"errcode": {code}}}', {})) as receiver:
        hook = factories.make_webhook(factories.make_team(), receiver.url, "version.*", format="wecom").row
        factories.make_delivery(hook, payload=json.dumps(payloads.example(EVENTS["version.published"])))
        run()
    row = Delivery.objects.get()
    assert (row.tries, row.lease, len(row.attempts)) == (1, None, 1)
    assert row.reason == "The receiver’s answer was not understood"
