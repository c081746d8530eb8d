"""What the link of an invitation opens."""

import re
from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from console.base.accounts import actions, delivery
from console.base.accounts.models import Invitation, Membership, User
from console.base.core.errors import ActionRefused, Conflict
from tests.console.base.accounts.acting import at_once, entries, refused
from tests.factories import PASSWORD, make_team, make_user

NEW = {"name": "Nia Park", "password": "plenty of sea air"}


@pytest.fixture
def invitation(house):
    return actions.invite(house.team, email="nia@example.com", role="developer", by=house.admin)


def url(invitation):
    return reverse("accounts:accept", args=[invitation.token])


def test_a_new_person_gets_an_account_and_is_signed_in(house, invitation, client):
    assert client.get(url(invitation)).context["situation"] == "new"

    response = client.post(url(invitation), NEW)

    assert (response.status_code, response.url) == (302, reverse("home"))
    assert client.get(reverse("accounts:detail", args=[house.team.pk])).status_code == 200
    user = User.objects.get(email="nia@example.com")
    assert (user.name, user.check_password(NEW["password"])) == ("Nia Park", True)
    assert house.member(user).role == "developer"
    assert entries(house.team.pk)[1:] == [
        ("member.joined", "Nia Park", "developer", None, {"role": "developer", "new_account": True})
    ]
    assert house.admin.notifications.get().text == "Nia Park joined Harbour"


def test_the_link_has_proven_the_address_so_reset_and_second_factors_work(invitation, client):
    client.post(url(invitation), NEW)
    address = EmailAddress.objects.get(user__email="nia@example.com")
    assert (address.email, address.verified, address.primary) == ("nia@example.com", True, True)

    Client().post(reverse("account_reset_password"), {"email": "NIA@example.com"})

    delivery.send_waiting(at=timezone.now())
    link = re.search(r"https?://[^/]+(/\S+)", mail.outbox[0].body)[1]
    other = Client()
    form = other.get(link)
    assert other.post(form.url, {"password1": "quite another one", "password2": "quite another one"}).status_code == 302
    assert User.objects.get(email="nia@example.com").check_password("quite another one")


def test_the_new_session_counts_as_a_fresh_proof(house, client):
    invitation = actions.invite(house.team, email="nia@example.com", role="admin", by=house.admin)
    client.post(url(invitation), NEW)

    response = client.post(
        reverse("accounts:invite", args=[house.team.pk]), {"email": "x@example.com", "role": "viewer"}
    )

    assert response.status_code == 302


@pytest.mark.parametrize("password", ["short", "password123", "nia@example.com", "nia park nia"])
def test_a_weak_password_is_refused_beside_its_field(invitation, client, password):
    """P-6."""
    response = client.post(url(invitation), {"name": "Nia Park", "password": password})

    assert (response.status_code, list(response.context["form"].errors)) == (422, ["password"])
    assert not User.objects.filter(email="nia@example.com").exists()


def test_someone_with_an_account_signs_in_and_joins(house, invitation, signed_in):
    user = make_user("Nia", email="nia@example.com")
    anonymous = Client()
    assert anonymous.get(url(invitation)).context["situation"] == "sign_in"
    client = signed_in(user)
    assert client.get(url(invitation)).context["situation"] == "member"

    assert client.post(url(invitation)).status_code == 302

    assert house.member(user).role == "developer"
    assert entries(house.team.pk)[1:] == [("member.joined", "Nia", "developer", None, {"role": "developer"})]


def test_an_account_can_not_be_made_twice_or_taken_over(house, invitation, client):
    user = make_user("Nia", email="nia@example.com")

    assert client.post(url(invitation), NEW).status_code == 403

    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    assert not house.team.members.filter(pk=user.pk).exists()


def test_someone_else_who_is_signed_in_can_not_join(house, invitation, signed_in):
    client = signed_in(house.stranger)

    assert client.get(url(invitation)).context["situation"] == "other"
    assert client.post(url(invitation)).status_code == 403
    assert not house.team.members.filter(pk=house.stranger.pk).exists()
    with pytest.raises(ActionRefused):
        actions.accept_invitation(invitation, by=house.stranger)
    assert Invitation.objects.open().get() == invitation


def test_signing_out_leads_back_to_the_link(house, invitation, signed_in):
    client = signed_in(house.stranger)
    response = client.post(reverse("account_logout"), {"next": url(invitation)})
    assert response.url == url(invitation)
    assert client.get(url(invitation)).context["situation"] == "new"


def test_twice(house, invitation, client):
    client.post(url(invitation), NEW)

    assert Client().get(url(invitation)).status_code == 404
    assert Client().post(url(invitation), NEW).status_code == 404
    with pytest.raises(Conflict):
        actions.accept_as_new_user(invitation, **NEW)
    assert house.team.memberships.count() == 5


def test_not_after_it_expired(invitation, client):
    with time_machine.travel(invitation.expires_at - timedelta(seconds=5)):
        assert client.get(url(invitation)).status_code == 200
    with time_machine.travel(invitation.expires_at + timedelta(seconds=1)):
        assert client.get(url(invitation)).status_code == 404
        with pytest.raises(Conflict):
            actions.accept_as_new_user(invitation, **NEW)


@pytest.mark.parametrize("token", ["nonsense", "1-1.AAAA", "1-1", "..", "%00"])
def test_a_token_that_we_did_not_sign(invitation, client, token):
    assert client.get(f"/teams/invitations/{token}/").status_code == 404


def test_a_token_of_another_kind_or_with_another_id(house, invitation, client):
    other = actions.invite(house.team, email="other@example.com", role="viewer", by=house.admin)
    forged = f"{invitation.pk}-1.{other.token.partition('.')[2]}"
    assert client.get(reverse("accounts:accept", args=[forged])).status_code == 404


def test_wrong_method(invitation, client):
    assert client.put(url(invitation)).status_code == 405


def test_refused_for_someone_whom_an_operator_added_meanwhile(house, invitation):
    user = make_user(email="nia@example.com")
    actions.add_member(house.team, user=user, role="viewer", by=house.admin)
    with pytest.raises(ActionRefused):
        actions.accept_invitation(invitation, by=user)
    assert house.member(user).role == "viewer"


@pytest.mark.django_db(transaction=True)
def test_at_once_makes_one_membership(house, invitation):
    results = at_once(*[lambda: actions.accept_as_new_user(invitation, **NEW)] * 4)

    assert len(refused(results)) == 3
    assert Membership.objects.filter(user__email="nia@example.com").count() == 1
    assert [entry[0] for entry in entries(house.team.pk)] == ["member.invited", "member.joined"]


@pytest.mark.django_db(transaction=True)
def test_two_teams_at_once_make_one_account(house, invitation):
    other = make_team(admin=make_user())
    second = actions.invite(other, email="nia@example.com", role="viewer", by=house.admin)

    results = at_once(*[lambda row=row: actions.accept_as_new_user(row, **NEW) for row in (invitation, second)])

    assert len(refused(results)) == 1
    assert User.objects.filter(email="nia@example.com").count() == 1
    assert Invitation.objects.usable(at=timezone.now()).count() == 1


def test_when_the_inviter_has_left_who_manages_the_team_is_told(house, invitation):
    house.team.memberships.filter(user=house.admin).delete()

    actions.accept_as_new_user(invitation, **NEW)

    told = [house.license_holder.notifications, house.admin.notifications, house.developer.notifications]
    assert [notices.count() for notices in told] == [1, 0, 0]
