"""Inviting a reviewer to an application directly (P-11)."""

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from console.base.accounts import actions as accounts
from console.base.accounts import delivery
from console.base.accounts.models import Invitation
from console.base.activity.models import ActivityEntry
from console.base.core.errors import ActionRefused, Conflict
from console.base.hosts.actions.inviting import create_with_reviewer, invite_reviewer, withdraw_reviewer
from console.base.hosts.models import HostApplication, ReviewerInvitation
from tests import factories

NOOR = "noor@city.example"
NEW = {"name": "Noor", "password": "plenty of sea air"}


def url(application):
    return f"/apps/{application.application_id}/people/invite/"


def withdraw_url(application):
    invited = application.reviewer_invitations.get()
    return reverse("hosts:withdraw_reviewer", args=[application.application_id, invited.pk])


def accept(client, invitation=None):
    token = (invitation or Invitation.objects.open().get(email=NOOR)).token
    return client.post(reverse("accounts:accept", args=[token]), NEW)


def roles(application):
    return dict(application.people.values_list("user__email", "role"))


def log(application):
    rows = ActivityEntry.objects.of_application(application.application_id).order_by("pk")
    return [(row.verb, row.actor_label, row.target_label) for row in rows]


def test_who_follows_the_invitation_reviews_this_application_only(signed_in, application, admin):
    other = factories.make_application(application.team)
    client = signed_in(admin)
    answer = client.post(url(application), {"email": " Noor@City.example "})
    assert (answer.status_code, answer.url) == (302, application.get_absolute_url())
    page = client.get(application.get_absolute_url()).content.decode()
    assert NOOR in page and "has not joined yet" in page
    delivery.send_waiting(at=timezone.now())
    assert "as reviewer of Metro Wallet" in mail.outbox[-1].body

    noor = Client()
    assert "as reviewer of Metro Wallet" in noor.get(
        reverse("accounts:accept", args=[Invitation.objects.get().token])
    ).content.decode().replace("\n", "")
    accept(noor)

    assert roles(application) == {admin.email: "app_admin", NOOR: "reviewer"}
    assert roles(other) == {}
    assert application.team.memberships.get(user__email=NOOR).role == "viewer"
    assert log(application) == [
        ("reviewer.invited", str(admin), f"{NOOR} – Metro Wallet"),
        ("reviewer.joined", "Noor", "Metro Wallet"),
    ]
    assert NOOR not in [row.invitation.email for row in application.reviewer_invitations.open()]


def test_a_member_of_the_team_is_a_reviewer_immediately(application, admin):
    member = factories.make_member(application.team, "developer")
    invite_reviewer(application, email=member.email, by=admin)
    assert roles(application)[member.email] == "reviewer"
    assert not Invitation.objects.exists()
    with pytest.raises(ActionRefused, match="already has a role in this app"):
        invite_reviewer(application, email=member.email, by=admin)


def test_once_more_sends_the_same_invitation_again(application, admin):
    first = invite_reviewer(application, email=NOOR, by=admin)
    old = Invitation.objects.get().token
    assert invite_reviewer(application, email=NOOR, by=admin) == first
    assert Invitation.objects.get().issue == 2
    assert Client().get(reverse("accounts:accept", args=[old])).status_code == 404


def test_an_invitation_to_the_team_gives_the_role_too(application, admin, team_admin):
    invitation = accounts.invite(application.team, email=NOOR, role="developer", by=team_admin)
    other = factories.make_application(application.team)
    for each in (application, other):
        invite_reviewer(each, email=NOOR, by=admin)
    invitation.refresh_from_db()
    assert (invitation.issue, ReviewerInvitation.objects.count()) == (1, 2)
    accept(Client())
    assert (roles(application)[NOOR], roles(other)) == ("reviewer", {NOOR: "reviewer"})
    assert application.team.memberships.get(user__email=NOOR).role == "developer"


def test_an_application_s_administrator_does_not_renew_what_gives_more_in_the_team(application, admin, team_admin):
    accounts.invite(application.team, email=NOOR, role="admin", by=team_admin)
    invite_reviewer(application, email=NOOR, by=admin)
    with pytest.raises(ActionRefused, match="A team administrator can send that invitation again"):
        invite_reviewer(application, email=NOOR, by=admin)
    other = factories.make_application(application.team)
    Invitation.objects.update(expires_at=timezone.now())
    with pytest.raises(ActionRefused, match="A team administrator can send that invitation again"):
        invite_reviewer(other, email=NOOR, by=admin)
    assert Invitation.objects.get().issue == 1


def test_mail_and_link_name_every_role_that_they_give(application, admin, team_admin):
    accounts.invite(application.team, email=NOOR, role="admin", by=team_admin)
    invite_reviewer(application, email=NOOR, by=admin)
    delivery.send_waiting(at=timezone.now())
    words = "as team administrator, reviewer of Metro Wallet"
    assert words in mail.outbox[-1].body
    page = Client().get(reverse("accounts:accept", args=[Invitation.objects.get().token]))
    assert words in " ".join(page.content.decode().split())


