"""What is no request of the SDK's, or not as it was signed: refused in its words, and never a 5xx (A-5)."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from console.api.manage import actions, guard
from console.api.manage.sdk_keys import secret_id, secret_key
from console.api.rate import Counter
from tests import factories
from tests.console.api.tcsas.conftest import own, robot
from tests.console.api.tcsas.signing import call, headers_of, send

pytestmark = pytest.mark.django_db

ACTION, EXPIRED, WRONG, UNKNOWN = (
    "DescribeMNPList", "AuthFailure.SignatureExpire", "AuthFailure.SignatureFailure", "AuthFailure.SecretIdNotFound",
)  # fmt: skip


@pytest.fixture
def program():
    return factories.make_program()


@pytest.fixture
def made(program):
    return robot(program, "read")


def code(headers, body=b"{}", kind="application/json"):
    return send(headers, body, kind).get("Error", {}).get("Code", "")


def test_a_request_as_it_was_signed_comes_in(made, program, settings):
    assert call(made, ACTION)["TotalCount"] == 1
    assert call(made, ACTION, host="TESTSERVER") == WRONG
    settings.BASE_URL = "https://console.example.com:8443"  # and a proxy that leaves the port out
    assert call(made, ACTION, host="console.example.com:8443")["TotalCount"] == 1
    made.row.refresh_from_db()
    assert made.row.last_used_at


def test_what_was_signed_for_another_time_host_or_body_is_refused(made):
    now = time.time()
    assert call(made, ACTION, at=now - 299)["TotalCount"] == 1
    for at in (now - 301, now + 302, 0, 99_999_999_999):
        assert call(made, ACTION, at=at) == EXPIRED
    assert call(made, ACTION, host="elsewhere.example.com") == WRONG
    headers = headers_of(made, ACTION, b"{}")
    assert code(headers, b'{"Limit": 1}') == WRONG  # the body was changed on its way
    assert code(headers, kind="text/plain") == WRONG
    assert code({**headers, "X-TC-Timestamp": str(int(now) - 5)}) == WRONG
    assert code({**headers, "Authorization": headers["Authorization"].replace("/tcsas/", "/cvm/")}) == WRONG
    assert code({**headers, "Authorization": headers["Authorization"][:-1] + "x"}) == WRONG
    assert code({**headers, "X-TC-Content-SHA256": "UNSIGNED-PAYLOAD"}, b'{"Limit": 2}') == WRONG
    alone = headers_of(made, ACTION, b"{}", signed="content-type")
    assert code(alone) == WRONG  # the host must be signed


def test_neither_the_token_nor_its_hash_signs(made):
    for key in (made.secret, made.row.sha256, "", "x" * 43):
        assert call(made, ACTION, key=key or "none") == WRONG
    assert secret_key(made.row) not in (made.secret, made.row.sha256)
    assert made.row.sha256[:32] in secret_id(made.row)


def test_tokens_that_act_no_more_are_unknown(made, program):
    headers = headers_of(made, ACTION, b"{}")
    actions.set_end(made.row, expires_at=timezone.now() + timedelta(seconds=30), by=program.created_by)
    assert code(headers) == ""
    type(made.row).objects.update(expires_at=timezone.now())
    assert code(headers) == UNKNOWN
    actions.rotate(made.row, seen=made.row.hint, by=program.created_by)
    assert code(headers) == UNKNOWN
    new = actions.create_own(program.created_by, name="own", scopes=["read"], addresses=[], expires_at=None)
    assert call(new, ACTION)["TotalCount"] == 1
    actions.revoke(new.row, by=program.created_by)
    assert call(new, ACTION) == UNKNOWN


def test_a_former_secret_of_the_console_signs_while_it_is_kept(made, settings):
    key, old = secret_key(made.row), settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "n" * 25 + "0123456789" * 3, [old]
    assert secret_key(made.row) != key
    assert call(made, ACTION, key=key)["TotalCount"] == 1
    settings.SECRET_KEY_FALLBACKS = []
    assert call(made, ACTION, key=key) == WRONG


def test_networks_scopes_and_rates_are_those_of_the_token(program, monkeypatch):
    assert call(robot(program, "read", addresses=["192.0.2.0/24"]), ACTION) == "UnauthorizedOperation"
    made = robot(program, "upload", name="uploads")
    assert call(made, ACTION) == "UnauthorizedOperation"
    assert call(made, "DescribeMNPVersion", {"BusinessId": "x" * 43}) == "ResourceNotFound"
    monkeypatch.setattr(guard, "calls", Counter("2/day"))
    assert [call(made, ACTION) for _time in range(3)][2] == "RequestLimitExceeded"
    monkeypatch.setattr(guard, "failures", Counter("2/day"))
    assert [call(made, ACTION, key="guess") for _time in range(3)][2] == "RequestLimitExceeded"


@pytest.mark.parametrize(
    "headers",
    [
        {"X-TC-Action": ACTION},
        {"Authorization": "TC3-HMAC-SHA256"},
        {"Authorization": "TC3-HMAC-SHA256 Credential=a/b/c/tc3_request, SignedHeaders=, Signature="},
        {"Authorization": "SKIP", "X-TC-Action": ACTION},
        {"Authorization": "TC3-HMAC-SHA256 " + "x" * 6000, "X-TC-Timestamp": "-1"},
        {"Authorization": "TC3-HMAC-SHA256 ÿ", "X-TC-Timestamp": "²", "X-TC-Action": "\u00ff"},
        {"X-TC-Action": ACTION, "X-TC-Timestamp": "1e9", "X-TC-Language": "../../etc"},
    ],
)
def test_garbage_is_no_signature(headers):
    assert code(headers) == WRONG


def test_bodies_that_are_none(made):
    for body in (b"[]", b"{", b"\xff", b"[" * 90_000, b'{"Offset": "x"}', b'{"Keyword": "\\u0000"}'):
        found = code(headers_of(made, ACTION, body), body)
        assert found in ("", "InvalidParameter", "InvalidParameterValue.InvalidOffset"), body[:20]
    huge = b'{"Keyword": "' + b"x" * 2_000_000 + b'"}'
    assert code(headers_of(made, ACTION, huge), huge) == "RequestSizeLimitExceeded"
    wrong = {**headers_of(made, ACTION, b"{}"), "X-TC-Version": "2017-03-12"}
    assert code(wrong) == "NoSuchVersion"
    assert call(made, "DescribeInstances") == "InvalidAction"


def test_a_text_may_mention_u0000_and_not_contain_it(made):
    for text, expected in (
        (rb"\u0000", "InvalidParameter"),
        (rb"\\u0000", ""),
        (rb"\\\u0000", "InvalidParameter"),
        (rb"\\ \\\\u0000", ""),
    ):
        body = b'{"Keyword": "%s"}' % text
        assert code(headers_of(made, ACTION, body), body) == expected, text


def test_the_page_at_the_same_address_stays(made):
    headers = headers_of(made, ACTION, b"{}")
    assert Client().get("/", headers=headers).status_code == 302  # to sign in
    plain = Client(enforce_csrf_checks=True).post("/", "{}", content_type="application/json")
    assert plain.status_code == 403


def test_lists_that_nobody_needs_are_not_gone_through(program):
    made, about = robot(program, "configure", name="domains"), {"MNPId": program.app_id}
    asked = {**about, "Domain": [{"DomainType": 1}] * 101}
    assert call(made, "ModifyMNPDomain", asked) == "InvalidParameterValue.InvalidDomain"
    mine = own(program.created_by, "decide")
    asked = {"ApprovalNo": "x", "ApprovalItems": [{"AppId": "x", "ApprovalResult": 3}] * 1001}
    assert call(mine, "ProcessMNPApproval", asked) == "InvalidParameterValue.InvalidApprovalItems"
