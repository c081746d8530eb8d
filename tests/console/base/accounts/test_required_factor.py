"""A team requires a second factor of its members (P-6)."""

import pytest
from allauth.mfa.models import Authenticator
from django.urls import reverse

from console.base.accounts import actions
from console.base.core.errors import ActionRefused
from tests.console.base.accounts.acting import entries, let_proof_grow_old
from tests.factories import make_program


def give_factor(user):
    return Authenticator.objects.create(user=user, type="totp", data={"secret": "JBSWY3DPEHPK3PXP"})


@pytest.fixture
def strict(house):
    """The team, which requires it; its administrator has one."""
    give_factor(house.admin)
    actions.edit_team(house.team, by=house.admin, name=house.team.name, requires_second_factor=True)
    return house.team


def edit(house):
    return reverse("accounts:edit", args=[house.team.pk])


def test_an_administrator_requires_it(house, signed_in):
    give_factor(house.admin)
    client = signed_in(house.admin)
    assert client.post(edit(house), {"name": "Harbour", "requires_second_factor": "on"}).status_code == 302
    house.team.refresh_from_db()
    assert house.team.requires_second_factor
    assert entries(house.team.pk)[-1][0::3] == ("team.edited", {"second_factor": False})
    assert client.get("/").status_code == 200


def test_an_administrator_without_one_would_be_outside(house, signed_in):
    page = signed_in(house.admin).post(edit(house), {"name": "Harbour", "requires_second_factor": "on"})
    assert (page.status_code, list(page.context["form"].errors)) == (422, ["requires_second_factor"])
    with pytest.raises(ActionRefused):
        actions.edit_team(house.team, by=house.admin, name="Harbour", requires_second_factor=True)


def test_it_is_asked_for_with_the_password(house, signed_in):
    give_factor(house.admin)
    client = signed_in(house.admin)
    let_proof_grow_old(client)
    assert client.post(edit(house), {"name": "Harbour", "requires_second_factor": "on"}).status_code == 403


@pytest.mark.parametrize("url", ["/", "/miniprograms/", "/activity/", "/search/?q=a", "/notifications/", "/teams/"])
def test_a_member_without_one_is_led_to_set_it_up_from_the_next_request(house, signed_in, url):
    client = signed_in(house.developer)
    assert client.get(url).status_code == 200
    give_factor(house.admin)
    actions.edit_team(house.team, by=house.admin, name=house.team.name, requires_second_factor=True)
    answer = client.get(url)
    assert (answer.status_code, answer.url) == (302, reverse("mfa_index"))
    assert "Harbour requires a second factor." in client.get(answer.url).content.decode()


def test_nothing_is_done_and_nothing_of_the_team_is_shown(house, strict, signed_in):
    program = make_program(strict)
    house.license_holder.notifications.create(kind="people", text="Words of the team", url="/")
    client = signed_in(house.license_holder)
    answer = client.post(reverse("miniprograms:take_off_shelf", args=[program.app_id]), {"note": "x"})
    assert answer.url == reverse("mfa_index")
    program.refresh_from_db()
    assert program.shelf == "on"
    page = client.get(answer.url).content.decode()
    assert "Words of the team" not in page
    assert program.name not in page


def test_in_a_dialog_the_whole_page_goes(house, strict, signed_in):
    url = reverse("accounts:leave", args=[strict.pk])
    answer = signed_in(house.viewer).get(url, headers={"HX-Request": "true", "HX-Target": "dialog"})
    assert answer.headers["HX-Redirect"] == reverse("mfa_index")


def test_with_one_everything_opens(house, strict, signed_in):
    client = signed_in(house.viewer)
    for name in ("mfa_index", "account_reauthenticate", "accounts:profile", "security_log"):
        assert client.get(reverse(name)).status_code == 200
    give_factor(house.viewer)
    assert client.get(reverse("accounts:detail", args=[strict.pk])).status_code == 200


def test_others_are_not_asked(house, strict, signed_in):
    assert signed_in(house.stranger).get("/").status_code == 200
