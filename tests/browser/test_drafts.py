"""What is typed survives a closed tab, and a changed form asks before it is left (real browser)."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from console.base.accounts.models import User
from miniprograms.models import MiniProgram
from tests import factories
from tests.browser.person import Person
from tests.signing_in import new_session

pytestmark = pytest.mark.django_db(transaction=True)
DRAFTS = "() => Object.keys(localStorage).filter(key => key.startsWith('draft '))"
TYPED = "Every stop of the city, with live arrivals."


@pytest.fixture
def program() -> MiniProgram:
    return factories.make_program(name="City Bus")


@pytest.fixture
def person(live_server, browser: Browser, program: MiniProgram, watch) -> Person:
    """The creator, in a browser that is watched."""
    person = Person(browser, live_server.url, program.created_by)
    watch(person.page)
    return person


def edit(program: MiniProgram) -> str:
    return reverse("miniprograms:edit", args=[program.app_id])


def wait_for_drafts(page: Page, count: int) -> None:
    """Wait until so many drafts are kept: they are written when typing pauses."""
    for _turn in range(600):
        if len(page.evaluate(DRAFTS)) == count:
            return
        page.wait_for_timeout(50)
    raise AssertionError(page.evaluate(DRAFTS))


def type_description(page: Page, program: MiniProgram, text: str = TYPED) -> None:
    """Open the form, type into its textarea, and wait until it is kept."""
    page.goto(edit(program))
    page.fill("#id_description", text)
    wait_for_drafts(page, 1)


def test_a_draft_comes_back_and_can_be_discarded(person: Person, program: MiniProgram):
    page = person.page
    type_description(page, program)

    page.goto("/")
    page.goto(edit(program))
    expect(page.locator("#id_description")).to_have_value(TYPED)
    expect(page.locator(".draft-note")).to_contain_text(re.compile(r"Draft from \d\d:\d\d restored\."))

    page.get_by_role("button", name="Discard draft").click()
    expect(page.locator("#id_description")).to_have_value(program.description)
    assert page.evaluate(DRAFTS) == []


def test_what_was_sent_is_no_draft_any_more_and_what_was_refused_is(person: Person, program: MiniProgram):
    page = person.page
    factories.make_program(program.team, name="Night Bus")
    type_description(page, program)
    page.fill("#id_name", "Night Bus")  # taken
    page.locator("#main form").get_by_role("button", name="Save").click()
    expect(page.locator(".is-invalid").first).to_be_visible()
    assert len(page.evaluate(DRAFTS)) == 1

    page.fill("#id_name", "City Bus")
    page.locator("#main form").get_by_role("button", name="Save").click()
    person.sees("City Bus saved.")
    assert page.evaluate(DRAFTS) == []
    program.refresh_from_db()
    assert program.description == TYPED


def test_a_draft_over_another_text_is_offered_and_not_put_in(person: Person, program: MiniProgram):
    page = person.page
    type_description(page, program)
    MiniProgram.objects.update(description="Theirs")

    page.goto(edit(program))
    expect(page.locator("#id_description")).to_have_value("Theirs")
    page.get_by_role("button", name="Restore draft").click()
    expect(page.locator("#id_description")).to_have_value(TYPED)


def test_a_draft_stays_with_what_its_address_names(person: Person, program: MiniProgram):
    """The query says for whom a form is."""
    page = person.page
    page.goto(f"{edit(program)}?application=one")
    page.fill("#id_description", TYPED)
    wait_for_drafts(page, 1)
    page.goto(f"{edit(program)}?application=two")
    expect(page.locator("#id_description")).to_have_value(program.description)
    page.goto(f"{edit(program)}?application=one")
    expect(page.locator("#id_description")).to_have_value(TYPED)


def test_what_was_sent_by_a_question_between_is_no_draft_any_more(live_server, browser: Browser, settings, watch):
    """The page that asks for the password carries on what was typed; a dialog asks in its own form."""
    application = factories.make_application()
    person = Person(browser, live_server.url, factories.make_reviewer(application, "app_admin"))
    page = person.page
    watch(page)
    for name, place, again in (("end_proofs", "#main", "Continue"), ("proofs", "#dialog", "Invalidate proofs")):
        settings.SUDO_SECONDS = 3600
        page.goto(reverse(f"hosts:{name}", args=[application.application_id]))
        if name == "proofs":
            person.click("Invalidate all…")
        page.locator(f"{place} [name=note]").fill(TYPED)
        wait_for_drafts(page, 1)
        settings.SUDO_SECONDS = 0
        page.locator(place).get_by_role("button", name="Invalidate proofs").click()
        page.locator(f"{place} [name=sudo_password]").fill("wrong")
        page.locator(place).get_by_role("button", name=again).click()
        expect(page.locator(place)).to_contain_text("Wrong password. Try again.")
        page.locator(f"{place} [name=sudo_password]").fill(factories.PASSWORD)
        assert len(page.evaluate(DRAFTS)) == 1
        page.locator(place).get_by_role("button", name=again).click()
        person.sees("All proofs issued so far are no longer valid.")
        assert page.evaluate(DRAFTS) == []


def test_nobody_else_finds_a_draft(person: Person, program: MiniProgram):
    page = person.page
    type_description(page, program)
    other = factories.make_member(program.team, "admin")
    become(person, other)
    page.goto(edit(program))
    expect(page.locator("#id_description")).to_have_value(program.description)
    assert page.evaluate(DRAFTS) == []

    page.fill("#id_description", "Of the other one")
    wait_for_drafts(page, 1)
    page.get_by_role("button", name="Account of").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("[name=password]")).to_be_visible()
    assert page.evaluate(DRAFTS) == []


def test_no_tab_writes_a_draft_after_the_sign_out(person: Person, program: MiniProgram):
    """Neither what was typed a moment before, nor what is typed into a page that is still open."""
    page = person.page
    other = page.context.new_page()
    other.goto(edit(program))
    type_description(page, program)
    page.route("**/sign-out/", lambda route: route.fulfill(status=204))  # The page stays, as it does for a moment.
    page.clock.install()
    page.fill("#id_description", "Typed a moment before")
    page.locator("[data-sign-out]").evaluate("button => button.form.requestSubmit(button)")
    page.clock.run_for(5_000)
    other.clock.install()
    other.fill("#id_description", "Typed in another tab")
    other.clock.run_for(5_000)
    assert other.evaluate(DRAFTS) == []

    other.goto("/")  # still signed in
    type_description(other, program)
    other.goto(reverse("account_logout"))
    other.locator("#main").get_by_role("button", name="Sign out").click()
    expect(other.locator("[name=password]")).to_be_visible()
    assert other.evaluate(DRAFTS) == []


def become(person: Person, user: User) -> None:
    """Let another one sign in at the same browser."""
    cookies = [cookie for cookie in person.page.context.cookies() if cookie["name"] == "sessionid"]
    person.page.context.add_cookies([{**cookies[0], "value": new_session(user)}])  # type: ignore[list-item]


def test_a_changed_form_asks_before_it_is_left_and_not_when_it_is_sent(person: Person, program: MiniProgram):
    page, asked = person.page, []

    def stay(dialog):
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.goto(edit(program))
    page.locator("#main form").get_by_role("link", name="Cancel").click()  # nothing was changed
    page.wait_for_url(lambda url: not url.endswith("/edit/"))

    page.goto(edit(program))
    page.locator("#id_name").press_sequentially("!")
    with page.expect_event("dialog"):
        page.locator("#sidebar").get_by_role("link", name="Mini Program Console").click()
    assert (asked, page.url.endswith(edit(program))) == (["beforeunload"], True)

    page.locator("#id_name").press("Backspace")  # As it was: nothing is lost.
    page.locator("#id_introduction").press_sequentially(" now")
    page.locator("#main form").get_by_role("button", name="Save").click()
    person.sees("City Bus saved.")
    assert asked == ["beforeunload"]


def test_a_dialog_keeps_its_text_and_asks_for_the_rest_alone(person: Person, program: MiniProgram):
    page, asked = person.page, []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    application = factories.make_application()
    factories.make_binding(program, application)
    page.goto(reverse("miniprograms:detail", args=[program.app_id]))
    page.locator("#main").get_by_role("link", name=re.compile("Take off the shelf")).first.click()
    page.fill("#dialog textarea", "The timetable is wrong")
    wait_for_drafts(page, 1)
    page.keyboard.press("Escape")
    expect(page.locator("#dialog")).to_be_hidden()

    page.locator("#main").get_by_role("link", name=re.compile("Take off the shelf")).first.click()
    expect(page.locator("#dialog textarea")).to_have_value("The timetable is wrong")
    page.locator("#dialog .dialog-foot").get_by_role("button", name=re.compile("Take off")).click()
    expect(page.locator(".toast")).to_be_visible()
    wait_for_drafts(page, 0)
    assert asked == []  # neither at the closing, as the text is kept, nor at the redirect
