"""Removing a member, and leaving."""

import pytest
from django.urls import reverse

from console.api.manage import actions as tokens
from console.base.accounts import actions
from console.base.accounts.models import Invitation, Membership
from console.base.core.errors import ActionRefused, Conflict
from console.base.hosts.models import ApplicationMember
from tests.console.base.accounts.acting import at_once, entries, let_proof_grow_old, refused
from tests.dialogs import effects
from tests.factories import make_application, make_member, make_reviewer


def url(house, user):
    return reverse("accounts:remove", args=[house.team.pk, house.member(user).pk])


def leave_url(house):
    return reverse("accounts:leave", args=[house.team.pk])


def test_works(house, signed_in):
    client = signed_in(house.admin)
    assert client.get(url(house, house.developer)).status_code == 200

    response = client.post(url(house, house.developer), {"note": "Moved on"})

    assert (response.status_code, response.url) == (302, reverse("accounts:detail", args=[house.team.pk]))
    assert not house.team.members.filter(pk=house.developer.pk).exists()
    assert entries(house.team.pk) == [
        ("member.removed", str(house.admin), str(house.developer), {"role": "developer"}, None)
    ]
    assert house.developer.notifications.get().detail == "Moved on"


def test_an_open_session_gets_404_at_once(house, signed_in):
    client = signed_in(house.developer)
    page = reverse("accounts:detail", args=[house.team.pk])
    assert client.get(page).status_code == 200

    actions.remove_member(house.member(house.developer), by=house.admin)

    assert client.get(page).status_code == 404


def test_the_host_side_ends_too(house):
    application = make_application(house.team)
    reviewer = make_reviewer(application)

    actions.remove_member(house.member(reviewer), by=house.admin)

    assert not ApplicationMember.objects.filter(user=reviewer).exists()


def invited(house, second):
    """Invitations by `second`, two of them for the team, and one by its other administrator."""
    mine = [actions.invite(house.team, email=f"{name}@example.com", role="admin", by=second) for name in ("ann", "bo")]
    elsewhere = actions.invite(house.stranger.teams.get(), email="cy@example.com", role="viewer", by=second)
    return mine, [elsewhere, actions.invite(house.team, email="dee@example.com", role="viewer", by=house.admin)]


def test_open_invitations_that_they_sent_end_too(house, signed_in):
    """Who is removed does not come back by an address of their own."""
    second, client = make_member(house.team, "admin"), signed_in(house.admin)
    mine, others = invited(house, second)
    dialog = client.get(url(house, second)).content.decode()
    assert "2 open invitations will be revoked" in dialog
    assert "ann@example.com" in dialog and "dee@example.com" not in dialog

    client.post(url(house, second))

    assert set(Invitation.objects.open()) == set(others)
    with pytest.raises(Conflict, match="accepted or revoked"):
        actions.accept_as_new_user(mine[0], name="Back", password="x")
    assert [entry[:3] for entry in entries(house.team.pk)][-2:] == [
        ("invitation.revoked", str(house.admin), "ann@example.com"),
        ("invitation.revoked", str(house.admin), "bo@example.com"),
    ]
    assert "will be revoked" not in client.get(url(house, house.viewer)).content.decode()


@pytest.mark.django_db(transaction=True)
def test_at_once_with_the_joining_of_who_they_invited(house):
    second = make_member(house.team, "admin")
    invitation = actions.invite(house.team, email="ann@example.com", role="admin", by=second)
    member = house.member(second)

    results = at_once(
        lambda: actions.remove_member(member, by=house.admin),
        lambda: actions.accept_as_new_user(invitation, name="Ann", password="plenty of sea air"),
    )

    invitation.refresh_from_db()
    assert bool(invitation.revoked_at) == bool(refused(results)) != bool(invitation.accepted_at)


def test_who_leaves_leaves_no_open_invitation(house, signed_in):
    second = make_member(house.team, "admin")
    _mine, others = invited(house, second)
    client = signed_in(second)
    assert "2 open invitations will be revoked" in client.get(leave_url(house)).content.decode()
    client.post(leave_url(house))
    assert set(Invitation.objects.open()) == set(others)


def robot(house, name, *, by):
    return tokens.create_robot(
        house.team, name=name, scopes=["read"], program=None, addresses=[], expires_at=None, by=by
    ).row


