"""Around a sign-in by an identity provider (P-10): only by provider, when it is away, confirming, linking."""

from __future__ import annotations

import time

import pytest
import requests
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.socialaccount.models import SocialAccount
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from console.base.accounts import actions
from console.base.accounts.identity import transport
from console.base.accounts.models import User
from tests.console.base.accounts.acting import let_proof_grow_old
from tests.factories import PASSWORD, make_member, make_user
from tests.identity_provider import Visitor
from tests.processes import free_port

pytestmark = pytest.mark.django_db
START, CONFIRM, LINK = "/account/provider/corp/", "/account/provider/corp/confirm/", "/account/provider/corp/link/"


@pytest.fixture
def ada(db):
    return make_user("Ada", email="ada@example.com")


@pytest.fixture
def only(corp, settings):
    """The provider, as the only way in."""
    settings.PASSWORD_SIGN_IN = False
    return corp


@pytest.fixture
def inside(corp, ada):
    """Ada, who has no password and signed in by the provider."""
    User.objects.filter(pk=ada.pk).update(password="!")
    corp.knows("ada")
    visitor = Visitor()
    visitor.go(START, "ada")
    return visitor


# Only by provider -------------------------------------------------------------------------------------------------


def test_the_sign_in_page_offers_every_provider_beside_the_password(corp, settings, client):
    settings.IDENTITY_PROVIDERS["partner"] = corp.configured(name="partner", label="Partner & Co")
    page = client.get("/account/sign-in/?next=/teams/").content.decode()
    assert f'href="{START}?next=/teams/"' in page
    assert "Sign in with Partner &amp; Co" in page
    assert 'type="password"' in page


def test_only_by_provider_the_sign_in_page_has_no_password_and_takes_none(only, ada, client):
    page = client.get("/account/sign-in/").content.decode()
    assert "Sign in with Example Corp" in page
    assert [mark for mark in ('type="password"', "passkey_login") if mark in page] == []
    answer = client.post("/account/sign-in/", {"login": ada.email, "password": PASSWORD})
    assert answer.status_code == 403
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    "name",
    [
        "account_change_password",
        "account_set_password",
        "account_reset_password",
        "account_reset_password_done",
        "account_reset_password_from_key_done",
        "mfa_login_webauthn",
    ],
)
def test_only_by_provider_every_page_about_passwords_says_so(only, ada, signed_in, name, method):
    for client in (Client(), signed_in(ada)):
        page = getattr(client, method)(reverse(name))
        assert (page.status_code, "Password sign-in is off." in page.content.decode()) == (403, True)


def test_only_by_provider_a_mailed_link_sets_no_password(only, ada):
    key = {"uidb36": user_pk_to_url_str(ada), "key": default_token_generator.make_token(ada)}
    path = reverse("account_reset_password_from_key", kwargs=key)
    client = Client()
    assert [client.get(path).status_code, client.post(path).status_code] == [403, 403]


def test_only_by_provider_an_invitation_asks_for_no_password(only, house, client):
    invitation = actions.invite(house.team, email="eve@example.com", role="developer", by=house.admin)
    path = reverse("accounts:accept", args=[invitation.token])
    page = client.get(path).content.decode()
    assert f"{START}?next={path}" in page
    assert "password" not in page
    assert client.post(path, {"name": "Eve", "password": "correct horse battery"}).status_code == 403
    assert not User.objects.filter(email="eve@example.com").exists()


def test_only_by_provider_operators_send_no_password_links(only, ada, operator_client):
    page = operator_client.get(f"/platform/people/{ada.pk}/").content.decode()
    assert "Password sign-in is off." in page
    link = f"/platform/people/{ada.pk}/password-link/"
    assert operator_client.post(link).status_code == 422
    assert "send_link" not in operator_client.get("/platform/people/new/").content.decode()


