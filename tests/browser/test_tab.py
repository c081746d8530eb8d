"""What the browser's tab says, waiting for a page, exact times by tap and key, toasts that take an act back."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.person import sign_in
from tests.factories import make_application, make_binding, make_program, make_reviewer

pytestmark = pytest.mark.django_db(transaction=True)
ICON = "link[rel=icon]"


@pytest.fixture
def console(live_server: LiveServer, page: Page, watch):
    """The home page of a reviewer with one unread notification, for whom nothing waits; the test turns the clock."""
    watch(page)
    application = make_application(name="Metro Wallet")
    user = make_reviewer(application)
    user.notifications.create(kind="decision", text="City Bus 2.6.0 was approved.", url="/activity/")
    page.clock.install()
    sign_in(page.context, live_server.url, user)
    page.goto(f"{live_server.url}/")
    page.application = application  # type: ignore[attr-defined]
    return page


def test_the_tab_counts_and_gets_a_dot(console: Page):
    expect(console).to_have_title(re.compile(r"^\(1\) "))
    expect(console.locator(ICON)).to_have_attribute("href", re.compile(r"/mark\.[^/]*svg$"))
    make_binding(make_program(), console.application, state="waiting")
    console.reload()
    expect(console.locator(ICON)).to_have_attribute("href", re.compile(r"/mark-dot\.[^/]*svg$"))
    expect(console.locator(".nav-count")).to_contain_text("1")


def test_a_slow_answer_says_that_it_is_on_its_way(console: Page):
    held: list[Route] = []
    console.route("**/shortcuts/", lambda route: held.append(route))
    bar, main = console.locator("#loading"), console.locator("#main")
    main.hover(trial=True)  # That takes two frames: Chromium drops keys until it has drawn the first.
    with console.expect_request("**/shortcuts/"):
        console.keyboard.press("?")
    expect(bar).to_be_hidden()
    console.clock.fast_forward(400)
    expect(bar).to_be_visible()
    expect(main).to_have_attribute("aria-busy", "true")
    held[0].continue_()
    expect(console.locator("#dialog h2")).to_be_visible()
    expect(bar).to_be_hidden()
    expect(main).not_to_have_attribute("aria-busy", "true")


def test_so_does_a_page_and_one_that_comes_back_is_ready(console: Page):
    """Of a page that is being left nothing can be asked: it is told here that it is."""
    bar = console.locator("#loading")
    console.evaluate("window.dispatchEvent(new Event('beforeunload'))")
    console.clock.fast_forward(400)
    expect(bar).to_be_visible()
    console.evaluate("window.dispatchEvent(new Event('pageshow'))")
    expect(bar).to_be_hidden()


def test_exact_times_without_a_mouse(console: Page, live_server: LiveServer):
    console.goto(live_server.url + reverse("hosts:detail", args=[console.application.application_id]))
    time = console.locator("main time[title]").first
    words = time.get_attribute("title")
    time.click()
    expect(console.locator(".time-hint")).to_have_text(words)
    console.keyboard.press("Escape")
    expect(console.locator(".time-hint")).to_be_hidden()

    button = console.get_by_role("button", name="Show exact times")
    button.press("Enter")
    expect(button).to_have_attribute("aria-pressed", "true")
    console.reload()
    expect(button).to_have_attribute("aria-pressed", "true")
    assert time.evaluate("time => getComputedStyle(time, '::after').content.includes(time.title)")


def test_a_toast_that_takes_back_stays(console: Page, live_server: LiveServer):
    console.goto(live_server.url + reverse("notifications"))
    console.locator("main").get_by_role("button", name="Mark all read").click()
    expect(console.locator(".toast")).to_contain_text("All notifications marked as read.")
    expect(console).to_have_title(re.compile(r"^Notifications"))
    console.clock.fast_forward(20_000)
    console.locator(".toast").get_by_role("button", name="Undo").click()
    expect(console).to_have_title(re.compile(r"^\(1\) Notifications"))