def test_the_dialog_names_the_robots_whose_token_they_know(house, signed_in):
    second = make_member(house.team, "admin")
    for name in ("release", "nightly"):
        robot(house, name, by=second)
    old, gone = (robot(house, name, by=second) for name in ("old", "gone"))
    theirs = robot(house, "own", by=house.admin)
    tokens.rotate(old, seen=old.hint, by=house.admin)
    tokens.revoke(gone, by=house.admin)
    tokens.rotate(theirs, seen=theirs.hint, by=second)
    words = "They know the tokens of the robots nightly, own, release. Replace under Automation"
    assert words in effects(signed_in(house.admin).get(url(house, second)))


def test_the_dialog_says_nothing_of_robots_where_there_are_none(house, signed_in, operator):
    second = make_member(house.team, "admin")
    assert "Automation" not in " ".join(effects(signed_in(house.admin).get(url(house, second))))
    robot(house, "release", by=second)
    page = signed_in(operator).get(reverse("platform:remove_member", args=[house.team.pk, house.member(second).pk]))
    assert "release" not in page.content.decode()  # P-1


@pytest.mark.parametrize(
    ("person", "status"), [("license_holder", 403), ("developer", 403), ("viewer", 403), ("stranger", 404)]
)
def test_others(house, signed_in, person, status):
    assert signed_in(getattr(house, person)).post(url(house, house.viewer)).status_code == status
    assert house.team.memberships.count() == 4


def test_wrong_method(house, signed_in):
    assert signed_in(house.admin).delete(url(house, house.viewer)).status_code == 405


def test_asks_for_the_password_when_the_proof_is_old(house, signed_in):
    client = signed_in(house.admin)
    let_proof_grow_old(client)
    assert client.post(url(house, house.viewer)).status_code == 403
    assert house.team.memberships.count() == 4


def test_the_last_administrator_stays(house, signed_in):
    client = signed_in(house.admin)

    assert client.post(url(house, house.admin)).status_code == 422
    assert client.post(leave_url(house)).status_code == 422
    assert house.team.memberships.count() == 4


def test_twice(house):
    member = house.member(house.viewer)
    actions.remove_member(house.member(house.viewer), by=house.admin)
    with pytest.raises(Conflict):
        actions.remove_member(member, by=house.admin)
    assert len(entries(house.team.pk)) == 1


def test_leaving(house, signed_in):
    client = signed_in(house.viewer)
    assert client.get(leave_url(house)).status_code == 200

    response = client.post(leave_url(house))

    assert (response.status_code, response.url) == (302, reverse("accounts:list"))
    assert client.get(reverse("accounts:detail", args=[house.team.pk])).status_code == 404
    assert entries(house.team.pk) == [("member.left", str(house.viewer), "Harbour", {"role": "viewer"}, None)]
    assert house.viewer.notifications.count() == 0


def test_leaving_a_team_that_is_not_mine(house, signed_in):
    assert signed_in(house.stranger).post(leave_url(house)).status_code == 404


def test_leaving_asks_for_the_password_when_the_proof_is_old(house, signed_in):
    client = signed_in(house.viewer)
    let_proof_grow_old(client)
    assert client.post(leave_url(house)).status_code == 403


def test_leaving_wrong_method(house, signed_in):
    assert signed_in(house.viewer).delete(leave_url(house)).status_code == 405


@pytest.mark.django_db(transaction=True)
def test_at_once_the_last_two_administrators_can_not_both_leave(house):
    second = make_member(house.team, "admin")
    members = [house.member(house.admin), house.member(second)]

    results = at_once(*[lambda member=member: actions.remove_member(member, by=member.user) for member in members])

    assert len(refused(results)) == 1
    assert Membership.objects.filter(team=house.team, role="admin").count() == 1


@pytest.mark.django_db(transaction=True)
def test_at_once_the_same_member_is_removed_once(house):
    member = house.member(house.viewer)

    results = at_once(*[lambda: actions.remove_member(member, by=house.admin)] * 3)

    assert len(refused(results)) == 2
    assert len(entries(house.team.pk)) == 1


def test_a_refusal_changes_nothing(house):
    with pytest.raises(ActionRefused):
        actions.remove_member(house.member(house.admin), by=house.admin)
    assert house.member(house.admin).role == "admin"
    assert entries(house.team.pk) == []
