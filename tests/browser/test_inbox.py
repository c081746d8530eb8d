"""The review inbox in a real browser: many requests approved with few clicks."""

import pytest
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from devmgmt import actions
from devmgmt.models import ApiPermission
from tests.browser.person import sign_in
from tests.factories import make_api, make_application, make_binding, make_program, make_reviewer

pytestmark = pytest.mark.django_db(transaction=True)


def test_ten_programs_are_approved_with_three_clicks(live_server: LiveServer, browser: Browser):
    application = make_application()
    api = make_api(application).name
    for number in range(10):
        program = make_program(name=f"Program {number}")
        make_binding(program, application)
        actions.apply_for_permissions(
            program, application=application, apis=[api], reason="Stops.", by=program.created_by
        )
    page = browser.new_context().new_page()
    sign_in(page.context, live_server.url, make_reviewer(application))
    page.goto(f"{live_server.url}/reviews/")

    page.get_by_label("Select all API requests on this page").check()
    page.get_by_role("button", name="Approve selected…").click()
    page.locator("#dialog").get_by_role("button", name="Approve").click()

    expect(page.get_by_text("10 APIs granted.")).to_be_visible()
    assert ApiPermission.objects.granted().count() == 10
