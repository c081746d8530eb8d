"""The frame in a real browser: dialogs, theme, menus, what the security policy forbids, what axe finds."""

import re
from typing import Literal

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser import walking
from tests.browser.person import open_dialog, sign_in
from tests.factories import PASSWORD, make_application, make_binding, make_program, make_reviewer, make_team, make_user

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.console.base.core.urls"),
]


@pytest.fixture
def console(live_server: LiveServer, page: Page, watch):
    """A page of somebody who has signed in, watched."""
    watch(page)
    user = make_user("Mira Lund", email="mira@example.com")
    user.notifications.create(kind="decision", text="City Bus 2.6.0 was approved.", url="/activity/")
    sign_in(page.context, live_server.url, user)
    page.goto(f"{live_server.url}/")
    page.user = user  # type: ignore[attr-defined]
    return page


def test_signing_in_through_the_page(console: Page, live_server: LiveServer):
    console.context.clear_cookies()
    console.goto(f"{live_server.url}/")
    console.fill("[name=login]", "mira@example.com")
    console.fill("[name=password]", PASSWORD)
    console.get_by_role("button", name="Sign in", exact=True).click()
    expect(console.get_by_role("heading", level=1)).to_contain_text("Mira")


def test_a_dialog_opens_traps_and_gives_the_focus_back(console: Page):
    open_dialog(console, "/confirm/")
    expect(console.locator("#dialog [name=note]")).to_be_focused()
    for _key in range(8):
        console.keyboard.press("Tab")
        inside = "!document.activeElement.closest('main')"
        assert console.evaluate(inside)
    console.keyboard.press("Escape")
    expect(console.locator("#dialog")).not_to_be_visible()
    expect(console.get_by_text("Open it…")).to_be_focused()


def test_a_dialog_shows_errors_and_then_a_toast(console: Page):
    open_dialog(console, "/form/")
    console.fill("#dialog [name=number]", "13")
    console.locator("#dialog").get_by_role("button", name="Save").click()
    expect(console.locator("#dialog [role=alert]")).to_contain_text("13 is taken.")
    expect(console.locator("#dialog [name=number]")).to_have_value("13")
    console.fill("#dialog [name=number]", "7")
    console.locator("#dialog").get_by_role("button", name="Save").click()
    expect(console.locator(".toast")).to_contain_text("7 is kept.")


def test_cancel_closes(console: Page):
    open_dialog(console, "/confirm/")
    console.locator("#dialog").get_by_text("Cancel").click()
    expect(console.locator("#dialog")).not_to_be_visible()


def test_a_page_without_a_dialog_is_gone_to(console: Page, live_server: LiveServer):
    console.evaluate("document.querySelector('#sidebar a[href=\"/activity/\"]').dataset.dialog = ''")
    console.locator("#sidebar").get_by_text("Activity").click()
    expect(console).to_have_url(live_server.url + "/activity/")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_theme_that_is_none_of_ours_is_the_systems(console: Page, scheme: Literal["light", "dark"]):
    """Django's admin keeps “auto” under the same name."""
    console.emulate_media(color_scheme=scheme)
    console.evaluate("window.localStorage.setItem('theme', 'auto')")
    console.reload()
    expect(console.locator("html")).to_have_attribute("data-bs-theme", scheme)


def test_the_theme_is_chosen_and_remembered(console: Page):
    root = console.locator("html")
    expect(root).to_have_attribute("data-bs-theme", "light")
    console.locator(".topbar-theme").click()
    expect(root).to_have_attribute("data-bs-theme", "dark")
    console.reload()
    expect(root).to_have_attribute("data-bs-theme", "dark")


