"""Sign-in by an identity provider in a real browser: there and back under the security policy, and how it looks."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from console.base.accounts import actions
from tests import factories
from tests.browser.person import sign_in
from tests.browser.walking import ALL_SETTINGS, Walker

pytestmark = pytest.mark.django_db(transaction=True)
LOGIN = "/account/sign-in/?next=/teams/"


@pytest.fixture
def here(corp, live_server, settings):
    """The provider, which leads back to the server of the tests."""
    settings.BASE_URL = live_server.url
    return corp


def test_there_and_back(here, live_server, browser):
    ada = factories.make_user("Ada", email="ada@example.com")
    here.knows("ada")
    page = browser.new_context(base_url=live_server.url).new_page()
    page.goto(LOGIN)
    page.get_by_role("link", name="Sign in with Example Corp").click()
    page.get_by_label("Login").fill("ada")
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile("/teams/$"))
    page.goto(reverse("mfa_index"))
    expect(page.locator(".ways-in")).to_contain_text("ada@example.com, linked")
    assert ada.security_entries.filter(kind="signed_in", detail="provider:corp").exists()


def test_axe_and_the_eye_find_nothing(here, live_server, browser, settings):
    team = factories.make_team("Harbour")
    admin = factories.make_member(team, "admin")
    invitation = actions.invite(team, email="eve@example.com", role="developer", by=admin)
    walker = Walker(browser, live_server.url, ALL_SETTINGS)
    walker.visit(LOGIN)
    walker.visit("/account/provider/corp/callback/", status=400)
    walker.visit("/account/one-time/made-up/", status=404)
    settings.PASSWORD_SIGN_IN = False
    walker.visit(LOGIN)
    walker.visit(reverse("account_reset_password"), status=403)
    walker.visit(reverse("accounts:accept", args=[invitation.token]))
    sign_in(walker.context, live_server.url, admin)
    walker.visit(reverse("mfa_index"))
    assert walker.complaints == []
