"""The status page in a real browser: it follows by itself, and never lets an old state pass for the present one."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from console.platform.models import Heartbeat
from tests import factories
from tests.browser.person import expect_lost_and_found, sign_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def status(live_server: LiveServer, page: Page, watch):
    """The page of an operator, watched, with a clock that the test turns."""
    watch(page)
    operator = factories.make_user(is_staff=True)
    factories.make_signs()
    page.clock.install()
    sign_in(page.context, live_server.url, operator)
    page.goto(live_server.url + reverse("platform:status"))
    expect(page.locator("#status-headline")).to_have_text("All systems are working")
    return page


def test_follows_by_itself_and_says_what_changed(status: Page):
    Heartbeat.objects.filter(part="worker").delete()
    factories.make_worker("all@two", ago=100)
    status.clock.fast_forward(11_000)
    expect(status.locator("#status-headline")).to_have_text("No heartbeat from worker all@two")
    expect(status.locator("#announcer")).to_have_text("No heartbeat from worker all@two")
    expect(status.locator("#status-processes")).to_contain_text("No heartbeat")


def test_follows_although_a_copy_button_was_clicked_which_keeps_the_focus(status: Page):
    status.context.grant_permissions(["clipboard-read", "clipboard-write"])
    Heartbeat.objects.filter(part="worker").delete()
    factories.make_worker("all@two", ago=100)
    status.clock.fast_forward(11_000)
    command = status.locator("#status-verdict [data-copy]")
    command.click()
    expect(command).to_be_focused()
    Heartbeat.objects.filter(part="beat").delete()
    status.clock.fast_forward(11_000)
    expect(status.locator("#status-headline")).not_to_have_text("No heartbeat from worker all@two")
    expect(command).to_have_count(2)
    expect(command.and_(status.locator("[data-copy*=worker]"))).to_be_focused()


def test_says_when_the_console_does_not_answer(status: Page):
    lost = status.locator("#status-lost")
    expect_lost_and_found(status, lost, every=11_000)


def test_who_is_signed_out_is_asked_to_sign_in(status: Page):
    status.context.clear_cookies()
    status.clock.fast_forward(11_000)
    status.wait_for_url(f"**{reverse('account_login')}**")
