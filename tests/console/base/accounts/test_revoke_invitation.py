"""Taking an invitation back."""

import pytest
from django.urls import reverse
from django.utils import timezone

from console.base.accounts import actions, delivery
from console.base.core.errors import Conflict
from tests.console.base.accounts.acting import at_once, entries, let_proof_grow_old, refused


@pytest.fixture
def invitation(house):
    return actions.invite(house.team, email="new@example.com", role="developer", by=house.admin)


def url(invitation):
    return reverse("accounts:revoke", args=[invitation.team_id, invitation.pk])


def test_works_on_the_very_next_request(house, invitation, signed_in, client):
    link = reverse("accounts:accept", args=[invitation.token])
    assert client.get(link).status_code == 200
    admin = signed_in(house.admin)
    assert admin.get(url(invitation)).status_code == 200

    assert admin.post(url(invitation)).status_code == 302

    assert client.get(link).status_code == 404
    assert client.post(link, {"name": "New", "password": "a long enough one"}).status_code == 404
    assert delivery.send_waiting(at=timezone.now()) == 0
    assert entries(house.team.pk)[1:] == [("invitation.revoked", str(house.admin), "new@example.com", None, None)]


@pytest.mark.parametrize(("person", "status"), [("license_holder", 403), ("viewer", 403), ("stranger", 404)])
def test_others(house, invitation, signed_in, person, status):
    assert signed_in(getattr(house, person)).post(url(invitation)).status_code == status


def test_wrong_method(house, invitation, signed_in):
    assert signed_in(house.admin).put(url(invitation)).status_code == 405


def test_asks_for_the_password_when_the_proof_is_old(house, invitation, signed_in):
    client = signed_in(house.admin)
    let_proof_grow_old(client)
    assert client.post(url(invitation)).status_code == 403


def test_twice(house, invitation):
    actions.revoke_invitation(invitation, by=house.admin)
    with pytest.raises(Conflict):
        actions.revoke_invitation(invitation, by=house.admin)
    assert len(entries(house.team.pk)) == 2


@pytest.mark.django_db(transaction=True)
def test_at_once_with_joining_one_of_them_wins(house, invitation):
    results = at_once(
        lambda: actions.revoke_invitation(invitation, by=house.admin),
        lambda: actions.accept_as_new_user(invitation, name="New", password="a long enough one"),
    )

    assert len(refused(results)) == 1
    invitation.refresh_from_db()
    assert (invitation.revoked_at is None) == house.team.members.filter(email="new@example.com").exists()