def test_the_menu_slides_in_on_a_phone(console: Page):
    console.set_viewport_size({"width": 390, "height": 844})
    expect(console.locator("#sidebar")).not_to_be_visible()
    console.get_by_role("button", name="Open menu").click()
    expect(console.locator("#sidebar")).to_be_visible()
    console.keyboard.press("Escape")
    expect(console.locator("#sidebar")).not_to_be_visible()
    assert console.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_focus_begins_in_the_first_field_or_in_the_first_that_is_wrong(console: Page, live_server: LiveServer):
    program = make_program(name="City Bus")
    program.team.members.add(console.user, through_defaults={"role": "admin"})  # type: ignore[attr-defined]
    console.goto(live_server.url + reverse("miniprograms:create"))
    expect(console.locator("main form [name]:not([type=hidden])").first).to_be_focused()
    console.get_by_label("Name").fill("x")
    console.locator("main form").evaluate("form => { form.noValidate = true }")
    console.get_by_role("button", name="Create").click()
    expect(console.locator("main form [aria-invalid=true]").first).to_be_focused()
    console.goto(live_server.url + reverse("miniprograms:list"))
    assert console.evaluate("document.activeElement === document.body")
    console.goto(live_server.url + reverse("grayscale:create", args=[program.app_id]))
    console.goto(live_server.url + "/form/#main")
    assert console.evaluate("!document.activeElement.matches('input, textarea')")
    open_dialog(console, "/form/")
    console.fill("#dialog [name=number]", "13")
    console.locator("#dialog").get_by_role("button", name="Save").click()
    expect(console.locator("#dialog [role=alert]")).to_contain_text("13 is taken.")
    expect(console.locator("#dialog [name=number]")).to_be_focused()


def test_of_radio_buttons_the_chosen_one_has_the_focus(console: Page, live_server: LiveServer):
    """Space on another one would choose that."""
    ada = make_user("Ada Kimura")
    team = make_team(admin=console.user, developer=ada)  # type: ignore[attr-defined]
    member = team.memberships.get(user=ada)
    console.goto(live_server.url + reverse("accounts:change_role", args=[team.pk, member.pk]))
    expect(console.locator("[name=role][value=developer]")).to_be_focused()


def luminance(rgb: list[int]) -> float:
    """The relative luminance of a colour, as WCAG counts it."""
    parts = [part / 255 for part in rgb]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


RINGS = """() => {
  const found = {}
  for (const here of document.querySelectorAll('a[href], button, input, select, textarea, summary')) {
    here.focus() // Seen as by keyboard, as a key was the last that was pressed.
    const style = getComputedStyle(here)
    if (here === document.activeElement && !here.matches('.log-open')) {
      found[here.className || here.tagName] = [style.outlineStyle, style.outlineWidth, style.outlineColor]
    }
  }
  return found
}"""
COLOURS = """() => ['--ring', 'body', '.card', '#sidebar'].map(name => {
  const pen = document.createElement('canvas').getContext('2d'), root = getComputedStyle(document.documentElement)
  const place = name === '--ring' ? null : document.querySelector(name)
  pen.fillStyle = place ? getComputedStyle(place).backgroundColor : root.getPropertyValue(name)
  pen.fillRect(0, 0, 1, 1)
  return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3)
})"""


def test_whatever_has_the_focus_has_the_same_ring(console: Page, live_server: LiveServer):
    program = make_program(name="City Bus")
    program.team.members.add(console.user, through_defaults={"role": "admin"})  # type: ignore[attr-defined]
    for name, at in (
        ("miniprograms:list", []),
        ("devmgmt:logs", [program.app_id]),
        ("grayscale:explain", [program.app_id]),
    ):
        console.goto(live_server.url + reverse(name, args=at))
        for theme in ("light", "dark"):
            console.evaluate("theme => { document.documentElement.dataset.bsTheme = theme }", theme)
            console.keyboard.press("Tab")
            rings = console.evaluate(RINGS)
            ring = rings["nav-link"]
            assert (len(rings) > 10, ring[:2]) == (True, ["solid", "2px"])
            assert {name: other for name, other in rings.items() if other != ring} == {}
            colour, *grounds = map(luminance, console.evaluate(COLOURS))
            for ground in grounds:
                assert (max(colour, ground) + 0.05) / (min(colour, ground) + 0.05) >= 3


def press(page: Page, *keys: dict[str, object]) -> None:
    """Send keys as an input method or another layout does, to a page that listens to them."""
    page.wait_for_load_state("load")
    for key in keys:
        page.evaluate(
            "key => document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {bubbles: true, ...key}))", key
        )


