"""Tokens (A-1): what they open, and what they never do."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from console.api.manage import actions
from console.api.manage.models import Token
from console.base.accounts import actions as people
from console.base.accounts.models import Membership, Notification, User
from console.base.accounts.signals import account_secured
from console.base.activity.models import ActivityEntry
from console.base.core.errors import Conflict
from tests import factories

FILL = import_module("console.api.manage.migrations.0005_token_makers").FILL
pytestmark = pytest.mark.django_db
ME = "/api/v1/me"


def test_says_who_asks_and_when_it_was_used(program, robot):
    client = robot(program, "read")
    me = client.get(ME).json()
    assert (me["name"], me["robot"], me["program"]["app_id"], me["scopes"]) == (
        "release",
        True,
        program.app_id,
        ["read"],
    )
    token = Token.objects.get()
    assert (token.last_used_from, token.last_used_at is None) == ("127.0.0.1", False)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer mpc_wrong", "Basic mpc_x", "Bearer ey.jwt", "mpc_\xff"])
def test_refuses_what_is_no_token(header):
    answer = Client(headers={"Authorization": header}).get(ME)
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="console"')
    assert answer["Content-Type"] == "application/problem+json"


def test_refuses_expired_and_revoked_ones_from_the_next_request_on(program, robot):
    client = robot(program, "read", expires_at=timezone.now() + timedelta(days=1))
    assert client.get(ME).status_code == 200
    Token.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert client.get(ME).status_code == 401
    Token.objects.update(expires_at=None)
    actions.revoke(client.made.row, by=program.created_by)
    assert client.get(ME).status_code == 401
    assert not Membership.objects.filter(user=client.made.row.holder).exists()


def test_the_old_token_ends_when_it_is_replaced(program, robot):
    client = robot(program, "read")
    made = actions.rotate(client.made.row, seen=client.made.row.hint, by=program.created_by)
    assert client.get(ME).status_code == 401
    assert Client(headers={"Authorization": f"Bearer {made.secret}"}).get(ME).status_code == 200


@pytest.fixture
def maker(program, robot):
    """Return the token of a robot that makes upload keys, and one key of it."""
    token = robot(program, "upload", "upload_keys").made.row
    return token, actions.create_upload_key(token).row


def usable():
    return set(Token.objects.usable(at=timezone.now()).values_list("name", flat=True))


def test_a_replaced_token_takes_its_upload_keys_along(program, robot, maker):
    token, key = maker
    robot(program, "upload", name="other")
    actions.rotate(token, seen=token.hint, by=program.created_by)
    assert usable() == {"release", "other"}
    assert ActivityEntry.objects.filter(verb="token.revoked").get().target_label == key.name


def test_a_request_under_way_with_a_replaced_token_makes_no_key(program, maker):
    token, _key = maker
    actions.rotate(token, seen=token.hint, by=program.created_by)
    with pytest.raises(Conflict):
        actions.create_upload_key(token)
    assert usable() == {"release"}


@pytest.mark.parametrize(("fields", "left"), [({}, 1), ({"keep_keys": "on"}, 2)])
def test_the_dialog_names_the_upload_keys_and_keeps_them_if_told(program, maker, signed_in, fields, left):
    token, key = maker
    client = signed_in(factories.make_member(program.team, "admin"))
    url = reverse("automation:replace_robot", args=[program.team_id, token.pk])
    asked = client.get(url).content.decode()
    assert (key.name in asked, "Keep the upload keys" in asked) == (True, True)
    assert client.post(url, {"seen": token.hint, **fields}).status_code == 200
    assert len(usable()) == left


def test_a_key_that_was_made_after_the_dialog_was_opened_ends_too(program, robot, signed_in):
    token = robot(program, "upload", "upload_keys").made.row
    client = signed_in(factories.make_member(program.team, "admin"))
    url = reverse("automation:replace_robot", args=[program.team_id, token.pk])
    assert "upload key" not in client.get(url).content.decode()
    actions.create_upload_key(token)
    client.post(url, {"seen": token.hint})
    assert usable() == {"release"}


def test_the_dialog_that_deletes_a_robot_names_its_upload_keys(program, maker, signed_in):
    token, key = maker
    client = signed_in(factories.make_member(program.team, "admin"))
    url = reverse("automation:revoke_robot", args=[program.team_id, token.pk])
    assert f"stops working, too: {key.name}" in client.get(url).content.decode()
    client.post(url, {"note": ""})
    assert usable() == set()


def test_a_scope_that_is_not_there_opens_nothing(program, robot):
    client = robot(program, "upload")
    answer = client.get("/api/v1/programs")
    assert (answer.status_code, answer.json()["code"], answer.json()["scope"]) == (403, "scope", "read")


def test_only_from_its_networks(program, robot):
    assert robot(program, "read", addresses=["10.0.0.0/8"]).get(ME).json()["code"] == "address"
    assert robot(program, "read", name="local", addresses=["127.0.0.0/8"]).get(ME).status_code == 200


def test_of_one_program_opens_no_other_and_of_a_team_no_foreign_one(program, robot):
    other, foreign = factories.make_program(program.team, "Ferry"), factories.make_program()
    narrow, wide = robot(program, "read"), robot(program, "read", name="all", whole_team=True)
    found = {
        (name, each.app_id): client.get(f"/api/v1/programs/{each.app_id}").status_code
        for name, client in (("narrow", narrow), ("wide", wide))
        for each in (program, other, foreign)
    }
    assert found == {
        ("narrow", program.app_id): 200, ("narrow", other.app_id): 404, ("narrow", foreign.app_id): 404,
        ("wide", program.app_id): 200, ("wide", other.app_id): 200, ("wide", foreign.app_id): 404,
    }  # fmt: skip
    assert [each["app_id"] for each in narrow.get("/api/v1/programs").json()["items"]] == [program.app_id]


def test_a_personal_token_is_never_more_than_the_person(program, own_token):
    viewer = factories.make_member(program.team, "viewer")
    client = own_token(viewer, "read", "upload", "publish")
    url = f"/api/v1/programs/{program.app_id}"
    assert client.get(url).status_code == 200
    refused = client.post(f"{url}/versions", {"file": factories.make_zip(), "number": "1.0.0"})
    assert (refused.status_code, refused.json()["code"]) == (403, "permission")
    Membership.objects.filter(user=viewer).delete()
    assert client.get(url).status_code == 404
    User.objects.filter(pk=viewer.pk).update(is_active=False)
    assert client.get(ME).status_code == 401


def test_a_robot_is_no_person(program, robot, signed_in):
    robot(program, "read", "upload", "publish", whole_team=True)
    page = signed_in(program.created_by).get(f"/teams/{program.team_id}/")
    assert {row.user for row in page.context["page"]} == {program.created_by}
    assert not Notification.objects.filter(user__is_robot=True).exists()
    assert Membership.objects.get(user__is_robot=True).role == "license_holder"  # the least that publishes


def test_wrong_tokens_from_an_address_keep_no_right_one_out(program, robot):
    client = robot(program, "read")
    wrong = Client(headers={"Authorization": "Bearer mpc_wrong"})
    statuses = {wrong.get(ME).status_code for _ in range(70)}
    assert statuses == {401, 429}
    assert client.get(ME).status_code == 200


def test_a_person_who_secures_their_account_loses_their_tokens(program, own_token, robot):
    mine, team = own_token(program.created_by, "read"), robot(program, "read")
    account_secured.send(sender=User, user=program.created_by, by=program.created_by)
    assert (mine.get(ME).status_code, team.get(ME).status_code) == (401, 200)


def test_the_tokens_of_a_deactivated_person_stay_revoked_after_a_reactivation(program, own_token, robot):
    person, operator = program.created_by, factories.make_user("Olga", is_staff=True)
    mine, team = own_token(person, "read"), robot(program, "read")

    people.edit_user(person, by=operator, is_active=False)
    people.edit_user(person, by=operator, is_active=True)

    assert (mine.get(ME).status_code, team.get(ME).status_code) == (401, 200)
    assert ActivityEntry.objects.get(verb="token.revoked").actor_id == operator.pk


def test_robots_from_before_know_who_created_their_token_and_who_replaced_it(program, robot, own_token):
    """P-2."""
    token, others = robot(program, "submit").made.row, [factories.make_member(program.team, "admin") for _ in "ab"]
    mine = own_token(others[1], "read").made.row
    actions.rotate(mine, seen=mine.hint, by=others[1])
    for person in (others[0], program.created_by):
        token = actions.rotate(token, seen=token.hint, by=person).row
    makers = [others[0].pk, program.created_by.pk]
    for _ in range(2):
        robots = User.objects.filter(is_robot=True)
        assert [user.token_makers for user in robots] == [makers]
        assert not User.objects.filter(is_robot=False).exclude(token_makers=[]).exists()
        robots.update(token_makers=[])
        with connection.cursor() as cursor:
            cursor.execute(FILL)
