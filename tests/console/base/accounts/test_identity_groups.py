"""Groups of an identity provider give roles, and take away only what they gave (P-10, P-7)."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured
from environ import Env

from console.base.accounts import actions
from console.base.accounts.identity import configuration
from console.base.accounts.models import Membership, Notification, User
from console.base.accounts.permissions import ApplicationRole, TeamRole
from console.base.activity.models import ActivityEntry
from console.base.hosts.models import ApplicationMember
from tests.factories import make_application, make_user
from tests.identity_provider import Visitor

pytestmark = pytest.mark.django_db
START = "/account/provider/corp/"


@pytest.fixture
def enter(corp, settings):
    """Let somebody sign in who is in these groups, which the mapping names; return their account."""

    def come_in(login, *groups, roles):
        settings.IDENTITY_PROVIDERS = {"corp": corp.configured(roles=roles)}
        corp.knows(login, groups=list(groups))
        Visitor().go(START, login)
        return User.objects.filter(email=f"{login}@example.com").first()

    return come_in


def roles_of(user):
    return dict(Membership.objects.filter(user=user).values_list("team__name", "role"))


def told(person):
    return list(Notification.objects.filter(user=person).order_by("pk").values_list("text", flat=True))


def test_groups_give_a_role_to_a_new_person_and_administrators_are_told(house, enter):
    eve = enter("eve", "bus", "others", roles={"bus": (f"team:{house.team.pk}:developer",)})
    assert roles_of(eve) == {"Harbour": "developer"}
    assert house.member(eve).given_by == "corp"
    entry = ActivityEntry.objects.get(verb="member.added", team_id=house.team.pk)
    assert (entry.actor_id, entry.actor_label, entry.after) == (
        None,
        "Example Corp (OpenID Connect)",
        {"role": "developer"},
    )
    assert told(house.admin) == ["Eve joined Harbour as developer, by groups of Example Corp"]
    assert told(house.license_holder) == []
    assert eve.security_entries.filter(kind="role_changed").get().detail == "Harbour: Developer"


def test_the_strongest_of_several_groups_counts_and_changes_follow(house, enter):
    team = house.team.pk
    roles = {"a": (f"team:{team}:viewer",), "b": (f"team:{team}:license_holder",)}
    eve = enter("eve", "a", "b", roles=roles)
    assert roles_of(eve) == {"Harbour": "license_holder"}
    enter("eve", "a", roles=roles)
    assert roles_of(eve) == {"Harbour": "viewer"}
    enter("eve", roles=roles)
    assert roles_of(eve) == {}
    verbs = ActivityEntry.objects.filter(team_id=team).order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["member.added", "member.role_changed", "member.removed"]
    assert told(house.admin)[1:] == [
        "Eve is now viewer of Harbour, by groups of Example Corp",
        "Eve is no longer a member of Harbour, by groups of Example Corp",
    ]


def test_groups_that_the_provider_left_out_take_nothing_away(house, enter, corp, caplog):
    """Above 200 groups Entra sends `_claim_names` instead of them."""
    roles = {"bus": (f"team:{house.team.pk}:developer",)}
    eve = enter("eve", "bus", roles=roles)
    corp.knows("eve", token={"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://x"}}})
    visitor = Visitor()
    assert visitor.go(START, "eve").status_code == 302
    assert (roles_of(eve), visitor.client.session["_auth_user_id"]) == ({"Harbour": "developer"}, str(eve.pk))
    assert f"corp left out the groups of user {eve.pk}" in caplog.text
    enter("eve", roles=roles)  # An empty list is one.
    assert roles_of(eve) == {}


def test_what_people_gave_stays(house, enter):
    roles = {"bus": (f"team:{house.team.pk}:admin",)}
    developer = make_user("Dan", email="dan@example.com")
    actions.add_member(house.team, user=developer, role="developer", by=house.admin)
    enter("dan", "bus", roles=roles)
    assert roles_of(developer) == {"Harbour": "developer"}
    enter("dan", roles=roles)
    assert roles_of(developer) == {"Harbour": "developer"}


def test_a_role_that_a_person_changes_is_the_groups_no_longer(house, enter):
    roles = {"bus": (f"team:{house.team.pk}:developer",)}
    eve = enter("eve", "bus", roles=roles)
    actions.change_role(house.member(eve), role="viewer", by=house.admin)
    enter("eve", roles=roles)
    assert roles_of(eve) == {"Harbour": "viewer"}


def test_the_last_administrator_stays(house, enter):
    roles = {"chiefs": (f"team:{house.team.pk}:admin",)}
    eve = enter("eve", "chiefs", roles=roles)
    actions.remove_member(house.member(house.admin), by=eve)
    assert enter("eve", roles=roles) == eve
    assert roles_of(eve) == {"Harbour": "admin"}


def test_groups_do_not_bring_an_operator_into_a_team(house, enter):
    """P-7: an administrator of the team decides, once."""
    roles = {"ops": ("operator", f"team:{house.team.pk}:admin")}
    eve = enter("eve", "ops", roles=roles)
    eve.refresh_from_db()
    assert (eve.is_staff, roles_of(eve)) == (True, {})
    proposal = house.team.proposals.get()
    assert (proposal.email, proposal.role, proposal.asked_by, proposal.decided_at) == (eve.email, "admin", eve, None)
    assert told(house.admin) == ["Eve, an operator, proposes eve@example.com as a member of Harbour"]
    enter("eve", "ops", roles=roles)
    assert house.team.proposals.count() == 1


def test_operators_come_and_go_with_their_groups(house, enter):
    olga = make_user("Olga", email="olga@example.com", is_staff=True)
    roles = {"ops": ("operator",)}
    eve = enter("eve", "ops", roles=roles)
    assert eve.is_staff
    assert not enter("eve", roles=roles).is_staff
    assert enter("olga", roles=roles).is_staff, olga  # People made her one.
    before_after = ActivityEntry.objects.filter(verb="user.edited").order_by("pk").values_list("before", "after")
    assert list(before_after) == [({"operator": False}, {"operator": True}), ({"operator": True}, {"operator": False})]


def test_a_role_in_an_application_comes_with_its_team(house, enter):
    application = make_application(house.team)
    roles = {"audit": (f"app:{application.application_id}:reviewer",)}
    eve = enter("eve", "audit", roles=roles)
    assert roles_of(eve) == {"Harbour": "viewer"}
    assert ApplicationMember.objects.filter(user=eve).values_list("role", "given_by").get() == ("reviewer", "corp")
    enter("eve", roles=roles)
    assert (roles_of(eve), ApplicationMember.objects.filter(user=eve).exists()) == ({}, False)


def test_a_team_that_is_not_there_does_not_stop_a_sign_in(house, enter):
    assert roles_of(enter("eve", "bus", roles={"bus": ("team:999999999:viewer", "app:ha0:reviewer")})) == {}


@pytest.mark.parametrize("groups", ["bus", {"bus": 1}, [["bus"]], 7, None, ["\x00"]])
def test_whatever_the_provider_sends_as_groups(house, corp, settings, groups):
    settings.IDENTITY_PROVIDERS = {"corp": corp.configured(roles={"bus": (f"team:{house.team.pk}:viewer",)})}
    corp.knows("viv", email=house.viewer.email, groups=groups)
    assert Visitor().go(START, "viv").status_code == 302


def test_the_mapping_knows_all_roles_by_their_names():
    assert {*configuration.TEAM_ROLES} == {*TeamRole.values}
    assert {*configuration.APPLICATION_ROLES} == {*ApplicationRole.values}


GOOD = {"OIDC_PROVIDERS": "corp", "OIDC_CORP_ISSUER": "https://login.example.com/a", "OIDC_CORP_CLIENT_ID": "console"}


def read(monkeypatch, **variables):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return configuration.providers(Env())


def test_the_environment_names_providers(monkeypatch):
    roles = '{"bus": ["team:3:developer", "app:ha12:reviewer", "operator"]}'
    more = {"OIDC_CORP_ROLES": roles, "OIDC_CORP_LABEL": "Example Corp", "OIDC_CORP_SECOND_FACTOR": "mfa, otp"}
    corp = read(monkeypatch, **GOOD, **more)["corp"]
    assert (corp.label, corp.second_factor, corp.creates_accounts) == ("Example Corp", ("mfa", "otp"), False)
    assert corp.grants(["bus", "x"]) == configuration.Grants({3: "developer"}, {"ha12": "reviewer"}, operator=True)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"OIDC_PROVIDERS": "Corp-1"}, "small letters and digits"),
        ({"OIDC_PROVIDERS": "other"}, "Set OIDC_OTHER_ISSUER"),
        ({"OIDC_CORP_CLIENT_ID": ""}, "Set OIDC_CORP_CLIENT_ID"),
        ({"OIDC_CORP_ISSUER": "http://login.example.com"}, "OIDC_CORP_ISSUER must begin with https://"),
        ({"OIDC_CORP_ISSUER": "login.example.com"}, "write the issuer's address"),
        ({"OIDC_CORP_ICON": "skull"}, "there is no icon “skull”"),
        ({"OIDC_CORP_ROLES": "bus=admin"}, "OIDC_CORP_ROLES must be JSON such as"),
        ({"OIDC_CORP_ROLES": '{"bus": ["team:3:boss"]}'}, "“team:3:boss” is none of"),
        ({"OIDC_CORP_ROLES": '{"bus": ["team:Harbour:admin"]}'}, "needs the number in the address"),
        ({"OIDC_CORP_ROLES": '{"bus": ["superuser"]}'}, "“superuser” is none of"),
    ],
)
def test_a_mistake_in_the_environment_is_named(monkeypatch, wrong, why):
    with pytest.raises(ImproperlyConfigured) as refused:
        read(monkeypatch, **GOOD | wrong)
    assert why in str(refused.value)
