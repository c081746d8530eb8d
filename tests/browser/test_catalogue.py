"""A catalogue of operators in a real browser: rows to tick, and rows of a form that come by a button (P-12)."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from console.base.hosts.models import DefaultApi
from messaging.models import PublicTemplate
from tests import factories
from tests.browser.person import sign_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def operator(live_server: LiveServer, page: Page, watch):
    """A page of an operator, watched."""
    watch(page)
    sign_in(page.context, live_server.url, factories.make_user("Olga", is_staff=True))
    page.base = live_server.url  # type: ignore[attr-defined]
    return page


def test_the_bar_names_how_many_are_ticked(operator: Page):
    DefaultApi.objects.all().delete()
    for name in ("wx.a", "wx.b", "wx.c"):
        DefaultApi.objects.create(name=name, title=name, restricted=name == "wx.a")
    operator.goto(operator.base + reverse("platform:apis"))
    bar = operator.get_by_role("group", name="Selected rows")
    expect(bar).to_be_hidden()
    operator.get_by_label("Select all on this page").check()
    expect(bar).to_contain_text("3 selected")
    operator.get_by_label("Select wx.c").uncheck()
    expect(bar).to_contain_text("2 selected")
    bar.get_by_role("button", name="Restrict").click()
    dialog = operator.locator("#dialog")
    expect(dialog).to_contain_text("Already restricted.")
    dialog.get_by_role("button", name="Restrict").click()
    expect(operator.locator(".toasts")).to_contain_text("wx.b is now restricted in new apps.")
    expect(bar).to_be_hidden()
    assert list(DefaultApi.objects.values_list("restricted", flat=True)) == [True, True, False]


def test_a_button_adds_a_keyword(operator: Page):
    template = factories.make_public_template("Ferry departs")
    operator.goto(operator.base + reverse("platform:edit_template", args=[template.pk]))
    rows = operator.locator(".keyword-row")
    expect(rows).to_have_count(4)
    operator.get_by_role("button", name="Add keyword").click()
    new = rows.nth(4)
    expect(new.get_by_label("Type")).to_be_focused()
    new.get_by_label("Type").select_option("enum")
    words = {"Name": "State", "Name in Chinese": "状态", "Example": "Late", "Example in Chinese": "Late"}
    for label, value in words.items():
        new.get_by_label(label, exact=True).fill(value)
    new.get_by_label("Values").fill("Late\nOn time")
    operator.get_by_role("button", name="Save").click()
    operator.wait_for_url(f"**{reverse('platform:templates')}")
    keyword = PublicTemplate.objects.get(pk=template.pk).keywords.last()
    assert (keyword.key, keyword.options) == ("enum5", ["Late", "On time"])
