"""An operator gets neither into a team nor into an account (P-7)."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from console.base.accounts import actions, delivery
from console.base.accounts.actions import safety
from console.base.accounts.models import MembershipProposal, Notification, Team, User
from console.base.core.errors import ActionRefused, Conflict
from tests.console.base.accounts.acting import at_once, entries, let_proof_grow_old, refused
from tests.factories import PASSWORD, make_member, make_user


@pytest.fixture
def root(db):
    return make_user("Root", is_staff=True, is_superuser=True)


@pytest.fixture
def rows_of_a_form_are_looked_up_one_by_one(settings):
    """A refused form of Django's admin is read and shown once more, with its rows."""
    own = [{"model": f"accounts.{name}", "field": "get()"} for name in ("User", "Membership", "Team")]
    settings.ZEAL_ALLOWLIST = [*settings.ZEAL_ALLOWLIST, *own]


def mails():
    delivery.send_waiting(at=timezone.now())
    return {message.to[0]: message.body for message in mail.outbox}


def propose(house, operator, email="new@example.com", role="admin"):
    return safety.add_by_operator(house.team, email=email, role=role, by=operator)


def decide_url(proposal):
    return reverse("accounts:decide", args=[proposal.team_id, proposal.pk])


# Into a team ------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("rows_of_a_form_are_looked_up_one_by_one")
def test_an_operator_does_not_become_team_administrator(house, operator, signed_in):
    client = signed_in(operator)
    form = {
        "name": house.team.name,
        "new_email": operator.email,
        "new_role": "admin",
        "memberships-TOTAL_FORMS": 1,
        "memberships-INITIAL_FORMS": 0,
        "memberships-0-id": "",
        "memberships-0-team": house.team.pk,
        "memberships-0-user": operator.pk,
        "memberships-0-role": "admin",
    }

    page = client.post(reverse("admin:accounts_team_change", args=[house.team.pk]), form)

    assert page.context["adminform"].form.errors == {"__all__": ["You can’t add yourself to a team."]}
    assert not operator.memberships.exists()
    assert client.get("/keys/").status_code == 403
    with pytest.raises(ActionRefused):
        actions.add_member(house.team, user=operator, role="admin", by=operator)


def test_a_team_administrator_decides_and_all_are_notified(house, operator, signed_in):
    second = make_member(house.team, "admin")
    proposal = propose(house, operator)

    told = Notification.objects.values_list("user", "text")
    words = "Olga, an operator, proposes new@example.com as a member of Harbour"
    assert sorted(told) == sorted((admin.pk, words) for admin in (house.admin, second))
    assert "new@example.com" not in mails()
    assert not house.team.invitations.exists()

    client = signed_in(house.admin)
    assert "new@example.com" in client.get(reverse("accounts:detail", args=[house.team.pk])).content.decode()
    assert client.post(decide_url(proposal), {"decision": "accept"}).status_code == 302

    invitation = house.team.invitations.get()
    assert (invitation.email, invitation.role, invitation.invited_by) == ("new@example.com", "admin", house.admin)
    Notification.objects.all().delete()
    actions.accept_as_new_user(invitation, name="Nia", password=PASSWORD)
    assert {*Notification.objects.values_list("user", flat=True)} == {house.admin.pk, second.pk}
    assert [entry[0] for entry in entries(house.team.pk)] == [
        "member.proposed", "member.proposal_accepted", "member.invited", "member.joined",
    ]  # fmt: skip


def test_a_refused_one_gets_nothing(house, operator, signed_in):
    proposal = propose(house, operator)
    response = signed_in(house.admin).post(decide_url(proposal), {"decision": "refuse", "note": "Unknown here"})
    assert response.status_code == 302
    assert not house.team.invitations.exists()
    with pytest.raises(Conflict):
        safety.decide_proposal(proposal, accept=True, by=house.admin)


@pytest.mark.parametrize(("person", "status"), [("license_holder", 403), ("viewer", 403), ("stranger", 404)])
def test_others_do_not_decide(house, operator, signed_in, person, status):
    url = decide_url(propose(house, operator))
    assert signed_in(getattr(house, person)).post(url, {"decision": "accept"}).status_code == status


def test_through_another_team_and_with_an_old_proof(house, operator, signed_in):
    proposal = propose(house, operator)
    other = reverse("accounts:decide", args=[house.stranger.memberships.get().team_id, proposal.pk])
    assert signed_in(house.stranger).post(other, {"decision": "accept"}).status_code == 404
    client = signed_in(house.admin)
    let_proof_grow_old(client)
    assert client.post(decide_url(proposal), {"decision": "accept"}).status_code == 403


def test_an_operator_who_is_a_member_stays_one_and_does_not_decide_their_own(house, signed_in):
    both = make_member(house.team, "admin")
    User.objects.filter(pk=both.pk).update(is_staff=True)
    proposal = propose(house, both)
    assert signed_in(both).get(reverse("accounts:detail", args=[house.team.pk])).status_code == 200
    page = signed_in(both).post(decide_url(proposal), {"decision": "accept"})
    assert page.context["form"].non_field_errors() == ["You can’t decide your own request."]


def test_a_team_whose_administrators_can_not_sign_in_is_not_a_new_one(house, operator):
    User.objects.filter(pk=house.admin.pk).update(is_active=False)
    assert isinstance(propose(house, operator), MembershipProposal)


