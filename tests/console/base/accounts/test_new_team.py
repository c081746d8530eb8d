"""A team and its first administrator in one act of an operator (P-11)."""

import pytest
from django.urls import reverse

from console.base.accounts.actions import safety
from console.base.accounts.models import Invitation, Team
from tests.console.base.accounts.acting import entries, let_proof_grow_old
from tests.factories import make_team

URL = "/platform/teams/new/"
FORM = {"name": "City Services", "email": "Lena@city.example"}


def test_makes_the_team_and_invites(operator, signed_in):
    answer = signed_in(operator).post(URL, FORM)
    assert (answer.status_code, answer.url) == (302, reverse("home"))
    team, invitation = Team.objects.get(), Invitation.objects.get()
    assert (team.name, team.memberships.count()) == ("City Services", 0)
    assert (invitation.team, invitation.email, invitation.role) == (team, "lena@city.example", "admin")
    assert [(verb, target) for verb, _by, target, *_values in entries(team.pk)] == [
        ("team.created", "City Services"),
        ("member.invited", "lena@city.example"),
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", "Harbour"), ("name", ""), ("email", "olga@example.com"), ("email", "nobody"), ("email", "")],
)
def test_refuses_beside_the_field_and_makes_nothing(operator, signed_in, field, value):
    """P-7: nor is it a way for operators to get into a team."""
    make_team("Harbour")
    answer = signed_in(operator).post(URL, {**FORM, field: value})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert (Team.objects.count(), Invitation.objects.count()) == (1, 0)


def test_an_old_proof_is_asked_for_again(operator, signed_in):
    client = signed_in(operator)
    let_proof_grow_old(client)
    assert client.post(URL, FORM).status_code == 403
    assert not Team.objects.exists()


def test_the_address_once_more_sends_the_invitation_again(operator):
    invitation = safety.invite_first_administrator(by=operator, **FORM)
    again = safety.add_by_operator(invitation.team, email="lena@city.example", role="admin", by=operator)
    assert (again.pk, again.issue) == (invitation.pk, 2)
