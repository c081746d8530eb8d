"""Giving a member another role."""

import pytest
from django.urls import reverse

from console.base.accounts import actions
from console.base.accounts.models import Invitation, Membership
from console.base.core.errors import ActionRefused, Conflict
from tests.console.base.accounts.acting import at_once, entries, let_proof_grow_old, refused
from tests.factories import PASSWORD, make_member


def url(house, user):
    return reverse("accounts:change_role", args=[house.team.pk, house.member(user).pk])


def test_works(house, signed_in):
    client = signed_in(house.admin)
    assert client.get(url(house, house.developer)).context["form"].initial == {"role": "developer"}

    response = client.post(url(house, house.developer), {"role": "license_holder"})

    assert (response.status_code, response.url) == (302, reverse("accounts:detail", args=[house.team.pk]))
    assert house.member(house.developer).role == "license_holder"
    assert entries(house.team.pk) == [
        (
            "member.role_changed",
            str(house.admin),
            str(house.developer),
            {"role": "developer"},
            {"role": "license_holder"},
        )
    ]
    assert house.developer.notifications.get().text == "You are now license holder of Harbour"


def test_holds_on_the_very_next_request(house, signed_in):
    second = make_member(house.team, "admin")
    client = signed_in(second)
    edit = reverse("accounts:edit", args=[house.team.pk])
    assert client.get(edit).status_code == 200

    actions.change_role(house.member(second), role="viewer", by=house.admin)

    assert client.get(edit).status_code == 403


@pytest.mark.parametrize("role", ["license_holder", "viewer"])
def test_invitations_of_who_is_no_longer_team_administrator_end(house, signed_in, role):
    second, client = make_member(house.team, "admin"), signed_in(house.admin)
    sent = [
        actions.invite(house.team, email=f"{name}@example.com", role="admin", by=by)
        for name, by in (("ann", second), ("dee", house.admin))
    ]
    assert "1 open invitation will be revoked" in client.get(url(house, second)).content.decode()
    assert "will be revoked" not in client.get(url(house, house.developer)).content.decode()

    client.post(url(house, second), {"role": role})

    assert list(Invitation.objects.open()) == sent[1:]
    assert entries(house.team.pk)[-1][:3] == ("invitation.revoked", str(house.admin), "ann@example.com")


@pytest.mark.parametrize(
    ("person", "status"), [("license_holder", 403), ("developer", 403), ("viewer", 403), ("stranger", 404)]
)
def test_others(house, signed_in, person, status):
    client = signed_in(getattr(house, person))

    assert client.get(url(house, house.viewer)).status_code == status
    assert client.post(url(house, house.viewer), {"role": "admin"}).status_code == status
    assert house.member(house.viewer).role == "viewer"


def test_a_member_of_another_team_by_its_id(house, signed_in):
    foreign = house.stranger.memberships.get()
    response = signed_in(house.admin).post(
        reverse("accounts:change_role", args=[house.team.pk, foreign.pk]), {"role": "viewer"}
    )
    assert response.status_code == 404


def test_wrong_method(house, signed_in):
    assert signed_in(house.admin).delete(url(house, house.viewer)).status_code == 405


def test_unknown_role(house, signed_in):
    response = signed_in(house.admin).post(url(house, house.viewer), {"role": "owner"})
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["role"])


def test_asks_for_the_password_when_the_proof_is_old(house, signed_in):
    client = signed_in(house.admin)
    let_proof_grow_old(client)

    assert client.post(url(house, house.viewer), {"role": "developer"}).status_code == 403
    assert house.member(house.viewer).role == "viewer"
    client.post(url(house, house.viewer), {"role": "developer", "sudo_password": PASSWORD})
    assert house.member(house.viewer).role == "developer"


def test_the_last_administrator_stays(house, signed_in):
    response = signed_in(house.admin).post(url(house, house.admin), {"role": "viewer"})

    assert (response.status_code, list(response.context["form"].errors)) == (422, ["role"])
    assert house.member(house.admin).role == "admin"
    assert entries(house.team.pk) == []


def test_a_deactivated_administrator_does_not_count(house):
    make_member(house.team, "admin").__class__.objects.exclude(pk=house.admin.pk).filter(
        memberships__role="admin"
    ).update(is_active=False)
    with pytest.raises(ActionRefused):
        actions.change_role(house.member(house.admin), role="viewer", by=house.admin)


def test_twice_writes_one_entry(house):
    for _time in range(2):
        actions.change_role(house.member(house.viewer), role="developer", by=house.admin)
    assert len(entries(house.team.pk)) == 1


def test_of_someone_who_left_meanwhile(house):
    member = house.member(house.viewer)
    actions.remove_member(house.member(house.viewer), by=house.admin)
    with pytest.raises(Conflict):
        actions.change_role(member, role="developer", by=house.admin)


@pytest.mark.django_db(transaction=True)
def test_at_once_two_administrators_can_not_demote_each_other(house):
    second = make_member(house.team, "admin")
    first, other = house.member(house.admin), house.member(second)

    results = at_once(
        lambda: actions.change_role(other, role="viewer", by=house.admin),
        lambda: actions.change_role(first, role="viewer", by=second),
    )

    assert len(refused(results)) == 1
    assert Membership.objects.filter(team=house.team, role="admin").count() == 1
    assert len(entries(house.team.pk)) == 1
