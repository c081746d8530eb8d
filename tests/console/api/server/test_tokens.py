"""GET /cgi-bin/token and POST /cgi-bin/stable_token (K-3)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from devmgmt.keys.models import AccessToken, AppSecret, SecretUse
from devmgmt.keys.states import FORCED_PER_DAY, TOKENS_PER_DAY
from tests.console.api.server.asking import STABLE_TOKEN, TEMPLATES, TOKEN, Reply, Server
from tests.factories import make_program, make_secret


def plain(server: Server, **parameters: Any) -> Reply:
    return server.get(TOKEN, **server.credentials() | parameters)


def stable(server: Server, **members: Any) -> Reply:
    asked = {name: value for name, value in (server.credentials() | members).items() if value is not None}
    return server.post(STABLE_TOKEN, asked)


BOTH = pytest.mark.parametrize("ask", [plain, stable])


@BOTH
def test_a_token_opens_the_program(server: Server, ask: Any) -> None:
    reply = ask(server)
    assert (reply.status, sorted(reply.json)) == (200, ["access_token", "expires_in"])
    assert reply.json["expires_in"] in range(7195, 7201)
    assert server.get(TEMPLATES, access_token=reply.json["access_token"]).json == {
        "errcode": 0,
        "errmsg": "ok",
        "data": [],
    }
    assert AccessToken.objects.get().mini_program == server.program
    assert SecretUse.objects.get().path == (TOKEN if ask is plain else STABLE_TOKEN)


def test_a_new_plain_token_leaves_the_old_one_for_five_minutes(server: Server) -> None:
    first, second = server.token(), server.token()
    assert first != second
    assert [server.get(TEMPLATES, access_token=token).errcode for token in (first, second)] == [0, 0]
    old, new = AccessToken.objects.order_by("id")
    assert new.expires_at - old.expires_at > timedelta(minutes=114)


def test_a_stable_token_stays(server: Server) -> None:
    first, second, forced = stable(server), stable(server, force_refresh=False), stable(server, force_refresh=True)
    assert first.json["access_token"] == second.json["access_token"] != forced.json["access_token"]
    assert server.token() != forced.json["access_token"]
    assert stable(server, force_refresh=None).json["access_token"] == forced.json["access_token"]


@BOTH
@pytest.mark.parametrize(
    ("wrong", "errcode"),
    [
        ({"appid": None, "secret": None, "grant_type": None}, 41002),
        ({"appid": "", "grant_type": None}, 41002),
        ({"secret": None, "grant_type": None}, 41004),
        ({"secret": "", "appid": "mp0"}, 41004),
        ({"grant_type": None, "appid": "mp0"}, 40002),
        ({"grant_type": "authorization_code"}, 40002),
        ({"appid": "mp0"}, 40013),
        ({"appid": "mp00000000000000", "secret": "x"}, 40013),
        ({"appid": "x\x00"}, 40013),
        ({"secret": "0" * 32}, 40125),
        ({"secret": "x\x00"}, 40125),
        ({"secret": "梅" * 600}, 40125),
    ],
)
def test_what_is_refused_first(server: Server, ask: Any, wrong: dict[str, Any], errcode: int) -> None:
    reply = ask(server, **wrong)
    assert (reply.status, reply.errcode) == (200, errcode)
    assert AccessToken.objects.count() == 0


@BOTH
def test_the_secret_of_another_program(server: Server, ask: Any) -> None:
    assert ask(server, secret=make_secret(make_program())).errcode == 40125


@BOTH
def test_frozen(server: Server, ask: Any) -> None:
    token = server.token()
    AppSecret.objects.update(frozen_at=timezone.now())
    assert ask(server).errcode == 40243
    assert server.get(TEMPLATES, access_token=token).errcode == 40243


@BOTH
def test_a_secret_that_was_reset(server: Server, ask: Any) -> None:
    AppSecret.objects.update(ends_at=timezone.now())
    fresh = make_secret(server.program)
    assert ask(server).errcode == 40125
    assert ask(server, secret=fresh).errcode == 0


def test_tokens_that_are_none(server: Server) -> None:
    found = {token: server.get(TEMPLATES, access_token=token).errcode for token in ("", "x", "x\x00", "梅", "x" * 2048)}
    assert found == {"": 41001, "x": 40014, "x\x00": 40014, "梅": 40014, "x" * 2048: 40014}
    assert server.get(TEMPLATES).errcode == 41001


def test_tokens_that_were_some(server: Server) -> None:
    expired, revoked = server.token(), server.token()
    old, new = AccessToken.objects.order_by("id")
    AccessToken.objects.filter(pk=old.pk).update(expires_at=timezone.now())
    AccessToken.objects.filter(pk=new.pk).update(ended_at=timezone.now())
    assert [server.get(TEMPLATES, access_token=token).errcode for token in (expired, revoked)] == [42001, 40001]


@pytest.mark.parametrize(("ask", "most"), [(plain, TOKENS_PER_DAY), (stable, FORCED_PER_DAY)])
def test_too_many_in_a_day(server: Server, ask: Any, most: int) -> None:
    force = {"force_refresh": True} if ask is stable else {}
    assert ask(server, **force).errcode == 0
    given = AccessToken.objects.get()
    copies = [{**_columns(given), "nonce": f"{number:032}", "sha256": f"{number:064}"} for number in range(most)]
    AccessToken.objects.bulk_create(AccessToken(**copy) for copy in copies)
    assert ask(server, **force).errcode == 45009


def _columns(token: AccessToken) -> dict[str, Any]:
    names = [field.attname for field in AccessToken._meta.fields if field.name != "id"]
    return {name: getattr(token, name) for name in names} | {"ended_at": None, "forced": True}


@pytest.mark.parametrize(
    ("body", "errcode", "member"),
    [
        (b"", 44002, ""),
        (b"{", 47001, ""),
        (b"grant_type=client_credential", 47001, ""),
        (b"[]", 47001, ""),
        (b'{"appid": 7}', 47001, "$.appid"),
        (b'{"secret": null}', 47001, "$.secret"),
        (b'{"force_refresh": "yes"}', 47001, "$.force_refresh"),
        (b" " * 16385, 47001, "16384 bytes"),
    ],
)
def test_bodies_that_are_none(server: Server, body: bytes, errcode: int, member: str) -> None:
    reply = server.post(STABLE_TOKEN, body)
    assert (reply.status, reply.errcode, member in reply.detail) == (200, errcode, True)
