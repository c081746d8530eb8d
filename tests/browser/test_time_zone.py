"""A browser says which zone it is in, and a person chooses another one (P-9; real browser)."""

import pytest
from playwright.sync_api import Browser, expect

from tests import factories
from tests.browser.person import sign_in

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_browser_s_zone_from_the_second_page_on_and_a_person_s_own(live_server, browser: Browser):
    context = browser.new_context(base_url=live_server.url, timezone_id="Asia/Shanghai")
    sign_in(context, live_server.url, factories.make_user())
    page = context.new_page()
    page.goto("/")
    expect(page.locator(".page-foot a").first).to_have_text("Times in UTC")
    page.wait_for_function("document.cookie.includes('time_zone=')")
    page.goto("/teams/profile/")
    expect(page.locator(".page-foot a").first).to_have_text("Times in Asia/Shanghai (UTC+8)")

    search = page.get_by_role("combobox", name="Time zone")
    search.click()
    search.fill("kolk")
    search.press("Enter")  # at once, as one types who knows the name
    expect(page.locator(".ts-control .item")).to_have_text("Asia/Kolkata")
    expect(page.locator(".ts-dropdown")).to_be_hidden()
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".page-foot a").first).to_have_text("Times in Asia/Kolkata (UTC+5:30)")