def test_only_by_provider_no_password_confirms(only, house, signed_in):
    client = signed_in(house.admin)
    let_proof_grow_old(client)
    url = reverse("accounts:invite", args=[house.team.pk])
    page = client.get(url).content.decode()
    assert 'type="password"' not in page
    assert "Sign out, and sign in again with the identity provider." in page
    asked = {"email": "new@example.com", "role": "developer", "sudo_password": PASSWORD}
    assert client.post(url, asked).status_code == 403


def test_only_by_provider_the_own_pages_say_what_applies(only, inside):
    page = inside.client.get("/account/security/").content.decode()
    assert "Switched off. Everyone signs in" in page
    assert reverse("account_change_password") not in page
    assert inside.client.get("/teams/profile/").status_code == 200


# Away ---------------------------------------------------------------------------------------------------------------


def test_a_provider_that_is_away_is_said_to_be(corp, settings, client):
    settings.IDENTITY_PROVIDERS = {"corp": corp.configured(issuer=f"http://127.0.0.1:{free_port()}")}
    page = client.get(START)
    assert (page.status_code, page.context["situation"]) == (503, "away")
    assert client.get("/account/sign-in/").status_code == 200


def test_a_provider_that_hangs_holds_nobody_for_long(corp, ada, client, settings):
    settings.IDENTITY_PROVIDERS = {"corp": corp.configured()}
    cache.clear()
    corp.hang()
    try:
        began = time.monotonic()
        assert client.get(START).status_code == 503
        assert time.monotonic() - began < transport.SECONDS + 20  # a limit, not a measure
        assert client.get("/account/sign-in/").status_code == 200
        page = client.get(START)  # It is known to be away: nobody asks.
        assert page.context["situation"] == "away"
    finally:
        corp.go_on()
    cache.clear()
    corp.knows("ada")
    assert Visitor().go(START, "ada").status_code == 302


def test_a_provider_that_hangs_when_the_person_comes_back(corp, ada):
    corp.knows("ada")
    visitor = Visitor()
    back = visitor.back(visitor.client.get(START).url, "ada")
    corp.hang()
    try:
        page = visitor.client.get(back)
    finally:
        corp.go_on()
    assert (page.status_code, page.context["situation"]) == (503, "away")
    assert "_auth_user_id" not in visitor.client.session


def test_a_provider_of_another_issuer_than_configured(corp, settings, client):
    settings.IDENTITY_PROVIDERS = {"corp": corp.configured(issuer=f"{corp.issuer}/")}
    assert client.get(START).status_code == 503


# Confirming (P-4) ---------------------------------------------------------------------------------------------------


@pytest.fixture
def invite(house, ada, inside):
    """The address of what Ada, an administrator without a password, may do only with a fresh proof."""
    team = actions.add_member(house.team, user=ada, role="admin", by=house.admin).team
    let_proof_grow_old(inside.client)
    return reverse("accounts:invite", args=[team.pk])


ASKED = {"email": "new@example.com", "role": "developer"}


def test_who_has_no_password_confirms_by_the_provider(corp, inside, invite):
    page = inside.client.post(invite, ASKED)
    assert page.status_code == 403
    assert f"{CONFIRM}?next={invite}" in page.content.decode()
    asked = inside.asked
    assert inside.go(f"{CONFIRM}?next={invite}", "ada").url == invite
    assert inside.asked == asked + 1  # although the provider had a session
    assert inside.client.post(invite, ASKED).status_code == 302
    confirmed = User.objects.get(email="ada@example.com").security_entries.get(kind="confirmed")
    assert confirmed.detail == "provider:corp"


def test_who_can_confirm_by_nothing_changes_no_factor(only, ada, signed_in):
    client = signed_in(ada)  # As by a one-time link: without a provider, and passwords are off.
    page = client.get(reverse("mfa_activate_totp"), follow=True)
    assert (page.status_code, "Sign out, and sign in again." in page.content.decode()) == (403, True)


