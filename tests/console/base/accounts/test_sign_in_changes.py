"""What people change about how they sign in is in the log: one entry each, of no team (P-5, P-6)."""

import re

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from console.base.accounts import delivery
from tests.console.base.accounts.acting import entries
from tests.factories import PASSWORD

NEW = "plenty of sea air"


def prove(client):
    """Second factors ask once more who it is, however fresh the sign-in."""
    assert client.post(reverse("account_reauthenticate"), {"password": PASSWORD}).status_code == 302
    return client


def test_the_password_is_changed(house, signed_in):
    fields = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    client = signed_in(house.viewer)

    assert client.post(reverse("account_change_password"), {**fields, "oldpassword": "wrong"}).status_code == 200
    assert entries() == []
    assert client.post(reverse("account_change_password"), fields).status_code == 302

    person = str(house.viewer)
    assert entries() == [("user.password_changed", person, person, None, None)]


def test_the_password_is_reset_by_the_link_once(house, client):
    client.post(reverse("account_reset_password"), {"email": house.viewer.email})
    delivery.send_waiting(at=timezone.now())
    link = re.search(r"https?://[^/]+(/\S+)", mail.outbox[-1].body)[1]
    assert entries() == []

    form = client.get(link)
    answer = client.post(form.url, {"password1": NEW, "password2": NEW})
    Client().get(link)

    person = str(house.viewer)
    assert entries() == [("user.password_reset", person, person, None, None)]
    assert (answer.url, client.get(answer.url).status_code) == (reverse("home"), 200)  # signed in (P-11)
    assert list(house.viewer.sessions.values_list("session_key", "method")) == [
        (client.session.session_key, "password_reset")
    ]
    assert "password link" in client.get(reverse("mfa_index")).content.decode()


def test_a_team_s_second_factor_holds_after_the_link_too(house, client):
    """P-6: who has none sets it up before anything opens."""
    house.team.requires_second_factor = True
    house.team.save()
    client.post(reverse("account_reset_password"), {"email": house.viewer.email})
    delivery.send_waiting(at=timezone.now())
    link = re.search(r"https?://[^/]+(/\S+)", mail.outbox[-1].body)[1]
    client.post(client.get(link).url, {"password1": NEW, "password2": NEW})
    assert client.get(reverse("home")).url == reverse("mfa_index")


def test_codes_of_an_app_come_and_go(house, signed_in, django_capture_on_commit_callbacks):
    client = prove(signed_in(house.viewer))
    secret = client.get(reverse("mfa_activate_totp")).context["form"].secret
    code = format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))

    for name, fields in (
        ("mfa_activate_totp", {"code": code}),
        ("mfa_generate_recovery_codes", {}),
        ("mfa_deactivate_totp", {}),
    ):
        with django_capture_on_commit_callbacks(execute=True):
            assert client.post(reverse(name), fields).status_code == 302

    assert [(verb, before or after) for verb, _by, _on, before, after in entries()] == [
        ("user.factor_added", {"factor": "Authenticator app"}),
        ("user.factor_added", {"factor": "Recovery codes"}),
        ("user.factor_renewed", {"factor": "Recovery codes"}),
        ("user.factor_removed", {"factor": "Authenticator app"}),
        ("user.factor_removed", {"factor": "Recovery codes"}),
    ]


def test_a_passkey_is_removed(house, signed_in, settings):
    # The library's own view and form look the row up twice.
    settings.ZEAL_ALLOWLIST = [*settings.ZEAL_ALLOWLIST, {"model": "mfa.Authenticator"}]
    client = prove(signed_in(house.viewer))
    passkey = Authenticator.objects.create(user=house.viewer, type="webauthn", data={"name": "Blue key"})

    assert client.post(reverse("mfa_remove_webauthn", args=[passkey.pk])).status_code == 302

    person = str(house.viewer)
    assert entries() == [("user.factor_removed", person, person, {"factor": "Blue key"}, None)]


def test_nobody_removes_the_passkey_of_another_person(house, signed_in):
    passkey = Authenticator.objects.create(user=house.viewer, type="webauthn", data={"name": "Blue key"})

    assert prove(signed_in(house.admin)).post(reverse("mfa_remove_webauthn", args=[passkey.pk])).status_code == 404
    assert entries() == []
