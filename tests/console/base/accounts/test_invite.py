"""Inviting a person by e-mail."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from console.base.accounts import actions, delivery
from console.base.accounts.models import Invitation
from console.base.core.errors import ActionRefused
from tests.console.base.accounts.acting import at_once, entries, let_proof_grow_old, refused
from tests.factories import PASSWORD, join, make_team


def url(house):
    return reverse("accounts:invite", args=[house.team.pk])


ASKED = {"email": "New.Person@Example.com", "role": "developer"}


def test_works(house, signed_in):
    response = signed_in(house.admin).post(url(house), ASKED)

    assert (response.status_code, response.url) == (302, reverse("accounts:detail", args=[house.team.pk]))
    invitation = house.team.invitations.get()
    assert (invitation.email, invitation.role, invitation.invited_by) == (
        "new.person@example.com",
        "developer",
        house.admin,
    )
    assert invitation.expires_at - invitation.invited_at == timedelta(days=settings.INVITATION_DAYS)
    assert entries(house.team.pk) == [
        ("member.invited", str(house.admin), "new.person@example.com", None, {"role": "developer"})
    ]


def test_nothing_is_mailed_inside_the_request_and_no_secret_is_stored(house, signed_in):
    signed_in(house.admin).post(url(house), ASKED)

    assert mail.outbox == []
    token = house.team.invitations.get().token
    assert token.partition(".")[2] not in str(Invitation.objects.values().get())
    assert delivery.send_waiting(at=timezone.now()) == 1
    assert token in mail.outbox[0].body


def test_the_link_is_at_the_console_s_own_address(house, signed_in, monkeypatch):
    """P-8: whatever host the request names."""
    monkeypatch.setattr(settings, "BASE_URL", "https://console.example.com")
    names = {"HTTP_HOST": "evil.example", "HTTP_X_FORWARDED_HOST": "evil.example"}
    signed_in(house.admin).post(url(house), ASKED, **names)
    assert delivery.send_waiting(at=timezone.now()) == 1
    assert "https://console.example.com/teams/invitations/" in mail.outbox[0].body
    assert "evil" not in mail.outbox[0].body


def test_shows_the_form(house, signed_in):
    response = signed_in(house.admin).get(url(house))

    assert response.status_code == 200
    assert "sudo_password" not in response.content.decode()


@pytest.mark.parametrize("role", ["license_holder", "developer", "viewer"])
def test_lower_role(house, signed_in, role):
    client = signed_in(getattr(house, role))
    assert (client.get(url(house)).status_code, client.post(url(house), ASKED).status_code) == (403, 403)


def test_other_team(house, signed_in):
    assert signed_in(house.stranger).post(url(house), ASKED).status_code == 404


def test_wrong_method(house, signed_in):
    assert signed_in(house.admin).delete(url(house)).status_code == 405


def test_asks_for_the_password_when_the_proof_is_old(house, signed_in):
    client = signed_in(house.admin)
    let_proof_grow_old(client)

    assert client.post(url(house), ASKED).status_code == 403
    assert house.team.invitations.count() == 0
    assert client.post(url(house), {**ASKED, "sudo_password": PASSWORD}).status_code == 302
    assert house.team.invitations.count() == 1


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"email": "nobody", "role": "viewer"}, ["email"]),
        ({"email": "a@example.com", "role": "owner"}, ["role"]),
        ({"email": '"\x0cBcc:eve@example.com"@example.com', "role": "viewer"}, ["email"]),
        ({}, ["email", "role"]),
    ],
)
def test_refuses_what_is_no_address_or_role(house, signed_in, fields, wrong):
    response = signed_in(house.admin).post(url(house), fields)

    assert (response.status_code, list(response.context["form"].errors)) == (422, wrong)


def test_refuses_a_member_in_any_spelling(house, signed_in):
    response = signed_in(house.admin).post(url(house), {"email": house.viewer.email.upper(), "role": "developer"})

    assert (response.status_code, list(response.context["form"].errors)) == (422, ["email"])


def test_twice_is_refused_while_the_first_is_open(house):
    actions.invite(house.team, email="a@example.com", role="viewer", by=house.admin)
    with pytest.raises(ActionRefused) as refusal:
        actions.invite(house.team, email="A@example.com", role="viewer", by=house.admin)
    assert refusal.value.field == "email"
    assert len(entries(house.team.pk)) == 1


def test_again_after_it_was_taken_back(house):
    first = actions.invite(house.team, email="a@example.com", role="viewer", by=house.admin)
    actions.revoke_invitation(first, by=house.admin)

    second = actions.invite(house.team, email="a@example.com", role="viewer", by=house.admin)

    assert list(house.team.invitations.open()) == [second]


@pytest.mark.django_db(transaction=True)
def test_at_once_makes_one(house):
    results = at_once(*[lambda: actions.invite(house.team, email="a@example.com", role="viewer", by=house.admin)] * 4)

    assert len(refused(results)) == 3
    assert house.team.invitations.count() == 1
    assert len(entries(house.team.pk)) == 1


def test_forty_invitations_in_a_day_are_too_many(house, signed_in, settings):
    """40 invitations and 15 resends mailed 56 strangers (P-6)."""
    client, statuses = signed_in(house.admin), []
    for number in range(40):
        asked = {"email": f"stranger{number}@example.com", "role": "viewer"}
        statuses.append(client.post(url(house), asked).status_code)
    assert statuses == [302] * settings.INVITATIONS_PER_DAY + [422] * (40 - settings.INVITATIONS_PER_DAY)
    assert delivery.send_waiting(at=timezone.now()) == settings.INVITATIONS_PER_DAY
    later = timezone.now() + timedelta(days=1, minutes=1)
    assert actions.invite(house.team, email="late@example.com", role="viewer", by=house.admin, at=later)


def test_a_person_has_no_more_in_several_teams(house, settings):
    settings.INVITATIONS_PER_DAY = 2
    other = make_team("Third")
    join(other, house.admin, "admin")
    for team, email in ((house.team, "a@example.com"), (other, "b@example.com")):
        actions.invite(team, email=email, role="viewer", by=house.admin)
    with pytest.raises(ActionRefused):
        actions.invite(other, email="c@example.com", role="viewer", by=house.admin)
