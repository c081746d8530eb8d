"""The sandbox in a real browser: a message by its fields or as JSON, and neither half erases the other (M-8)."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests import factories
from tests.browser.person import sign_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sandbox(live_server: LiveServer, page: Page, watch) -> Page:
    """The page of a program's developer, watched."""
    watch(page)
    program = factories.make_program(name="City Bus")
    template = factories.make_template(program, factories.make_public_template("Appointment reminder"))
    sign_in(page.context, live_server.url, program.created_by)
    page.goto(
        live_server.url + reverse("messaging:sandbox", args=[program.app_id]) + f"?template={template.template_id}"
    )
    expect(page.locator("#request-body")).to_contain_text("touser")
    return page


def test_enter_checks_and_fills_nothing_in(sandbox: Page):
    first = sandbox.locator("[data-key]").first
    first.fill("Mine")
    with sandbox.expect_navigation():
        first.press("Enter")
    expect(first).to_have_value("Mine")
    expect(sandbox.locator("[data-key]").nth(1)).to_have_value("")


def test_looking_at_the_fields_erases_no_json(sandbox: Page):
    body = sandbox.locator("#sandbox-body")
    fields, code = (sandbox.get_by_text(label, exact=True) for label in ("Fields", "JSON"))
    code.click()
    for text in ('{"touser": "half', '{"touser": "o1", "data": {"thing1": {"value": "Bus"}}, "more": 1}'):
        body.fill(text)
        fields.click()
        expect(sandbox.locator("[data-key]").first).to_be_visible()
        code.click()
        expect(body).to_have_value(text)
    fields.click()
    sandbox.locator("[data-key]").first.fill("Tram")
    code.click()
    expect(body).to_have_value(re.compile('"Tram"'))
