"""What fails is said where it is read, is sent once, and loses nothing (real browser)."""

from pathlib import Path

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from console.base.accounts.models import User
from miniprograms.models import MiniProgram
from tests.browser.person import Person, open_dialog, sign_in
from tests.factories import make_member, make_program

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.console.base.core.urls"),
]


@pytest.fixture
def program(db: None) -> MiniProgram:
    return make_program(name="City Bus")


@pytest.fixture
def holder(program: MiniProgram) -> User:
    return make_member(program.team, "license_holder")


@pytest.fixture
def console(live_server: LiveServer, browser: Browser, holder: User, watch) -> Page:
    """A page of the program's license holder, watched."""
    page = Person(browser, live_server.url, holder).page
    watch(page)
    return page


def test_a_double_click_sends_a_dialog_once(console: Page):
    sent: list[str] = []
    console.on("request", lambda request: sent.append(request.method) if request.method == "POST" else None)
    open_dialog(console, "/form/")
    console.fill("#dialog [name=number]", "7")
    console.locator("#dialog form").evaluate("form => { form.requestSubmit(); form.requestSubmit() }")
    expect(console.locator(".toast")).to_contain_text("7 is kept.")
    assert sent == ["POST"]


def test_what_is_said_while_a_dialog_is_open_is_said_in_it(console: Page):
    """What is outside a modal dialog is under its backdrop, and no screen reader reads it."""
    open_dialog(console, "/form/")
    dialog, save = console.locator("#dialog"), console.locator("#dialog").get_by_role("button", name="Save")
    console.fill("#dialog [name=number]", "13")
    console.context.set_offline(True)
    save.click()
    expect(dialog.locator(".toast")).to_have_text("Nothing arrived from the console. Try again.")
    expect(console.locator("#dialog [name=number]")).to_have_value("13")
    console.context.set_offline(False)
    save.click()
    expect(dialog.locator("form [role=alert]")).to_contain_text("13 is taken.")
    expect(dialog.locator(".toasts, #announcer")).to_have_count(2)
    console.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()
    expect(console.locator("body > .toasts, body > #announcer")).to_have_count(2)


def test_a_package_that_can_not_be_sent_is_said_so_and_stays_typed(
    console: Page, program: MiniProgram, settings, tmp_path: Path
):
    settings.PACKAGE_LIMITS = {**settings.PACKAGE_LIMITS, "upload_size": 2048}
    console.goto(reverse("releases:upload", args=[program.app_id]))
    field, hint = console.locator("input[type=file]"), console.locator("[data-drop-hint]")
    big, small = tmp_path / "big.zip", tmp_path / "small.zip"
    big.write_bytes(b"x" * 4096)
    small.write_bytes(b"x" * 10)
    field.set_input_files(big)
    expect(hint).to_have_text("The file is 4.0 KB. The limit is 2 KB.")
    assert field.evaluate("field => field.files.length") == 0
    field.set_input_files(small)
    expect(hint).to_have_text("10 bytes")
    console.fill("[name=notes]", "Typed")
    small.unlink()  # The browser can't read it any more.
    console.get_by_role("button", name="Upload").click()
    expect(console.locator(".toast")).to_have_text("The file couldn’t be sent. If it changed, choose it again.")
    expect(console.locator("[name=notes]")).to_have_value("Typed")


def test_a_preview_goes_on_after_signing_in_again_in_another_tab(
    console: Page, live_server: LiveServer, program: MiniProgram, holder: User
):
    """The page's token is that of the sign-in before."""
    console.goto(reverse("privacy:edit", args=[program.app_id]))
    console.context.clear_cookies()
    sign_in(console.context, live_server.url, holder)
    console.locator("[name=text_en]").select_text()
    console.keyboard.insert_text("# Of {{program}}, typed")  # one event, and so one request
    preview = console.locator("#agreement-preview")
    expect(preview.get_by_role("heading", name="Of City Bus, typed")).to_be_visible()
    expect(preview.locator("form")).to_have_count(0)
    expect(console.locator("#signed-out")).not_to_be_visible()


def test_a_session_that_ended_loses_nothing(console: Page, live_server: LiveServer, program: MiniProgram, holder: User):
    """One signs in again in another tab, and what was typed is sent then."""
    console.clock.install()
    console.goto(reverse("miniprograms:edit", args=[program.app_id]))
    console.get_by_label("Name").fill("City Ferry")
    Session.objects.all().delete()
    console.clock.fast_forward(120_000)
    console.get_by_role("button", name="Save").click()
    box = console.locator("#signed-out")
    expect(box).to_be_visible()
    with console.context.expect_page() as opened:
        box.get_by_role("link").click()
    sign_in(console.context, live_server.url, holder)
    opened.value.close()
    console.clock.run_for(4_000)
    expect(console.get_by_role("heading", name="City Ferry", exact=True)).to_be_visible()
    program.refresh_from_db()
    assert program.name == "City Ferry"
