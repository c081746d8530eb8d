"""The reference of the API in a real browser: its search, and an address that opens an operation (A-2)."""

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests import factories
from tests.browser.person import sign_in
from tests.browser.walking import AXE, NARROW, WIDE

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_searches_opens_and_links(live_server: LiveServer, page: Page, watch):
    watch(page)
    sign_in(page.context, live_server.url, factories.make_user("Mira"))
    address = live_server.url + reverse("automation:reference")
    page.goto(address)
    upload, submit = page.locator("#upload_version"), page.locator("#submit_version")
    page.get_by_label("Search operations").fill("multipart findings POST")
    expect(page.get_by_text("No operation found")).to_be_visible()
    page.get_by_label("Search operations").fill("post  upload package")
    expect(upload).to_be_visible()
    expect(submit).to_be_hidden()
    page.goto(f"{address}#submit_version")  # an address counts more than what was typed
    expect(submit).to_have_attribute("open", "")
    expect(submit.get_by_text("curl --fail-with-body -X POST")).to_be_visible()
    page.reload()
    expect(page.locator("#submit_version")).to_have_attribute("open", "")
    page.evaluate(
        "document.querySelectorAll('.reference-operation, .reference-refusals').forEach(one => one.open = true)"
    )
    page.evaluate(AXE_SCRIPT)
    for width, asked in ((1440, WIDE.axe), (390, NARROW.axe)):
        page.set_viewport_size({"width": width, "height": 900})
        found = page.evaluate(AXE, asked)
        assert [(each["id"], [node["target"] for node in each["nodes"]][:3]) for each in found] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
