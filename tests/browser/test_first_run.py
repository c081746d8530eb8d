"""The checklists of Home in a real browser, in all themes and widths, and the form that begins everything (P-11)."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from console.base.accounts.models import Invitation
from console.base.hosts.actions.inviting import invite_reviewer
from tests import factories
from tests.browser.person import Person, sign_in
from tests.browser.walking import ALL_SETTINGS, Walker

pytestmark = pytest.mark.django_db(transaction=True)


def test_axe_and_the_eye_find_nothing(live_server, browser):
    operator = factories.make_user(is_staff=True)
    admin = factories.make_member(factories.make_team("W" * 60), "admin")
    application = factories.make_application(name="W" * 30)
    lead = factories.make_reviewer(application, "app_admin")
    invite_reviewer(application, email="w" * 60 + "@example.com", by=lead)
    complaints = []
    for person in (operator, admin, lead):
        walker = Walker(browser, live_server.url, ALL_SETTINGS)
        sign_in(walker.context, live_server.url, person)
        walker.visit(reverse("home"))
        complaints += walker.complaints
        walker.context.close()
    assert complaints == []


def test_an_operator_begins(live_server, browser):
    operator = Person(browser, live_server.url, factories.make_user(is_staff=True))
    operator.page.get_by_label("Team", exact=True).fill("City Services")
    operator.page.get_by_label("Administrator’s e-mail").fill("lena@city.example")
    operator.click("Create team")
    operator.sees("lena@city.example is invited and hasn’t joined yet")
    expect(operator.page.get_by_label("Team", exact=True)).to_have_count(0)
    assert Invitation.objects.get().team.name == "City Services"
