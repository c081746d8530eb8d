"""The task form by keyboard, and what stands beside it while it is filled in."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from grayscale.models import GrayscaleTask
from tests import factories
from tests.browser.person import sign_in

pytestmark = pytest.mark.django_db(transaction=True)


def test_made_by_keyboard_while_the_side_follows(live_server, page: Page):
    version = factories.make_candidate()
    program, by = version.mini_program, version.mini_program.created_by
    second = factories.make_application(name="Second App")
    factories.make_binding(program, second)
    sign_in(page.context, live_server.url, by)
    page.goto(live_server.url + reverse("grayscale:create", args=[program.app_id]))
    side = page.locator("#task-side")
    expect(side).to_contain_text("No devices yet")

    page.get_by_label("Task name").focus()
    page.keyboard.type("By keyboard")
    expect(page.locator("#task-words")).to_have_text("2 of 20 words")
    page.get_by_label("Second App, lowest version").focus()
    page.keyboard.type("8.2")
    expect(page.get_by_role("checkbox", name="Second App")).to_be_checked()  # Who types a range means its row.
    expect(side).to_contain_text("Devices in Second App 8.2 or higher")
    page.get_by_label("Wi-Fi").focus()
    page.keyboard.press("Space")
    expect(side).to_contain_text("while on Wi-Fi")
    expect(page.get_by_label("Wi-Fi")).to_be_focused()  # The refresh takes the focus from nobody.
    page.keyboard.press("Enter")
    page.wait_for_url("**/grayscale/")

    task = GrayscaleTask.objects.get()
    assert (task.name, task.networks, task.applications.get().lowest) == ("By keyboard", ["wifi"], "8.2")
    page.get_by_role("link", name="Suspend…").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Suspend", exact=True).click()
    expect(page.locator(".toast")).to_contain_text("“By keyboard” suspended.")
    expect(page.locator("tbody .status")).to_have_text("Suspended")
