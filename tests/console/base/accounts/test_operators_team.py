"""A team's page for operators: the verbs of P-7 and their entries, in the console (P-12)."""

import pytest
from django.urls import reverse
from django.utils import timezone

from console.base.accounts import actions
from console.base.accounts.actions import safety
from console.base.accounts.models import Invitation, Team, User
from console.base.core.errors import Conflict
from console.base.hosts.models import ApplicationMember
from miniprograms.actions import take_off_shelf
from tests.console.base.accounts.acting import entries, let_proof_grow_old
from tests.factories import PASSWORD, make_application, make_member, make_program, make_team


@pytest.fixture
def client(operator, signed_in):
    return signed_in(operator)


@pytest.fixture
def empty(db):
    """A team without anybody."""
    return make_team("Green Market")


def url(name, team, **ids):
    return reverse(f"platform:{name}", kwargs={"team_id": team.pk, **ids})


def test_shows_members_invitations_and_what_is_proposed(house, operator, client):
    actions.invite(house.team, email="invited@example.com", role="viewer", by=house.admin)
    safety.add_by_operator(house.team, email="proposed@example.com", role="viewer", by=operator)
    page = client.get(url("team", house.team)).content.decode()
    for words in (house.admin.email, house.viewer.email, "invited@example.com", "proposed@example.com", "Not sent yet"):
        assert words in page
    assert str(actions.LAST_ADMIN) in page
    assert "Propose member…" in page
    assert Invitation.objects.get().token not in page
    # Their pages are not the operator's: nothing leads there.
    assert f'"/teams/{house.team.pk}/' not in page


def test_what_a_team_does_with_its_programs_is_its_own(house, operator, client):
    program = make_program(house.team, created_by=house.license_holder)
    take_off_shelf(program, by=house.license_holder, reason="Broken")
    safety.add_by_operator(house.team, email="proposed@example.com", role="viewer", by=operator)
    page = client.get(url("team", house.team))
    assert [entry.verb for entry in page.context["entries"]] == ["member.proposed"]
    assert program.name not in page.content.decode()


def test_filters_members(house, client):
    page = client.get(url("team", house.team), {"q": house.viewer.name})
    assert [member.user for member in page.context["page"]] == [house.viewer]


def test_as_many_queries_for_many_members(house, client, django_assert_max_num_queries):
    for _number in range(12):
        make_member(house.team, "viewer")
    client.get(url("team", house.team))
    with django_assert_max_num_queries(20):
        assert client.get(url("team", house.team)).status_code == 200


def test_renames_with_one_entry_and_keeps_what_is_refused(house, client):
    assert client.post(url("edit_team", house.team), {"name": "Harbour  Mobility"}).url == url("team", house.team)
    assert entries(house.team.pk) == [
        ("team.edited", "Olga", "Harbour Mobility", {"name": "Harbour"}, {"name": "Harbour Mobility"})
    ]
    refused = client.post(url("edit_team", house.team), {"name": "Elsewhere"})
    assert refused.status_code == 422
    form = refused.context["form"]
    assert (form.errors["name"], form["name"].value()) == (["Another team has this name."], "Elsewhere")
    assert not Team.objects.get(pk=house.team.pk).requires_second_factor


def test_the_first_administrator_is_invited(empty, client):
    assert "Invite the first administrator…" in client.get(url("team", empty)).content.decode()
    typed = {"email": "First@example.com", "role": "viewer"}
    refused = client.post(url("add_member", empty), typed)
    assert refused.status_code == 422
    assert refused.context["form"].errors == {"role": ["The first member of a team must be a team administrator."]}
    assert refused.context["form"]["email"].value() == "First@example.com"

    assert client.post(url("add_member", empty), {**typed, "role": "admin"}).url == url("team", empty)

    assert empty.invitations.get().email == "first@example.com"
    assert not empty.memberships.exists()
    assert [entry[:3] for entry in entries(empty.pk)] == [("member.invited", "Olga", "first@example.com")]


def test_later_members_are_proposed(house, client):
    client.post(url("add_member", house.team), {"email": "new@example.com", "role": "developer"})
    assert house.team.proposals.get().role == "developer"
    assert not house.team.invitations.exists()
    assert [entry[0] for entry in entries(house.team.pk)] == ["member.proposed"]


def test_says_that_nobody_can_decide_where_no_administrator_can_sign_in(house, client):
    """It stays a proposal (P-7): who has deactivated the administrators must not choose the next one."""
    User.objects.filter(pk=house.admin.pk).update(is_active=False)
    dialog = client.get(url("add_member", house.team)).content.decode()
    assert "No team administrator can sign in to decide. Reactivate an administrator’s account." in dialog
    assert "Team administrators are notified" not in dialog

    page = client.post(url("add_member", house.team), {"email": "new@example.com", "role": "admin"}, follow=True)

    assert [str(message) for message in page.context["messages"]] == [
        "new@example.com proposed, but no team administrator can sign in to decide. "
        "Reactivate an administrator’s account."
    ]
    assert house.team.proposals.open().exists()


