"""Tables in a real browser: short ones sort by their heads, density is chosen once for all, actions fit on a phone."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from console.base.accounts.models import User
from tests import factories
from tests.browser.person import sign_in

pytestmark = pytest.mark.django_db(transaction=True)


def names(page: Page) -> list[str]:
    return page.locator("table[data-sortable=hosts-people-card] tbody .fact").all_inner_texts()


def test_a_short_table_sorts_by_its_heads_and_is_found_as_it_was_left(live_server: LiveServer, page: Page, watch):
    watch(page)
    application = factories.make_application()
    admin = factories.make_reviewer(application, "app_admin")
    for name in ("Zoe", "Ada", "Mira"):
        User.objects.filter(pk=factories.make_reviewer(application).pk).update(name=name)
    User.objects.filter(pk=admin.pk).update(name="Kim")
    sign_in(page.context, live_server.url, admin)
    page.goto(f"{live_server.url}{application.get_absolute_url()}")
    page.set_viewport_size({"width": 1440, "height": 900})
    head = page.get_by_role("columnheader", name="Person")
    head.get_by_role("button").press("Enter")
    expect(head).to_have_attribute("aria-sort", "ascending")
    upwards = names(page)
    assert upwards == ["Ada", "Kim", "Mira", "Zoe"]
    head.get_by_role("button").press("Enter")
    expect(head).to_have_attribute("aria-sort", "descending")
    assert names(page) == upwards[::-1]
    page.reload()
    expect(head).to_have_attribute("aria-sort", "descending")
    assert names(page) == upwards[::-1]


def test_density_is_chosen_once_for_all_tables(live_server: LiveServer, page: Page, watch):
    watch(page)
    team = factories.make_team()
    sign_in(page.context, live_server.url, factories.make_member(team, "admin"))
    factories.make_program(team)
    page.goto(f"{live_server.url}{reverse('miniprograms:list')}")
    row = page.locator("tbody tr").first
    roomy = row.bounding_box()
    page.get_by_role("button", name="Compact").click()
    expect(page.get_by_role("button", name="Compact")).to_have_attribute("aria-pressed", "true")
    page.goto(f"{live_server.url}{reverse('accounts:detail', args=[team.pk])}")
    expect(page.locator("html")).to_have_attribute("data-density", re.compile("compact"))
    page.goto(f"{live_server.url}{reverse('miniprograms:list')}")
    compact = row.bounding_box()
    assert roomy and compact and compact["height"] < roomy["height"]
