"""The progress page in a real browser: it follows by itself, and disturbs nobody who is typing (G-11)."""

import pytest
from django.core.cache import cache
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from grayscale import actions
from grayscale.models import GrayscaleTask
from tests import factories
from tests.browser.person import expect_lost_and_found, sign_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def task(db: None) -> GrayscaleTask:
    """Delivers to 20 users."""
    cache.clear()
    return factories.make_task(user_limit=20)


@pytest.fixture
def progress(task: GrayscaleTask, live_server: LiveServer, page: Page, watch):
    """The task's page, watched, with a clock that the test turns."""
    watch(page)
    page.clock.install()
    sign_in(page.context, live_server.url, task.created_by)
    page.goto(live_server.url + reverse("grayscale:progress", args=[task.mini_program.app_id, task.pk]))
    expect(page.locator("#chart canvas")).to_be_visible()
    return page


def test_numbers_and_chart_follow_by_themselves(progress: Page, task: GrayscaleTask):
    delivered = progress.locator("#live-tiles .tile-value").first
    expect(delivered).to_have_text("0")
    progress.get_by_label("GUID").fill("0302")
    for _place in range(3):
        factories.make_claim(task)
    progress.clock.fast_forward(6000)
    expect(delivered).to_have_text("3")
    expect(progress.locator("#chart-words")).to_contain_text("3 of 20 devices have 1.1.0")
    expect(progress.get_by_label("GUID")).to_have_value("0302")
    expect(progress.get_by_label("GUID")).to_be_focused()
    factories.make_claim(task)
    progress.clock.fast_forward(6000)
    expect(delivered).to_have_text("4")


def test_a_new_state_is_said_and_the_last_look_is_the_end(progress: Page, task: GrayscaleTask):
    actions.end(task, by=task.created_by)
    progress.clock.fast_forward(6000)
    expect(progress.locator("#live-status")).to_contain_text("Ended")
    expect(progress.locator("#announcer")).to_contain_text("no new devices after the end")
    expect(progress.get_by_role("button", name="Suspend…")).to_have_attribute("aria-disabled", "true")
    asked: list[str] = []
    progress.on("request", lambda request: asked.append(request.url))
    progress.clock.run_for(60_000)
    assert asked == []


def test_says_when_it_can_not_follow_and_asks_who_is_signed_out_to_sign_in(progress: Page):
    lost = progress.locator("#main").get_by_text("This page may be out of date.")
    expect_lost_and_found(progress, lost, every=6000)
    progress.context.clear_cookies()
    progress.clock.fast_forward(6000)
    progress.wait_for_url(f"**{reverse('account_login')}**")


def test_the_chart_can_show_the_last_day_and_follows_the_theme(progress: Page):
    day = progress.get_by_role("button", name="24 h")
    day.click()
    expect(day).to_have_attribute("aria-pressed", "true")
    expect(progress.get_by_role("button", name="Whole task")).to_have_attribute("aria-pressed", "false")
    progress.evaluate("document.querySelector('#chart canvas').dataset.old = 'yes'")
    progress.locator("[data-theme-toggle]:visible").first.click()
    expect(progress.locator("#chart canvas[data-old]")).to_have_count(0)
    expect(progress.locator("#chart canvas")).to_have_count(1)
