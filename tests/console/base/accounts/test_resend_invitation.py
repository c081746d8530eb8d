"""Sending an invitation again."""

from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from console.base.accounts import actions, delivery
from console.base.accounts.access import invitation_by_token
from console.base.core.errors import ActionRefused, Conflict
from tests.console.base.accounts.acting import at_once, entries, refused


@pytest.fixture
def invitation(house):
    return actions.invite(house.team, email="new@example.com", role="developer", by=house.admin)


def url(invitation):
    return reverse("accounts:resend", args=[invitation.team_id, invitation.pk])


def test_works(house, invitation, signed_in):
    delivery.send_waiting(at=timezone.now())
    old = invitation.token
    client = signed_in(house.admin)
    assert client.get(url(invitation)).status_code == 200

    assert client.post(url(invitation)).status_code == 302

    assert delivery.send_waiting(at=timezone.now()) == 1
    invitation.refresh_from_db()
    assert invitation.token in mail.outbox[1].body
    assert client.get(reverse("accounts:accept", args=[old])).status_code == 404
    assert client.get(reverse("accounts:accept", args=[invitation.token])).status_code == 200
    assert entries(house.team.pk)[1:] == [("invitation.resent", str(house.admin), "new@example.com", None, None)]


def test_an_expired_one_works_again(house, invitation):
    type(invitation).objects.update(expires_at=timezone.now() - timedelta(days=1))

    sent = actions.resend_invitation(invitation, by=house.admin)

    assert invitation_by_token(house.admin, None, sent.token) == invitation


@pytest.mark.parametrize(("person", "status"), [("license_holder", 403), ("viewer", 403), ("stranger", 404)])
def test_others(house, invitation, signed_in, person, status):
    assert signed_in(getattr(house, person)).post(url(invitation)).status_code == status


def test_through_another_team(house, invitation, signed_in):
    own = house.stranger.memberships.get().team_id
    response = signed_in(house.stranger).post(reverse("accounts:resend", args=[own, invitation.pk]))
    assert response.status_code == 404


def test_wrong_method(house, invitation, signed_in):
    assert signed_in(house.admin).put(url(invitation)).status_code == 405


def test_refused_once_taken_back(house, invitation, signed_in):
    actions.revoke_invitation(invitation, by=house.admin)

    response = signed_in(house.admin).post(url(invitation))

    assert response.status_code == 422
    assert delivery.send_waiting(at=timezone.now()) == 0


def test_twice_only_the_newest_link_works(house, invitation):
    first = actions.resend_invitation(invitation, by=house.admin).token
    second = actions.resend_invitation(invitation, by=house.admin).token

    assert invitation_by_token(house.admin, None, first) is None
    assert invitation_by_token(house.admin, None, second) == invitation


@pytest.mark.django_db(transaction=True)
def test_at_once_with_taking_back(house, invitation):
    results = at_once(
        lambda: actions.resend_invitation(invitation, by=house.admin),
        lambda: actions.revoke_invitation(invitation, by=house.admin),
    )

    assert isinstance(results[0], Conflict) == (len(refused(results)) == 1)
    invitation.refresh_from_db()
    assert invitation_by_token(house.admin, None, invitation.token) is None


def test_three_times_a_day_are_enough(house, invitation):
    for _time in range(3):
        invitation = actions.resend_invitation(invitation, by=house.admin)
    with pytest.raises(ActionRefused):
        actions.resend_invitation(invitation, by=house.admin)
    assert actions.resend_invitation(invitation, by=house.admin, at=timezone.now() + timedelta(days=1, minutes=1))


def test_they_count_as_mails_of_the_day(house, invitation, settings):
    settings.INVITATIONS_PER_DAY = 2
    actions.resend_invitation(invitation, by=house.admin)
    with pytest.raises(ActionRefused):
        actions.resend_invitation(invitation, by=house.admin)
