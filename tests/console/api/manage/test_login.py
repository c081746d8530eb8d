"""The device flow of RFC 8628 (A-1, A-3): a program without a browser gets a token of a person's own."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.test.client import MULTIPART_CONTENT, FakePayload
from django.utils import timezone

from console.api.manage import access, login_views, logins
from console.api.manage.models import LoginRequest, Token
from console.api.rate import Counter
from console.base.accounts.actions import edit_user
from console.base.accounts.signals import account_secured
from console.base.activity.models import ActivityEntry
from tests import factories

pytestmark = pytest.mark.django_db
API, PAGE = "/api/v1/device", "/automation/device/"


@pytest.fixture(autouse=True)
def nobody_tried_before(monkeypatch):
    # By the day: a minute may end in the middle of a test, and what was counted is forgotten.
    monkeypatch.setattr(login_views, "begun", Counter("20/day"))
    monkeypatch.setattr(login_views, "asked", Counter("240/day"))
    monkeypatch.setattr(access, "guesses", Counter("30/day"))


def send(path, fields, **environ):
    return Client(**environ).post(f"{API}/{path}", urlencode(fields), content_type=login_views.FORM)


def begin(**fields):
    return send("code", {"client_id": "mpc", "machine": "laptop", "scope": "read upload", **fields})


def ask(code, grant=login_views.GRANT):
    LoginRequest.objects.update(asked_at=None)  # long ago
    return send("token", {"grant_type": grant, "device_code": code, "client_id": "mpc"})


def error(answer):
    return answer.status_code, answer.json()["error"]


def approval(client, code, follow=False, **fields):
    values = {"name": "mpc on laptop", "scopes": ["read"], "expires_at": "", "addresses": "", **fields}
    return client.post(f"{PAGE}{code.replace('-', '')}/", values, follow=follow)


def test_a_person_approves_and_the_program_gets_a_token_once(signed_in):
    person = factories.make_user("Mira")
    begun, client = begin().json(), signed_in(person)
    assert begun["verification_uri_complete"].endswith(f"{PAGE}?code={begun['user_code']}")
    assert error(ask(begun["device_code"])) == (400, "authorization_pending")

    asked = client.get(PAGE, {"code": begun["user_code"].lower()}, follow=True).content.decode()
    assert all(words in asked for words in (begun["user_code"], "mpc on laptop", "127.0.0.1", "Upload versions"))
    assert "Publish and roll back" not in asked  # was not asked for
    assert approval(client, begun["user_code"]).status_code == 302

    made = ask(begun["device_code"]).json()
    assert (made["scope"], made["token_type"]) == ("read", "Bearer")
    me = Client(headers={"Authorization": f"Bearer {made['access_token']}"}).get("/api/v1/me").json()
    assert (me["name"], me["robot"], me["scopes"]) == ("Mira", False, ["read"])
    assert error(ask(begun["device_code"])) == (400, "invalid_grant")
    assert (Token.objects.count(), ActivityEntry.objects.filter(verb="token.created").count()) == (1, 1)


def test_in_chinese_the_button_and_its_toast_say_one_word(signed_in):
    client = signed_in(factories.make_user(language="zh-hans"))
    code = begin().json()["user_code"]
    asked = client.get(PAGE, {"code": code}, follow=True).content.decode()
    done = approval(client, code, follow=True).content.decode()
    assert ("允许</button>" in asked, "已允许，请返回终端。" in done) == (True, True)
    assert not {word for word in ("通过", "批准") if word in asked + done}


def test_no_more_than_was_asked_for(signed_in):
    begun = begin(scope="read").json()
    answer = approval(signed_in(factories.make_user()), begun["user_code"], scopes=["read", "publish"])
    assert (answer.status_code, error(ask(begun["device_code"]))) == (422, (400, "authorization_pending"))


def test_a_denied_one_gets_nothing(signed_in):
    begun, client = begin().json(), signed_in(factories.make_user())
    code = begun["user_code"].replace("-", "")
    assert client.post(f"{PAGE}{code}/deny/").status_code == 302
    assert error(ask(begun["device_code"])) == (400, "access_denied")
    assert approval(client, code).status_code == 404


def test_an_expired_one_can_be_neither_approved_nor_fetched(signed_in):
    begun, client = begin().json(), signed_in(factories.make_user())
    LoginRequest.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert error(ask(begun["device_code"])) == (400, "expired_token")
    assert "has expired" in approval(client, begun["user_code"]).content.decode()
    assert client.get(PAGE, {"code": begun["user_code"]}).status_code == 422
    assert not Token.objects.exists()


def test_who_asks_too_often_has_to_slow_down():
    begun = begin().json()
    at = timezone.now()
    codes = []
    for seconds in (0, 2, 9, 21):  # after the second one it has to wait 10 seconds, after the third 15
        with pytest.raises(logins.NotYet) as refused:
            logins.fetch(begun["device_code"], at=at + timedelta(seconds=seconds))
        codes.append(refused.value.code)
    assert codes == ["authorization_pending", "slow_down", "slow_down", "slow_down"]
    assert LoginRequest.objects.get().interval == 20


def test_a_closed_account_gives_no_token(signed_in):
    person = factories.make_user()
    begun = begin().json()
    approval(signed_in(person), begun["user_code"])
    type(person).objects.update(is_active=False)
    assert error(ask(begun["device_code"])) == (400, "access_denied")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"client_id": ""}, "invalid_request"),
        ({"client_id": "a\0b"}, "invalid_request"),
        ({"machine": "x" * 61}, "invalid_request"),
        ({"scope": "read root"}, "invalid_scope"),
        ({"scope": "read upload_keys"}, "invalid_scope"),  # of robots alone
    ],
)
def test_refuses_what_it_does_not_know(fields, code):
    assert error(begin(**fields)) == (400, code)


def test_refuses_other_grants_and_codes():
    assert error(ask("x", grant="password")) == (400, "unsupported_grant_type")
    assert [error(ask(code)) for code in ("", "x", "\0")] == [(400, "invalid_grant")] * 3


@pytest.mark.parametrize("path", ["code", "token", "revoke"])
@pytest.mark.parametrize(
    ("kind", "size", "status"),
    [
        (f"{MULTIPART_CONTENT}; charset=utf-8", 100, 415),
        ("application/json", 100, 415),
        ("", 100, 415),
        (login_views.FORM, login_views.LONGEST + 1, 413),
    ],
)
def test_a_body_that_is_no_small_form_is_refused_before_it_is_read(path, kind, size, status):
    body = FakePayload(b"x" * size)
    facts = {"wsgi.input": body, "CONTENT_TYPE": kind, "CONTENT_LENGTH": str(size)}
    answer = Client().generic("POST", f"{API}/{path}", **facts)
    assert (error(answer), body.read_started) == ((status, "invalid_request"), False)


def test_a_form_of_the_largest_size_is_read():
    scope = "read" + " " * (login_views.LONGEST - len("client_id=mpc&scope=read"))
    assert send("code", {"client_id": "mpc", "scope": scope}).status_code == 200


def test_asks_are_limited_by_address_and_guesses_by_person(signed_in):
    assert {begin().status_code for _ in range(21)} == {200, 429}
    client = signed_in(factories.make_user())
    pages = [client.get(PAGE, {"code": "BBBB-BBBB"}).content.decode() for _ in range(31)]
    assert ["Too many attempts" in page for page in pages] == [False] * 30 + [True]


def test_a_token_ends_itself_but_a_robot_does_not(program, own_token, robot):
    mine, other = own_token(program.created_by, "read"), robot(program, "read")
    ended = [send("revoke", {"token": made.made.secret}).json() for made in (mine, other, mine)]
    assert [answer["revoked"] for answer in ended] == [True, False, False]
    assert (mine.get("/api/v1/me").status_code, other.get("/api/v1/me").status_code) == (401, 200)


def test_the_letters_spell_nothing_and_a_name_is_kept_as_it_is_typed():
    assert not set("AEIOU01") & set(logins.LETTERS)
    with pytest.raises(ValidationError):
        login_views.BeginForm().fields["client_id"].clean("a\u202eb")


def test_codes_are_not_guessed_by_the_address_of_the_answer_either(signed_in):
    code, client = begin().json()["user_code"].replace("-", ""), signed_in(factories.make_user())
    for number in range(30):
        address = f"{PAGE}{chr(66 + number % 2) * 7}{chr(65 + number % 26)}/"
        answer = client.get(address) if number % 2 else client.post(f"{address}deny/")
        assert answer.status_code == 404
    assert client.get(f"{PAGE}{code}/").status_code == 404
    assert signed_in(factories.make_user()).get(f"{PAGE}{code}/").status_code == 200


def test_a_code_that_no_column_holds_is_none(signed_in):
    assert signed_in(factories.make_user()).get(f"{PAGE}%00BBBBBBB/").status_code == 404


def test_what_an_intruder_approved_becomes_no_token_once_the_account_is_secured(signed_in):
    person, other = factories.make_user(), factories.make_user()
    mine, theirs = begin().json(), begin().json()
    approval(signed_in(person), mine["user_code"])
    approval(signed_in(other), theirs["user_code"])
    account_secured.send(sender=type(person), user=person, by=person)
    assert error(ask(mine["device_code"])) == (400, "access_denied")
    assert ask(theirs["device_code"]).status_code == 200


def test_what_a_person_approved_becomes_no_token_once_they_were_deactivated(signed_in):
    person, operator = factories.make_user(), factories.make_user(is_staff=True)
    begun = begin().json()
    approval(signed_in(person), begun["user_code"])
    for active in (False, True):
        edit_user(person, by=operator, is_active=active)
    assert error(ask(begun["device_code"])) == (400, "access_denied")


def test_who_has_a_whole_network_of_addresses_asks_no_more_often():
    fields = {"client_id": "mpc", "scope": "read"}
    answers = {send("code", fields, REMOTE_ADDR=f"2001:db8::{number:x}").status_code for number in range(1, 22)}
    assert answers == {200, 429}
    assert send("code", fields, REMOTE_ADDR="2001:db8:0:1::1").status_code == 200