def test_the_team_sees_what_an_invitation_gives_and_operators_see_no_application(signed_in, application, team_admin):
    """P-1, P-7."""
    invite_reviewer(application, email=NOOR, by=team_admin)
    page = signed_in(team_admin).get(reverse("accounts:detail", args=[application.team_id]))
    assert "Viewer, reviewer of Metro Wallet" in page.content.decode()
    operator = signed_in(factories.make_user(is_staff=True))
    page = operator.get(reverse("platform:team", args=[application.team_id])).content.decode()
    assert NOOR in page and "Metro Wallet" not in page


def test_an_invitation_for_reviewing_alone_ends_when_it_is_taken_back(signed_in, application, admin):
    """By any administrator of the application, who need not be one of the team (P-11)."""
    invite_reviewer(application, email=NOOR, by=admin)
    client, at = signed_in(factories.make_reviewer(application, "app_admin")), withdraw_url(application)
    assert at in client.get(application.get_absolute_url()).content.decode()
    assert "The link stops working" in client.get(at).content.decode()

    assert client.post(at).url == application.get_absolute_url()

    assert accept(Client(), Invitation.objects.get()).status_code == 404
    assert (Invitation.objects.open().count(), ReviewerInvitation.objects.count()) == (0, 0)
    assert [row[0] for row in log(application)] == ["reviewer.invited", "reviewer.invitation_withdrawn"]
    assert client.post(at).status_code == 404
    assert invite_reviewer(application, email=NOOR, by=admin).ends_with_it


def test_what_others_asked_of_the_person_stays(signed_in, application, admin, team_admin):
    other = factories.make_application(application.team)
    for each in (application, other):
        invite_reviewer(each, email=NOOR, by=admin)
    assert "stays open" in signed_in(admin).get(withdraw_url(application)).content.decode()
    withdraw_reviewer(application.reviewer_invitations.get(), by=admin)
    assert Invitation.objects.open().exists()
    withdraw_reviewer(other.reviewer_invitations.get(), by=admin)
    assert not Invitation.objects.open().exists()

    accounts.invite(application.team, email=NOOR, role="viewer", by=team_admin)
    withdraw_reviewer(invite_reviewer(application, email=NOOR, by=admin), by=admin)
    assert Invitation.objects.open().exists()
    Invitation.objects.open().update(expires_at=timezone.now())  # sent anew for reviewing, it ends with it
    withdraw_reviewer(invite_reviewer(application, email=NOOR, by=admin), by=admin)
    assert not Invitation.objects.open().exists()


def test_the_answer_says_whether_an_e_mail_goes_out_and_an_invitation_ends(signed_in, application, admin, team_admin):
    client = signed_in(admin)

    def answer(at, **typed):
        return str(next(iter(client.post(at, typed, follow=True).context["messages"])))

    accounts.invite(application.team, email=NOOR, role="viewer", by=team_admin)
    joined = f"{NOOR}’s open invitation now also makes them a reviewer."
    assert answer(url(application), email=NOOR) == joined
    assert Invitation.objects.get().issue == 1
    assert answer(url(application), email=NOOR) == f"Invitation sent to {NOOR}."
    assert Invitation.objects.get().issue == 2
    assert answer(withdraw_url(application)) == f"{NOOR} is no longer invited as a reviewer."
    assert Invitation.objects.open().exists()

    accounts.revoke_invitation(Invitation.objects.get(), by=team_admin)
    assert answer(url(application), email=NOOR) == f"Invitation sent to {NOOR}."
    assert answer(withdraw_url(application)) == f"Invitation of {NOOR} revoked."


def test_what_was_accepted_is_not_taken_back(application, admin):
    invited = invite_reviewer(application, email=NOOR, by=admin)
    accept(Client())
    with pytest.raises(Conflict):
        withdraw_reviewer(invited, by=admin)
    assert roles(application)[NOOR] == "reviewer"


def test_what_the_team_took_back_gives_nothing(application, admin, team_admin):
    invite_reviewer(application, email=NOOR, by=admin)
    invitation = accounts.revoke_invitation(Invitation.objects.get(), by=team_admin)
    assert accept(Client(), invitation).status_code == 404
    with pytest.raises(Conflict):
        accounts.accept_as_new_user(invitation, **NEW)
    assert NOOR not in roles(application)


def test_nobody_invites_themselves(signed_in, application, admin):
    """P-2: two people decide, or nothing is decided."""
    answer = signed_in(admin).post(url(application), {"email": admin.email})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["email"])


def test_a_reviewer_and_the_team_s_administrator_may_not(signed_in, application, reviewer, team_admin):
    invite_reviewer(application, email="early@city.example", by=team_admin)
    for person in (reviewer, team_admin):
        assert signed_in(person).post(url(application), {"email": NOOR}).status_code == 403
        assert signed_in(person).post(withdraw_url(application)).status_code == 403


def test_with_a_reviewer_who_can_not_be_one_nothing_is_created(team_admin, application):
    fields = {"name": "Second", "description": "", "listed": True}
    with pytest.raises(ActionRefused) as refused:
        create_with_reviewer(team=application.team, by=team_admin, reviewer=team_admin.email, **fields)
    assert refused.value.field == "reviewer"
    assert not HostApplication.objects.filter(name="Second").exists()