def test_a_proposal_ends_when_its_person_is_invited_or_joins(house, operator):
    propose(house, operator, role="viewer")
    invitation = actions.invite(house.team, email="New@example.com", role="viewer", by=house.admin)
    assert not house.team.proposals.open().exists()
    with pytest.raises(ActionRefused, match="already invited"):
        propose(house, operator)
    actions.revoke_invitation(invitation, by=house.admin)
    again = propose(house, operator, role="viewer")
    actions.add_member(house.team, user=make_user(email="new@example.com"), role="viewer", by=house.admin)
    with pytest.raises(Conflict):
        safety.decide_proposal(again, accept=True, by=house.admin)


def test_a_proposal_says_who_proposed_it(house, operator, signed_in):
    propose(house, operator)
    page = signed_in(house.admin).get(reverse("accounts:detail", args=[house.team.pk]))
    assert "Team administrator, proposed by Olga" in " ".join(page.content.decode().split())


def test_the_first_administrator_ends_what_operators_sent_before(db, operator):
    team = Team.objects.create(name="New")
    first, second = (propose_first(team, operator, f"{name}@example.com") for name in ("first", "second"))
    with pytest.raises(ActionRefused):
        safety.add_by_operator(team, email="viewer@example.com", role="viewer", by=operator)

    actions.accept_as_new_user(first, name="Nia", password=PASSWORD)

    with pytest.raises(Conflict):
        actions.accept_as_new_user(second, name="Olga too", password=PASSWORD)
    assert team.memberships.count() == 1


def propose_first(team, operator, email):
    return safety.add_by_operator(team, email=email, role="admin", by=operator)


@pytest.mark.django_db(transaction=True)
def test_two_decide_at_once(house, operator):
    second, proposal = make_member(house.team, "admin"), propose(house, operator)
    decide = [
        lambda by=by, accept=accept: safety.decide_proposal(proposal, accept=accept, by=by)
        for by, accept in ((house.admin, True), (second, False))
    ]
    assert len(refused(at_once(*decide))) == 1


# Into an account --------------------------------------------------------------------------------------------------


def ask(signed_in, root, user, email="evil@example.com"):
    url = reverse("admin:accounts_user_change", args=[user.pk])
    return signed_in(root).post(url, {"email": email, "name": user.name, "is_active": "on"})


def link_in(body):
    return re.search(r"https?://[^/]+(/account/security/address/\S+)", body)[1]


def test_an_operator_does_not_take_an_account_over_by_its_address(house, root, signed_in):
    """Another address and a new password by it: today's way into a team."""
    old = house.admin.email
    assert ask(signed_in, root, house.admin).status_code == 302

    sent = mails()
    assert sorted(sent) == sorted([old, "evil@example.com"])
    assert "evil@example.com" in sent[old]
    assert link_in(sent["evil@example.com"]) and "/address/" not in sent[old]
    house.admin.refresh_from_db()
    assert house.admin.email == old
    mail.outbox.clear()
    Client().post(reverse("account_reset_password"), {"email": "evil@example.com"})
    assert "/password/reset/" not in mails()["evil@example.com"]
    link = link_in(sent["evil@example.com"])
    assert Client().get(link).status_code == 302  # to the sign-in
    assert signed_in(root).get(link).status_code == 404
    assert signed_in(root).post(link, {"confirm": "1"}).status_code == 404
    assert [entry[0] for entry in entries()] == ["user.address_asked"]


def test_the_person_takes_the_new_address_and_both_are_mailed(house, root, signed_in):
    old = house.viewer.email
    ask(signed_in, root, house.viewer, "moved@example.com")
    link = link_in(mails()["moved@example.com"])
    mail.outbox.clear()
    client = signed_in(house.viewer)
    assert "moved@example.com" in client.get(link).content.decode()

    assert client.post(link, {"confirm": "1"}).status_code == 302

    house.viewer.refresh_from_db()
    assert house.viewer.email == EmailAddress.objects.get(user=house.viewer).email == "moved@example.com"
    assert sorted(mails()) == sorted([old, "moved@example.com"])
    assert client.get(reverse("accounts:detail", args=[house.team.pk])).status_code == 200
    assert client.get(link).status_code == 404
    assert entries()[-1][0::3] == ("user.address_changed", {"email": old})


def test_the_person_keeps_the_old_address(house, root, signed_in):
    ask(signed_in, root, house.viewer, "moved@example.com")
    link = link_in(mails()["moved@example.com"])
    client = signed_in(house.viewer)
    let_proof_grow_old(client)
    assert client.post(link, {"confirm": "1"}).status_code == 403
    client = signed_in(house.viewer)
    client.post(link, {"refuse": "1"})
    house.viewer.refresh_from_db()
    assert house.viewer.email != "moved@example.com"
    assert client.post(link, {"confirm": "1"}).status_code == 404


def test_an_address_that_is_taken_is_refused_also_later(house, root, signed_in):
    assert ask(signed_in, root, house.viewer, house.admin.email).status_code == 200
    change = safety.ask_for_address(house.viewer, email="late@example.com", by=root)
    make_user(email="late@example.com")
    page = signed_in(house.viewer).post(reverse("take_address", args=[change.token]), {"confirm": "1"})
    assert page.status_code == 422
    assert User.objects.get(pk=house.viewer.pk).email == house.viewer.email


def test_a_later_request_replaces_the_earlier_one(house, root):
    first = safety.ask_for_address(house.viewer, email="one@example.com", by=root)
    second = safety.ask_for_address(house.viewer, email="two@example.com", by=root)
    with pytest.raises(Conflict):
        safety.confirm_address(first, by=house.viewer)
    assert safety.confirm_address(second, by=house.viewer).email == "two@example.com"