def test_keys_lead_to_pages_in_every_layout_and_can_be_switched_off(console: Page, live_server: LiveServer):
    program = make_program(name="City Bus")
    program.team.members.add(console.user, through_defaults={"role": "admin"})  # type: ignore[attr-defined]
    at = [program.app_id]
    for keys, address in (
        ("m", reverse("miniprograms:list")),
        ("a", reverse("activity")),
        ("r", reverse("reviews:list")),
    ):
        console.wait_for_load_state("load")
        console.keyboard.press("g")
        console.keyboard.press(keys)
        expect(console).to_have_url(live_server.url + address)
    console.goto(live_server.url + reverse("releases:versions", args=at))
    console.keyboard.press("g")
    console.keyboard.press("l")
    expect(console).to_have_url(live_server.url + reverse("devmgmt:logs", args=at))
    console.wait_for_load_state("load")

    # Not while one types, with Shift or a modifier, or composes.
    console.locator("[name=page]").focus()
    console.keyboard.press("g")
    console.keyboard.press("v")
    expect(console.locator("[name=page]")).to_have_value("gv")
    console.locator("main").focus()
    press(console, {"key": "g", "code": "KeyG", "isComposing": True}, {"key": "v", "code": "KeyV"})
    press(console, {"key": "G", "code": "KeyG", "shiftKey": True}, {"key": "v", "code": "KeyV"})
    press(console, {"key": "g", "code": "KeyG", "ctrlKey": True}, {"key": "v", "code": "KeyV"})
    expect(console).to_have_url(live_server.url + reverse("devmgmt:logs", args=at))
    # What a Chinese input method and a Cyrillic layout send.
    press(console, {"key": "Process", "code": "KeyG"}, {"key": "\uff47", "code": "KeyG"})
    expect(console).to_have_url(live_server.url + reverse("grayscale:tasks", args=at))
    press(console, {"key": "п", "code": "KeyG"}, {"key": "Process", "code": "KeyK"})
    expect(console).to_have_url(live_server.url + reverse("keys:keys", args=at))
    console.wait_for_load_state("load")

    press(console, {"key": "\uff1f", "code": "Slash", "shiftKey": True})
    sheet = console.locator("#dialog .keys-letters")
    expect(sheet).to_contain_text("Real-time logs")
    console.locator("[data-keys-switch]").uncheck()
    console.keyboard.press("Escape")
    for key in ("?", "/", "g", "h"):
        console.keyboard.press(key)
    expect(console.locator("#dialog, #palette").and_(console.locator("[open]"))).to_have_count(0)
    console.keyboard.press("Control+k")
    expect(console.locator("#palette [name=q]")).to_be_focused()
    expect(console.locator(".hit-keys").first).to_be_hidden()
    expect(console).to_have_url(live_server.url + reverse("keys:keys", args=at))


def test_tab_limits_the_search_to_the_program_of_the_page(console: Page, live_server: LiveServer):
    for name in ("City Bus", "City Tram"):
        program = make_program(name=name)
        program.team.members.add(console.user, through_defaults={"role": "viewer"})  # type: ignore[attr-defined]
    console.keyboard.press("/")
    field, chip = console.locator("#palette [name=q]"), console.locator(".palette-chip")
    expect(field).to_be_focused()
    expect(console.locator(".palette-only")).to_have_count(0)
    console.goto(live_server.url + reverse("releases:versions", args=[program.app_id]))
    console.keyboard.press("Control+k")
    expect(console.locator(".palette-only")).to_contain_text("only City Tram")
    expect(field).to_be_focused()
    field.fill("City")
    hits = console.locator("#palette-hits")
    expect(hits).to_contain_text("City Bus")
    console.keyboard.press("Tab")
    expect(chip).to_contain_text("City Tram")
    expect(hits).to_contain_text("Logs: City")
    expect(hits).not_to_contain_text("City Bus")
    expect(field).to_be_focused()
    field.fill("")
    expect(hits).not_to_contain_text("All mini programs")
    expect(hits).to_contain_text("Real-time logs")
    console.keyboard.press("Backspace")
    expect(chip).to_be_hidden()
    expect(hits).to_contain_text("All mini programs")
    console.keyboard.press("Tab")
    expect(chip).to_be_visible()
    console.keyboard.press("Tab")
    expect(chip).to_be_hidden()


def test_enter_before_its_hits_waits_for_them(console: Page, live_server: LiveServer):
    program = make_program(name="City Bus")
    program.team.members.add(console.user, through_defaults={"role": "viewer"})  # type: ignore[attr-defined]
    console.keyboard.press("Control+k")
    field = console.locator("#palette [name=q]")
    expect(field).to_be_focused()
    field.fill("city bus real")
    field.press("Enter")
    expect(console).to_have_url(live_server.url + reverse("devmgmt:logs", args=[program.app_id]))


def composes(page: Page, *keys: dict[str, object]) -> bool:
    """Whether the field in focus leaves these keys to the input method."""
    sent = (
        "key => document.activeElement.dispatchEvent("
        "new KeyboardEvent('keydown', {bubbles: true, cancelable: true, ...key}))"
    )
    return all(page.evaluate(sent, key) for key in keys)


