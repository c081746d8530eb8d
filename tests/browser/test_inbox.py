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

    page.get_by_label("Select all on this page").check()
    page.get_by_role("button", name="Approve…").click()
    page.locator("#dialog").get_by_role("button", name="Approve").click()

    expect(page.get_by_text("10 APIs granted.")).to_be_visible()
    assert ApiPermission.objects.granted().count() == 10


def test_enter_in_a_field_decides_nothing(live_server: LiveServer, browser: Browser):
    application = make_application()
    apis = [make_api(application, name).name for name in ("wx.getLocation", "wx.scanCode")]
    program = make_program()
    make_binding(program, application)
    together = actions.apply_for_permissions(
        program, application=application, apis=apis, reason="Stops.", by=program.created_by
    )
    exemption = actions.apply_for_exemption(program, application=application, reason="Hosts.", by=program.created_by)
    page = browser.new_context().new_page()
    sign_in(page.context, live_server.url, make_reviewer(application))
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)

    for request, fields in ((together[0], ("[type=date]", "[type=radio]")), (exemption, ("[type=date]",))):
        page.goto(f"{live_server.url}{request.get_absolute_url()}")
        page.fill("[type=date]", "2030-01-31")
        for field in fields:
            page.locator(f"#main {field}").first.press("Enter")
            page.evaluate("new Promise(resolve => setTimeout(resolve))")
        assert sent == []
    page.get_by_role("button", name="Approve", exact=True).press("Enter")
    expect(page.get_by_text("approved.")).to_be_visible()
