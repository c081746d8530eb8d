"""The changes of a report in a real browser: whichever file was clicked last is shown."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from releases import actions
from tests import factories
from tests.browser.person import sign_in

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_last_of_two_quick_clicks_wins(page: Page, live_server: LiveServer, watch) -> None:
    watch(page)
    program = factories.make_program(name="City Bus")
    file = factories.make_zip({"one.js": "one()\n", "two.js": "two()\n"})
    version = actions.upload(program, file=file, number=(1, 0, 0), notes="Notes", by=program.created_by)
    sign_in(page.context, live_server.url, program.created_by)
    page.goto(live_server.url + reverse("releases:changes", args=[program.app_id, version.number]))
    title = page.locator("#file-title")
    expect(title).to_be_visible()
    held: list[Route] = []
    page.route("**/*path=*.js", lambda route: held.append(route))
    for name in ("one.js", "two.js"):
        with page.expect_request(f"**/*path={name}"):
            page.locator("[data-changes]").get_by_text(name).click()
    first, last = held
    first.continue_()
    if answer := first.request.response():  # None: it was taken back.
        answer.finished()
    last.continue_()
    expect(title).to_have_text("two.js")