COMPOSED = ({"key": "ArrowDown", "isComposing": True}, {"key": "Enter", "keyCode": 229})  # 229: Safari's last Enter


def test_a_switcher_finds_what_is_typed_and_leaves_an_input_method_its_keys(console: Page, live_server: LiveServer):
    found = make_program(name="City Tram")
    program = make_program(found.team, name="City Bus")
    found.team.members.add(console.user, through_defaults={"role": "viewer"})  # type: ignore[attr-defined]
    console.goto(live_server.url + reverse("releases:versions", args=[program.app_id]))
    console.locator("#sidebar").get_by_role("button", name="City Bus").click()
    field, rows = console.locator("[data-switch-find]"), console.locator("#sidebar .switch-rows")
    expect(field).to_be_focused()
    field.press_sequentially("tram")
    expect(rows).not_to_contain_text("City Bus")
    expect(rows).to_contain_text("City Tram")
    expect(field).to_have_count(1)
    assert composes(console, *COMPOSED)
    field.press("Enter")
    expect(console).to_have_url(live_server.url + reverse("releases:versions", args=[found.app_id]))
    console.wait_for_load_state("load")
    console.keyboard.press("Control+k")
    expect(console.locator("#palette [name=q]")).to_be_focused()
    assert composes(console, *COMPOSED)


def test_an_id_is_copied(console: Page, live_server: LiveServer):
    console.context.grant_permissions(["clipboard-read", "clipboard-write"])
    program = make_program()
    program.team.members.add(console.user, through_defaults={"role": "viewer"})  # type: ignore[attr-defined]
    console.goto(f"{live_server.url}{reverse('search')}?q={program.app_id}")
    console.locator("[data-copy]").first.focus()
    console.keyboard.press("Enter")
    expect(console.locator("#announcer")).to_have_text("Copied")
    assert console.evaluate("navigator.clipboard.readText()") == program.app_id


def test_a_dropped_file_and_typed_text_are_shown(console: Page, live_server: LiveServer):
    console.goto(f"{live_server.url}/form/")
    console.set_input_files("[name=file]", [{"name": "bus.zip", "mimeType": "application/zip", "buffer": b"12345"}])
    expect(console.locator("[data-drop-name]")).to_have_text("bus.zip")
    expect(console.locator("[data-drop-hint]")).to_have_text("5 bytes")
    console.fill("[name=notes]", "Four")
    expect(console.locator(".counter")).to_have_text("4 of 20")


def test_a_passkey_is_added_and_signs_in(console: Page, live_server: LiveServer):
    """allauth's own scripts run under the strict policy, as files."""
    devtools = console.context.new_cdp_session(console)
    devtools.send("WebAuthn.enable")
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
            }
        },
    )
    console.goto(live_server.url + reverse("mfa_add_webauthn"))
    expect(console.get_by_role("heading", level=1)).to_have_text("Confirm it’s you")
    console.fill("[name=password]", PASSWORD)
    console.get_by_role("button", name="Confirm").click()
    console.fill("[name=name]", "Laptop")
    console.check("[name=passwordless]")
    console.get_by_role("button", name="Add").click()
    expect(console.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    console.get_by_label(re.compile("Account of")).click()
    console.get_by_role("button", name="Sign out").click()
    console.get_by_role("button", name="Sign in with a passkey").click()
    expect(console.get_by_role("heading", level=1)).to_contain_text("Mira")


def test_axe_finds_nothing_serious(console: Page, live_server: LiveServer, browser: Browser):
    application = make_application()
    console.user.memberships.create(team=application.team, role="admin")  # type: ignore[attr-defined]
    application.people.create(user=console.user, role="reviewer")  # type: ignore[attr-defined]
    make_binding(make_program(application.team), application, state="waiting")
    make_reviewer(application)
    walker = walking.Walker(browser, live_server.url, walking.ALL_SETTINGS)
    sign_in(walker.context, live_server.url, console.user)  # type: ignore[attr-defined]
    for address in ("/", "/search/?q=p", "/activity/", "/notifications/", "/account/security/", "/form/", "/confirm/"):
        walker.visit(address)
    walker.visit("/no/", status=404)
    walker.page.goto("/")
    open_dialog(walker.page, "/confirm/")
    walker.look_around()
    assert walker.complaints == []
