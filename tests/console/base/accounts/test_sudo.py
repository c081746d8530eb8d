"""Sudo mode: the password again when the last proof is old (P-4)."""

import time

import pytest
import time_machine
from django.conf import settings
from django.urls import reverse

from tests.console.base.accounts.acting import let_proof_grow_old
from tests.factories import PASSWORD


@pytest.fixture
def url(house):
    return reverse("accounts:invite", args=[house.team.pk])


@pytest.fixture
def client(house, signed_in):
    return signed_in(house.admin)


ASKED = {"email": "new@example.com", "role": "developer"}


def invited(house):
    return list(house.team.invitations.values_list("email", "role"))


def test_a_fresh_sign_in_is_proof_enough(house, client, url):
    assert "sudo_password" not in client.get(url).content.decode()
    assert client.post(url, ASKED).status_code == 302


def test_it_is_asked_after_the_time_and_not_before(client, url):
    now = time.time()
    with time_machine.travel(now + settings.SUDO_SECONDS - 5, tick=False):
        assert "sudo_password" not in client.get(url).content.decode()
    with time_machine.travel(now + settings.SUDO_SECONDS + 5, tick=False):
        assert "sudo_password" in client.get(url).content.decode()


def test_without_password_what_was_typed_is_carried_along(house, client, url):
    let_proof_grow_old(client)

    response = client.post(url, ASKED)

    assert response.status_code == 403
    assert sorted(response.context["typed"]) == sorted(ASKED.items())
    page = response.content.decode()
    assert '<input type="hidden" name="email" value="new@example.com">' in page
    assert '<input type="hidden" name="role" value="developer">' in page
    assert page.count('name="csrfmiddlewaretoken"') == page.count("<form method") + page.count(
        '<form class="card confirm'
    )
    assert invited(house) == []


def test_a_wrong_password_does_nothing_and_is_not_echoed(house, client, url):
    let_proof_grow_old(client)

    response = client.post(url, {**ASKED, "sudo_password": "not the password"})

    assert (response.status_code, response.context["error"]) == (403, "Wrong password. Try again.")
    assert "not the password" not in response.content.decode()
    assert invited(house) == []


def test_the_right_password_goes_on_and_counts_for_the_next_one(house, client, url):
    let_proof_grow_old(client)

    assert client.post(url, {**ASKED, "sudo_password": PASSWORD}).status_code == 302

    assert invited(house) == [("new@example.com", "developer")]
    assert client.post(url, {**ASKED, "email": "other@example.com"}).status_code == 302


def test_a_proof_is_not_asked_again_when_the_form_is_refused(client, url):
    let_proof_grow_old(client)

    response = client.post(url, {"email": "nobody", "role": "viewer", "sudo_password": PASSWORD})

    assert response.status_code == 422
    assert "sudo_password" not in response.content.decode()


def test_attempts_are_limited(house, client, url):
    let_proof_grow_old(client)
    for _attempt in range(10):
        client.post(url, {**ASKED, "sudo_password": "wrong"})

    response = client.post(url, {**ASKED, "sudo_password": PASSWORD})

    assert (response.status_code, response.context["error"]) == (
        403,
        "Too many attempts. Wait a few minutes and try again.",
    )
    assert invited(house) == []


def test_who_may_not_is_not_asked_for_a_password(house, signed_in, url):
    client = signed_in(house.viewer)
    let_proof_grow_old(client)
    response = client.post(url, ASKED)
    assert response.status_code == 403
    assert "sudo_password" not in response.content.decode()


def test_a_proof_belongs_to_its_session(house, client, signed_in, url):
    let_proof_grow_old(client)
    signed_in(house.admin)
    assert client.post(url, ASKED).status_code == 403


DIALOG = {"HX-Request": "true", "HX-Target": "dialog"}


def test_a_dialog_whose_proof_grew_old_gets_the_field(client, url):
    let_proof_grow_old(client)

    response = client.post(url, ASKED, headers=DIALOG)

    assert response.status_code == 403
    assert (response["HX-Retarget"], response["HX-Reswap"]) == ("#dialog .dialog-body", "beforeend")
    assert response.content.decode().count('name="sudo_password"') == 1
    assert "<form" not in response.content.decode()


def test_a_wrong_password_in_a_dialog_is_told_beside_its_field(house, client, url):
    let_proof_grow_old(client)

    response = client.post(url, {**ASKED, "sudo_password": "wrong"}, headers=DIALOG)

    assert response.status_code == 403
    assert (response["HX-Retarget"], response["HX-Reswap"]) == ("#dialog .sudo", "outerHTML")
    assert "Wrong password. Try again." in response.content.decode()
    assert "<form" not in response.content.decode()
    assert invited(house) == []
