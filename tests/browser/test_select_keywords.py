"""Choosing keywords of a public template: by mouse, by keyboard, on a phone, and without JavaScript (M-2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from messaging.models import MyTemplate, PublicTemplate
from miniprograms.models import MiniProgram
from tests import factories
from tests.browser.person import sign_in

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = 1042  # Appointment reminder, ten keywords
Open = Callable[..., Page]


@pytest.fixture
def program(transactional_db: None) -> MiniProgram:
    factories.make_public_templates()
    return factories.make_program(name="Clinic Booking")


@pytest.fixture
def select(live_server: LiveServer, browser: Browser, program: MiniProgram) -> Iterator[Open]:
    """Return what opens the page in a browser of its own; nothing may break the security policy in it."""
    contexts = []

    def open_page(**options: object) -> Page:
        context = browser.new_context(base_url=live_server.url, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: told.append(message.text) if "Security Policy" in message.text else None)
        page.on("pageerror", lambda error: told.append(str(error)))
        sign_in(context, live_server.url, program.created_by)
        page.goto(reverse("messaging:select", args=[program.app_id, NUMBER]))
        return page

    told: list[str] = []
    yield open_page
    for context in contexts:
        context.close()
    assert told == []


def box(page: Page, name: str) -> Locator:
    return page.locator(f'.keywords li[data-name="{name}"] input[type=checkbox]')


def row(page: Page, name: str) -> Locator:
    return page.locator("#selected-list > li").filter(has_text=name)


def order(page: Page) -> Locator:
    return page.locator("#selected-list .selected-name")


def submit(page: Page) -> Locator:
    return page.get_by_role("button", name="Add to My templates")


def test_chosen_dragged_and_added(select: Open):
    page = select()
    expect(submit(page)).to_have_attribute("aria-disabled", "true")
    for name in ("Clinic", "Date", "Note"):
        box(page, name).check()
    expect(order(page)).to_have_text(["Clinic", "Date", "Note"])
    expect(page.locator("#selected-count")).to_have_text("3 of 5")
    expect(page.get_by_text("You can add 2 more keywords")).to_be_visible()

    grip, first = row(page, "Note").locator("[data-handle]").bounding_box(), row(page, "Clinic").bounding_box()
    assert grip and first
    page.mouse.move(grip["x"] + 10, grip["y"] + 10)
    page.mouse.down()
    page.mouse.move(grip["x"] + 10, grip["y"] - 20, steps=5)
    page.mouse.move(grip["x"] + 10, first["y"] + 2, steps=10)
    page.mouse.up()

    expect(order(page)).to_have_text(["Note", "Clinic", "Date"])
    expect(page.locator("#announcer")).to_have_text("Note: position 1 of 3")
    expect(page.locator("#preview-rows dt")).to_have_text(["Note", "Clinic", "Date"])
    expect(page.locator("#preview-rows dd")).to_have_text(["Bring your card", "Harbour Clinic", "2026-11-27 14:30"])
    page.get_by_label("Use case").fill("The day before.")
    submit(page).click()
    expect(page.locator(".toast")).to_contain_text("Appointment reminder added to My templates.")
    template = MyTemplate.objects.get()
    assert [keyword["key"] for keyword in template.keywords] == ["thing6", "thing1", "time2"]
    assert template.note == "The day before."


def test_by_keyboard(select: Open):
    page = select()
    for name in ("Clinic", "Date", "Fee"):
        box(page, name).focus()
        page.keyboard.press("Space")
    said = page.locator("#announcer")
    expect(said).to_have_text("Fee: added at position 3.")
    handle = row(page, "Fee").locator("[data-handle]")
    handle.focus()
    page.keyboard.press("ArrowUp")
    expect(said).to_have_text("Fee: position 2 of 3")
    expect(handle).to_be_focused()
    expect(handle).to_have_attribute("aria-label", "Move Fee, position 2 of 3")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")  # There is nothing above.
    expect(order(page)).to_have_text(["Fee", "Clinic", "Date"])
    page.keyboard.press("ArrowDown")
    expect(order(page)).to_have_text(["Clinic", "Fee", "Date"])
    expect(page.locator("#preview-rows dt")).to_have_text(["Clinic", "Fee", "Date"])

    row(page, "Fee").get_by_role("button", name="Remove Fee").focus()
    page.keyboard.press("Enter")
    expect(order(page)).to_have_text(["Clinic", "Date"])
    expect(box(page, "Fee")).not_to_be_checked()
    expect(said).to_have_text("Fee removed.")
    expect(row(page, "Date").get_by_role("button", name="Remove Date")).to_be_focused()
    submit(page).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/templates/")
    assert MyTemplate.objects.get().keyword_set == "1,2"


def test_no_more_than_five(select: Open):
    page = select()
    for name in ("Clinic", "Date", "Patient", "Department", "Doctor"):
        box(page, name).check()
    why = page.get_by_text("5 keywords are chosen. Remove one to choose another.")
    expect(why).to_be_visible()
    expect(box(page, "Fee")).to_have_attribute("aria-disabled", "true")
    page.get_by_text("Fee", exact=True).click(force=True)
    box(page, "Note").focus()
    page.keyboard.press("Space")
    expect(order(page)).to_have_count(5)
    expect(page.locator("#announcer")).to_contain_text("Remove one to choose another.")
    box(page, "Date").uncheck()
    expect(why).not_to_be_visible()
    box(page, "Fee").check()
    expect(order(page)).to_have_text(["Clinic", "Patient", "Department", "Doctor", "Fee"])


def test_keywords_are_found_by_words(select: Open):
    page = select()
    search = page.get_by_label("Search keywords")
    search.fill("DATE")
    expect(page.locator(".keyword:visible .keyword-name")).to_have_text(["Date"])
    search.fill("harbour")
    expect(page.locator(".keyword:visible .keyword-name")).to_have_text(["Clinic", "Address"])
    page.keyboard.press("Enter")  # Sends nothing.
    search.fill("nothing like it")
    expect(page.get_by_text("No matching keywords.")).to_be_visible()
    assert not MyTemplate.objects.exists()


def test_the_same_keywords_are_refused_before_and_after_sending(select: Open, program: MiniProgram):
    public = PublicTemplate.objects.get(number=NUMBER)
    factories.make_template(program, public, [2, 1])
    page = select()
    box(page, "Clinic").check()
    box(page, "Date").check()
    words = "You already have a template with exactly these keywords. Choose others."
    refusal = page.locator("#same-keywords")
    expect(refusal).to_have_text(words)
    expect(refusal).to_be_visible()
    submit(page).click(force=True)
    box(page, "Fee").check()
    expect(refusal).not_to_be_visible()

    factories.make_template(program, public, [1, 2, 7])  # Someone else is faster.
    row(page, "Fee").locator("[data-handle]").press("ArrowUp")
    submit(page).click()
    expect(page.locator("[data-server-error]")).to_have_text(words)
    expect(order(page)).to_have_text(["Clinic", "Fee", "Date"])
    box(page, "Note").check()
    expect(page.locator("[data-server-error]")).to_have_count(0)
    submit(page).click()
    page.wait_for_url("**/templates/")
    assert MyTemplate.objects.order_by("pk").last().keyword_set == "1,2,6,7"  # type: ignore[union-attr]


def test_both_previews(select: Open):
    page = select()
    expect(page.locator(".phone")).to_contain_text("asks to send you")
    expect(page.locator(".phone-sheet")).to_be_visible()
    page.get_by_text("Message", exact=True).click()
    expect(page.locator(".phone-sheet")).not_to_be_visible()
    expect(page.locator(".phone-open")).to_be_visible()


def test_on_a_phone(select: Open):
    page = select(viewport={"width": 390, "height": 844}, has_touch=True)
    for name in ("Clinic", "Date"):
        page.locator(".keyword", has_text=name).tap()
    expect(row(page, "Clinic").get_by_role("button", name="Move Clinic up")).to_be_disabled()
    row(page, "Date").get_by_role("button", name="Move Date up").tap()
    expect(order(page)).to_have_text(["Date", "Clinic"])
    expect(row(page, "Date").get_by_role("button", name="Move Date down")).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    submit(page).tap()
    page.wait_for_url("**/templates/")
    assert [keyword["key"] for keyword in MyTemplate.objects.get().keywords] == ["time2", "thing1"]


def test_without_javascript(select: Open):
    page = select(java_script_enabled=False)
    expect(page.locator("#selected-list")).not_to_be_visible()
    expect(page.get_by_label("Search keywords")).not_to_be_visible()
    submit(page).click()
    expect(page.locator("[data-server-error]")).to_have_text("Choose at least one keyword.")
    for name, place in (("Clinic", "2"), ("Fee", "1")):
        box(page, name).check()
        page.get_by_label(f"Position of {name}").fill(place)
    page.get_by_text("Message", exact=True).click()
    expect(page.locator(".phone-open")).to_be_visible()
    submit(page).click()
    expect(page.get_by_text("Appointment reminder added to My templates.")).to_be_visible()
    assert [keyword["key"] for keyword in MyTemplate.objects.get().keywords] == ["amount7", "thing1"]
