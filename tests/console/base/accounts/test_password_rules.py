"""What may be a password (P-6): anything long enough that nobody tries first, taken to the letter."""

import re
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from console.base.accounts import delivery
from console.base.accounts.models import User
from tests.factories import PASSWORD, make_user


def test_no_account_is_there_before_somebody_makes_one(db):
    assert not User.objects.exists()


def change(client, new, old=PASSWORD):
    fields = {"oldpassword": old, "password1": new, "password2": new}
    return client.post(reverse("account_change_password"), fields)


@pytest.mark.parametrize(
    "password",
    [
        "seven slow herons cross",  # small letters and blanks
        "七只慢鹭过河去了吗今晚",
        " heron, 7 slow ones ",  # blanks at the ends count
        "harbour heron lantern " * 5 + "tide",
    ],
)
def test_any_composition_up_to_a_hundred_characters_and_more(db, signed_in, client, password):
    user = make_user()
    assert len(password) <= 128
    assert change(signed_in(user), password).status_code == 302
    user.refresh_from_db()
    assert user.check_password(password)
    others = {password.upper(), password.strip(), f"{password}x", password[:-1]} - {password}
    assert not any(map(user.check_password, others))
    client.post(reverse("account_login"), {"login": user.email, "password": password})
    assert "_auth_user_id" in client.session


@pytest.mark.parametrize("password", ["heron 7", "1234567890", "password123", "qwertyuiop"])
def test_short_and_common_ones_are_refused_beside_the_field(db, signed_in, password):
    response = change(signed_in(make_user()), password)
    assert response.status_code == 200
    assert set(response.context["form"].errors) & {"password1", "password2"}


def test_one_s_own_address_is_none(db, signed_in):
    user = make_user(email="harbourmaster@example.com", name="Gudrun Lighthouse")
    for password in ("harbourmaster@example.com", "harbourmaster1", "gudrun lighthouse"):
        assert change(signed_in(user), password).status_code == 200, password


def test_the_present_one_is_asked_for(db, signed_in):
    response = change(signed_in(make_user()), "seven slow herons cross", old="seven fast herons cross")
    assert (response.status_code, list(response.context["form"].errors)) == (200, ["oldpassword"])


def test_none_expires_by_its_age(db, client):
    user = make_user()
    with time_machine.travel(timezone.now() + timedelta(days=5 * 365), tick=False):
        client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
        assert client.get("/").status_code == 200


def test_recovery_codes_have_eight_digits_each_their_own(db):
    user, other = make_user(), make_user()
    codes = [code for person in (user, other) for code in RecoveryCodes.activate(person).get_unused_codes()]
    assert len(set(codes)) == len(codes) == 20
    assert all(re.fullmatch(r"[0-9]{8}", code) for code in codes)


def test_fields_hide_it_and_let_password_managers_fill_them(db, signed_in, client):
    pages = [client.get(reverse("account_login")), signed_in(make_user()).get(reverse("account_change_password"))]
    for page in pages:
        fields = re.findall(r'<input[^>]*name="\w*password\w*"[^>]*>', page.content.decode())
        assert fields
        for field in fields:
            assert 'type="password"' in field
            assert re.search(r'autocomplete="(current|new)-password"', field)
            assert 'value="' not in field
            assert "onpaste" not in field


def test_a_new_password_by_the_link_does_not_stand_for_the_second_factor(db, client):
    user = make_user()
    Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data={"name": "Key", "credential": {}})
    client.post(reverse("account_reset_password"), {"email": user.email})
    delivery.send_waiting(at=timezone.now())
    link = re.search(r"https?://[^/]+(/\S+)", mail.outbox[-1].body)[1]
    new = "seven slow herons cross"
    client.post(client.get(link).url, {"password1": new, "password2": new})
    assert "_auth_user_id" not in client.session
    user.refresh_from_db()
    assert user.check_password(new)

    browser = Client()
    answer = browser.post(reverse("account_login"), {"login": user.email, "password": new})
    assert answer.url == reverse("mfa_authenticate")
    assert "_auth_user_id" not in browser.session
