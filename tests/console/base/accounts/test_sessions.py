"""What ends, ends on the very next request (P-3)."""

import pytest
from django.test import Client
from django.urls import reverse

from console.base.accounts import actions
from console.base.accounts.models import User
from tests.factories import PASSWORD, make_user


@pytest.fixture
def team_page(house):
    return reverse("accounts:detail", args=[house.team.pk])


def signed_out(response):
    return response.status_code == 302 and response.url.startswith(reverse("account_login"))


def test_a_deactivated_user_is_signed_out_at_once(house, signed_in, team_page):
    client = signed_in(house.viewer)
    assert client.get(team_page).status_code == 200

    actions.edit_user(house.viewer, by=make_user(is_staff=True), is_active=False)

    assert signed_out(client.get(team_page))


def test_a_session_that_a_deactivation_ended_stays_ended_after_a_reactivation(house, signed_in, team_page):
    client, operator = signed_in(house.viewer), make_user(is_staff=True)
    client.get(team_page)

    actions.edit_user(house.viewer, by=operator, is_active=False)
    assert not house.viewer.sessions.exists()
    actions.edit_user(house.viewer, by=operator, is_active=True)

    assert signed_out(client.get(team_page))


def test_a_session_from_before_an_upgrade_ends_when_its_user_is_reactivated(house, signed_in, team_page):
    client = signed_in(house.viewer)
    User.objects.filter(pk=house.viewer.pk).update(is_active=False)

    actions.edit_user(house.viewer, by=make_user(is_staff=True), is_active=True)

    assert signed_out(client.get(team_page))


def test_another_name_ends_no_session(house, signed_in, team_page):
    client = signed_in(house.viewer)
    actions.edit_user(house.viewer, by=make_user(is_staff=True), name="Mira", is_active=True)
    assert client.get(team_page).status_code == 200


def test_a_deactivated_user_can_not_sign_in(house, client):
    actions.edit_user(house.viewer, by=make_user(is_staff=True), is_active=False)

    client.post(reverse("account_login"), {"login": house.viewer.email, "password": PASSWORD})

    assert "_auth_user_id" not in client.session


def test_signing_out_ends_the_session_for_good(house, signed_in, team_page):
    client = signed_in(house.viewer)
    cookie = client.cookies["sessionid"].value

    client.post(reverse("account_logout"))

    other = Client()
    other.cookies["sessionid"] = cookie
    assert signed_out(client.get(team_page))
    assert signed_out(other.get(team_page))


def test_signing_out_needs_a_post(house, signed_in, team_page):
    client = signed_in(house.viewer)
    client.get(reverse("account_logout"))
    assert client.get(team_page).status_code == 200


def test_a_new_password_ends_the_other_sessions_and_keeps_this_one(house, signed_in, team_page):
    here, elsewhere = signed_in(house.viewer), signed_in(house.viewer)

    response = here.post(
        reverse("account_change_password"),
        {"oldpassword": PASSWORD, "password1": "plenty of sea air", "password2": "plenty of sea air"},
    )

    assert response.status_code == 302
    assert here.get(team_page).status_code == 200
    assert signed_out(elsewhere.get(team_page))


def test_someone_who_is_no_longer_an_operator_loses_the_admin_at_once(db, signed_in):
    operator = make_user(is_staff=True)
    client = signed_in(operator)
    assert client.get("/admin/").status_code == 200

    actions.edit_user(operator, by=make_user(is_staff=True), is_staff=False)

    assert client.get("/admin/", follow=True).status_code == 403