@pytest.mark.parametrize("which", ["house", "empty"])
def test_nobody_adds_themselves(which, house, empty, operator, client):
    team = {"house": house.team, "empty": empty}[which]
    refused = client.post(url("add_member", team), {"email": operator.email, "role": "admin"})
    assert refused.context["form"].errors == {"email": ["You can’t add yourself to a team."]}
    assert not operator.memberships.exists()
    assert entries(team.pk) == []


def test_removes_a_member_and_names_no_application(house, client):
    """P-1: which applications a team has, and who works in them, is its own."""
    application = make_application(house.team, "Metro Wallet", listed=False)
    ApplicationMember.objects.create(application=application, user=house.viewer, role="reviewer")
    at = url("remove_member", house.team, member_id=house.member(house.viewer).pk)

    dialog = client.get(at, headers={"HX-Request": "true", "HX-Target": "dialog"})
    assert "Metro Wallet" not in dialog.content.decode()
    assert "Roles in the team’s host apps end as well." in dialog.content.decode()
    assert client.post(at, {"note": "left the company"}).url == url("team", house.team)

    assert not house.team.members.filter(pk=house.viewer.pk).exists()
    assert not ApplicationMember.objects.filter(user=house.viewer).exists()
    assert [entry[0] for entry in entries(house.team.pk)] == ["member.removed", "reviewer.removed"]
    assert client.get(at).status_code == 404


def test_who_alone_administers_an_application_stays_and_it_is_not_named(house, client, signed_in):
    application = make_application(house.team, "Metro Wallet", listed=False)
    ApplicationMember.objects.create(application=application, user=house.viewer, role="app_admin")
    ids = {"team_id": house.team.pk, "member_id": house.member(house.viewer).pk}
    refused = client.post(reverse("platform:remove_member", kwargs=ids), {})
    assert refused.status_code == 422
    assert "the only administrator of an app" in refused.context["form"].non_field_errors()[0]
    assert "Metro Wallet" not in refused.content.decode()
    refused = signed_in(house.admin).post(reverse("accounts:remove", kwargs=ids), {})
    assert "Metro Wallet" in refused.content.decode()


def test_the_last_administrator_stays(house, client):
    at = url("remove_member", house.team, member_id=house.member(house.admin).pk)
    refused = client.post(at, {"note": "typed"})
    assert refused.context["form"].non_field_errors() == [str(actions.LAST_ADMIN)]
    assert refused.context["form"]["note"].value() == "typed"
    assert entries(house.team.pk) == []


def test_a_member_through_another_team(house, client):
    other = house.stranger.memberships.get().team
    at = url("remove_member", other, member_id=house.member(house.viewer).pk)
    assert client.post(at, {}).status_code == 404


def test_the_first_invitation_is_sent_again_and_taken_back(empty, operator, client):
    invitation = safety.add_by_operator(empty, email="first@example.com", role="admin", by=operator)
    ids = {"invitation_id": invitation.pk}
    Invitation.objects.update(expires_at=timezone.now())
    assert "Expired" in client.get(url("team", empty)).content.decode()

    assert client.post(url("resend_invitation", empty, **ids)).url == url("team", empty)
    assert empty.invitations.get().issue == 2
    client.post(url("revoke_invitation", empty, **ids))

    assert not empty.invitations.open().exists()
    assert [entry[0] for entry in entries(empty.pk)] == ["member.invited", "invitation.resent", "invitation.revoked"]
    assert client.post(url("resend_invitation", empty, **ids)).status_code == 422


def test_invitations_of_a_team_with_an_administrator_are_its_own_business(house, client):
    invitation = actions.invite(house.team, email="new@example.com", role="viewer", by=house.admin)
    for name in ("resend_invitation", "revoke_invitation"):
        assert client.post(url(name, house.team, invitation_id=invitation.pk)).status_code == 403
    page = client.get(url("team", house.team)).content.decode()
    assert "Only team administrators can do this." in page
    assert url("revoke_invitation", house.team, invitation_id=invitation.pk) not in page
    assert [entry[0] for entry in entries(house.team.pk)] == ["member.invited"]


def test_who_joins_first_takes_the_others_invitations_with_them(empty, operator):
    first, second = (
        safety.add_by_operator(empty, email=f"{name}@example.com", role="admin", by=operator)
        for name in ("first", "second")
    )
    actions.accept_as_new_user(first, name="Nia", password=PASSWORD)
    with pytest.raises(Conflict):
        actions.resend_invitation(second, by=operator)


def test_the_password_is_asked_for_again_and_what_was_typed_stays(house, client):
    let_proof_grow_old(client)
    asked = client.post(url("edit_team", house.team), {"name": "Renamed"})
    assert (asked.status_code, ("name", "Renamed") in asked.context["typed"]) == (403, True)
    assert entries(house.team.pk) == []
    client.post(url("edit_team", house.team), {"name": "Renamed", "sudo_password": PASSWORD})
    assert [entry[0] for entry in entries(house.team.pk)] == ["team.edited"]
