"""Renaming a team."""

import pytest
from django.urls import reverse

from console.base.accounts import actions
from console.base.core.errors import ActionRefused
from tests.console.base.accounts.acting import at_once, entries, refused
from tests.factories import make_team


def url(house):
    return reverse("accounts:edit", args=[house.team.pk])


def test_works(house, signed_in):
    response = signed_in(house.admin).post(url(house), {"name": "Harbour Mobility"})

    assert response.status_code == 302
    assert response.url == reverse("accounts:detail", args=[house.team.pk])
    house.team.refresh_from_db()
    assert house.team.name == "Harbour Mobility"
    assert entries(house.team.pk) == [
        ("team.edited", str(house.admin), "Harbour Mobility", {"name": "Harbour"}, {"name": "Harbour Mobility"})
    ]


def test_shows_the_form(house, signed_in):
    response = signed_in(house.admin).get(url(house))

    assert response.status_code == 200
    assert response.context["form"].initial == {"name": "Harbour", "requires_second_factor": False}


def test_refuses_the_name_of_another_team_and_keeps_what_was_typed(house, signed_in):
    response = signed_in(house.admin).post(url(house), {"name": "Elsewhere"})

    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["name"]
    assert response.context["form"]["name"].value() == "Elsewhere"
    assert response.context["team"].name == "Harbour"
    assert entries(house.team.pk) == []


@pytest.mark.parametrize("role", ["license_holder", "developer", "viewer"])
def test_lower_role(house, signed_in, role):
    assert signed_in(getattr(house, role)).post(url(house), {"name": "Mine"}).status_code == 403


def test_other_team(house, signed_in):
    assert signed_in(house.stranger).post(url(house), {"name": "Mine"}).status_code == 404


def test_signed_out(house, client):
    response = client.post(url(house), {"name": "Mine"})

    assert (response.status_code, response.url.split("?")[0]) == (302, reverse("account_login"))


def test_wrong_method(house, signed_in):
    assert signed_in(house.admin).put(url(house)).status_code == 405


def test_twice_writes_one_entry(house):
    for _time in range(2):
        actions.edit_team(house.team, by=house.admin, name="Harbour Mobility")

    assert len(entries(house.team.pk)) == 1


def test_refuses_a_name_that_was_taken_meanwhile(house):
    make_team("Taken")
    with pytest.raises(ActionRefused) as refusal:
        actions.edit_team(house.team, by=house.admin, name="Taken")
    assert refusal.value.field == "name"


@pytest.mark.django_db(transaction=True)
def test_at_once_both_are_told(house):
    results = at_once(
        lambda: actions.edit_team(house.team, by=house.admin, name="First"),
        lambda: actions.edit_team(house.team, by=house.admin, name="Second"),
    )

    assert refused(results) == []
    house.team.refresh_from_db()
    log = entries(house.team.pk)
    assert [before["name"] for *_rest, before, _after in log] == ["Harbour", log[0][4]["name"]]
    assert log[1][4] == {"name": house.team.name}
