"""The list of teams, the page of one, its activity."""

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from console.base.accounts import actions
from tests.factories import join, make_member, make_team, make_user


def url(house):
    return reverse("accounts:detail", args=[house.team.pk])


def test_list_shows_my_teams_with_role_and_size(house, signed_in):
    join(make_team("Atlas"), house.viewer, "admin")

    rows = signed_in(house.viewer).get(reverse("accounts:list")).context["page"].object_list

    assert [(row.team.name, row.role, row.people) for row in rows] == [("Atlas", "admin", 1), ("Harbour", "viewer", 4)]


def test_list_without_a_team_says_what_to_do(db, signed_in):
    response = signed_in(make_user()).get(reverse("accounts:list"))

    assert response.status_code == 200
    assert "You aren’t in a team yet" in response.content.decode()


def test_list_signed_out(db, client):
    assert client.get(reverse("accounts:list")).status_code == 302


def test_that_nobody_is_invited_is_said_once(house, signed_in):
    page = signed_in(house.admin).get(url(house)).content.decode()
    assert page.lower().count("pending invitations") == 1


@pytest.mark.parametrize("name", ["list", "profile"])
def test_wrong_method(house, signed_in, name):
    assert signed_in(house.admin).delete(reverse(f"accounts:{name}")).status_code == 405


@pytest.mark.parametrize("role", ["admin", "license_holder", "developer", "viewer"])
def test_every_member_sees_members_and_invitations(house, signed_in, role):
    actions.invite(house.team, email="new@example.com", role="viewer", by=house.admin)

    response = signed_in(getattr(house, role)).get(url(house))

    people = [member.user for member in response.context["page"]]
    assert people == [house.admin, house.license_holder, house.developer, house.viewer]
    assert [invitation.email for invitation in response.context["invitations"]] == ["new@example.com"]
    assert [entry.verb for entry in response.context["entries"]] == ["member.invited"]


def test_who_may_not_is_told_whom_to_ask(house, signed_in):
    page = signed_in(house.viewer).get(url(house)).content.decode()

    assert "Team administrators of" in page
    for label in ("Invite…", "Edit…", "Change role…", "Remove…"):
        assert label not in page
    for name in ("invite", "edit"):
        assert reverse(f"accounts:{name}", args=[house.team.pk]) not in page
    assert reverse("accounts:leave", args=[house.team.pk]) in page


def test_the_last_administrator_is_told_why(house, signed_in):
    client = signed_in(house.admin)
    page = client.get(url(house)).content.decode()

    assert str(actions.LAST_ADMIN) in page
    assert reverse("accounts:leave", args=[house.team.pk]) not in page
    make_member(house.team, "admin")
    assert str(actions.LAST_ADMIN) not in client.get(url(house)).content.decode()


def test_no_token_on_the_page(house, signed_in):
    invitation = actions.invite(house.team, email="new@example.com", role="viewer", by=house.admin)
    assert invitation.token not in signed_in(house.admin).get(url(house)).content.decode()


@pytest.mark.parametrize("name", ["detail", "activity"])
def test_other_team(house, signed_in, name):
    assert signed_in(house.stranger).get(reverse(f"accounts:{name}", args=[house.team.pk])).status_code == 404


@pytest.mark.parametrize("name", ["detail", "activity"])
def test_team_wrong_method(house, signed_in, name):
    assert signed_in(house.admin).post(reverse(f"accounts:{name}", args=[house.team.pk])).status_code == 405


@pytest.mark.parametrize(
    ("query", "roles"),
    [
        ({"role": "developer"}, ["developer"]),
        ({"role": "owner"}, ["admin", "license_holder", "developer", "viewer"]),
        ({"q": "NADIA"}, ["developer"]),
        ({"q": "nadia@"}, ["developer"]),
        ({"q": "nobody like that"}, []),
    ],
)
def test_filters(house, signed_in, query, roles):
    type(house.developer).objects.filter(pk=house.developer.pk).update(name="Nadia Roy", email="nadia@example.com")

    page = signed_in(house.admin).get(url(house), query).context["page"]

    assert [member.role for member in page] == roles


def test_pages(house, signed_in):
    for _number in range(settings.PAGE_SIZE):
        make_member(house.team, "viewer")

    client = signed_in(house.admin)

    assert [len(client.get(url(house), {"page": page}).context["page"]) for page in (1, 2, 99)] == [25, 4, 4]


def test_activity_is_the_team_s_own(house, signed_in):
    other = house.stranger.memberships.get().team
    actions.edit_team(other, by=house.stranger, name="Elsewhere again")
    actions.edit_team(house.team, by=house.admin, name="Harbour again")
    actions.change_role(house.member(house.viewer), role="developer", by=house.admin)
    client = signed_in(house.viewer)
    page = reverse("accounts:activity", args=[house.team.pk])

    assert [entry.verb for entry in client.get(page).context["entries"]] == ["member.role_changed", "team.edited"]
    found = client.get(page, {"what": "team.edited"}).context["entries"]
    assert [entry.target_label for entry in found] == ["Harbour again"]


def test_constant_queries_at_one_and_three_rows(db, signed_in):
    admin = make_user()
    team = make_team(admin=admin)
    client = signed_in(admin)
    pages = [reverse("accounts:list"), reverse("accounts:detail", args=[team.pk])]

    def grow(number):
        make_member(team, "viewer")
        actions.invite(team, email=f"new{number}@example.com", role="viewer", by=admin)
        make_team(admin=admin)

    def count():
        counts = []
        for page in pages:
            with CaptureQueriesContext(
                connection,
            ) as queries:
                assert client.get(page).status_code == 200
            counts.append(len(queries))
        return counts

    grow(1)
    one = count()
    grow(2)
    grow(3)
    assert count() == one