def test_a_first_password_is_set_with_a_fresh_proof_only(corp, inside):
    url = reverse("account_set_password")
    assert inside.client.get(url).status_code == 200
    let_proof_grow_old(inside.client)
    assert inside.client.get(url).url == f"{CONFIRM}?next=%2Faccount%2Fpassword%2Fset%2F"


@pytest.mark.parametrize("seconds_ago", [3600, None])
def test_an_old_sign_in_at_the_provider_is_no_proof(corp, inside, invite, seconds_ago):
    corp.knows("ada", token={"auth_time": seconds_ago and int(time.time()) - seconds_ago})
    page = inside.go(f"{CONFIRM}?next={invite}", "ada")
    assert (page.status_code, page.context["situation"]) == (403, "stale")
    assert inside.client.post(invite, ASKED).status_code == 403


def test_somebody_else_at_the_provider_confirms_nothing(corp, inside, invite):
    corp.knows("bob")
    inside.there = requests.Session()
    page = inside.go(f"{CONFIRM}?next={invite}", "bob")
    assert (page.status_code, page.context["situation"]) == (403, "somebody_else")
    assert inside.client.post(invite, ASKED).status_code == 403


def test_the_librarys_pages_lead_to_the_provider_too(corp, inside, invite):
    """allauth asks nothing of who has no password; a session left open would get a factor of somebody else."""
    page = inside.client.get(reverse("mfa_activate_totp"), follow=False)
    assert (page.status_code, page.url.partition("?")[0]) == (302, CONFIRM)


# Linking ------------------------------------------------------------------------------------------------------------


def test_a_person_links_and_unlinks_a_provider(corp, ada, signed_in):
    corp.knows("private", email="ada@home.example", email_verified=False)
    visitor = Visitor(signed_in(ada))
    assert visitor.go(LINK, "private").url == reverse("mfa_index")
    row = SocialAccount.objects.get(user=ada)
    page = visitor.client.get(reverse("mfa_index")).content.decode()
    unlink = reverse("unlink_identity", args=[row.pk])
    assert "ada@home.example" in page and unlink in page
    assert visitor.client.post(unlink).status_code == 302
    assert not SocialAccount.objects.exists()
    kinds = ada.security_entries.order_by("pk").values_list("kind", flat=True)
    assert list(kinds)[-2:] == ["identity_linked", "identity_unlinked"]


def test_the_only_way_in_is_not_unlinked(corp, ada, inside):
    row = SocialAccount.objects.get(user=ada)
    page = inside.client.post(reverse("unlink_identity", args=[row.pk]))
    assert (page.status_code, SocialAccount.objects.exists()) == (422, True)
    assert "only way to sign in" in page.content.decode()


def test_nobody_unlinks_for_another(corp, ada, inside, signed_in):
    row = SocialAccount.objects.get(user=ada)
    assert signed_in(make_user("Bob")).post(reverse("unlink_identity", args=[row.pk])).status_code == 404


def test_a_provider_is_linked_with_a_fresh_proof_only(corp, ada, signed_in):
    client = signed_in(ada)
    let_proof_grow_old(client)
    assert client.get(LINK).url == f"{reverse('account_reauthenticate')}?next={LINK}"


def test_a_sign_in_that_belongs_to_somebody_is_not_linked_to_another(corp, ada, inside, signed_in):
    bob = make_user("Bob")
    page = Visitor(signed_in(bob)).go(LINK, "ada")
    assert (page.status_code, page.context["situation"]) == (403, "refused")
    assert SocialAccount.objects.get().user == ada


def test_who_began_to_link_and_is_signed_in_as_another_links_nothing(corp, ada, signed_in, house):
    corp.knows("eve")
    visitor = Visitor(signed_in(ada))
    back = visitor.back(visitor.client.get(LINK).url, "eve")
    session = visitor.client.session
    session["_auth_user_id"] = str(make_member(house.team, "viewer").pk)
    session.save()
    visitor.client.get(back)
    assert not SocialAccount.objects.exists()
