"""The real-time logs in a real browser: rows that open, live tail, the chart, and text that wants to do harm (D-6)."""

import json
import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from devmgmt.models import SavedQuery
from miniprograms.models import MiniProgram
from tests import factories
from tests.browser.person import sign_in

pytestmark = pytest.mark.django_db(transaction=True)

SCRIPT = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
HOSTILE = [SCRIPT, "\x1b[31m\x07" * 40, "\u202e\u2067" + "tfel ot thgir " * 30, "x" * 5000, "=1+1", "\u0301" * 500]


@pytest.fixture
def program(db: None):
    cache.clear()
    return factories.make_program(name="City Bus")


@pytest.fixture
def browser_page(program: MiniProgram, live_server: LiveServer, page: Page, watch):
    """Someone of the team has signed in; the page is watched."""
    watch(page)
    sign_in(page.context, live_server.url, program.created_by)
    return page


def go(page: Page, live_server: LiveServer, program: MiniProgram, query: str = "") -> None:
    page.goto(f"{live_server.url}{reverse('devmgmt:logs', args=[program.app_id])}?{query}")


def wider(page: Page) -> int:
    """How much the page is wider than its window."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


@pytest.mark.parametrize("width", [390, 1440])
def test_hostile_text_neither_acts_nor_widens_the_page(browser_page, live_server, program, width):
    page = browser_page
    for text in HOSTILE:
        lines = json.dumps([[0, 8, text], [0, 2, text + "\0"]])
        facts = ("page", "filter_msg", "trace_id", "os_version", "version", "client_version", "library_version")
        factories.make_entries(program, text=text, level=8, lines=lines, error=text[:300], **dict.fromkeys(facts, text))
    page.set_viewport_size({"width": width, "height": 900})
    go(page, live_server, program)
    expect(page.locator(".log-chart canvas")).to_be_visible()
    expect(page.locator("#log-errors li").first).to_be_visible()
    heights = page.evaluate("[...document.querySelectorAll('.log-row')].map(row => row.getBoundingClientRect().height)")
    assert len(heights) == len(HOSTILE)
    assert max(heights) < 140  # two lines of text, and what belongs to them
    for link in page.locator(".log-open").all():
        link.focus()
        page.keyboard.press("Enter")
    expect(page.locator(".log-detail")).to_have_count(len(HOSTILE))
    assert wider(page) <= 0
    assert page.title().startswith("City Bus · Real-time logs")
    page.locator(".log-detail a").first.click()
    expect(page.locator("h1")).to_have_text("Real-time logs")
    assert wider(page) <= 0


def test_a_row_opens_and_shuts_by_keyboard_and_copies_json(browser_page, live_server, program):
    page = browser_page
    factories.make_entries(program, text="first")
    go(page, live_server, program)
    link = page.get_by_role("link", name="first", exact=True)
    expect(link).to_have_attribute("aria-expanded", "false")
    link.focus()
    page.keyboard.press("Enter")
    expect(link).to_have_attribute("aria-expanded", "true")
    copy = page.locator(".log-link[data-copy]")
    assert json.loads(copy.get_attribute("data-copy"))["message"] == "first"
    page.keyboard.press("Enter")
    expect(copy).to_be_hidden()
    expect(link).to_be_focused()


def test_older_entries_are_added_below(browser_page, live_server, program):
    page = browser_page
    factories.make_entries(program, 120)
    go(page, live_server, program)
    rows = page.locator(".log-entry")
    expect(rows).to_have_count(50)
    page.get_by_role("link", name="Older entries").click()
    expect(rows).to_have_count(100)
    page.get_by_role("link", name="Older entries").click()
    expect(rows).to_have_count(120)
    expect(page.get_by_text("No more results")).to_be_visible()


def test_live_tail_adds_what_comes_and_keeps_open_rows(browser_page, live_server, program):
    page = browser_page
    page.clock.install()
    factories.make_entries(program, 1, text="first")
    go(page, live_server, program)
    page.get_by_role("link", name="first", exact=True).click()
    expect(page.locator(".log-detail")).to_be_visible()
    page.get_by_role("switch", name="Live tail").check()
    expect(page.locator("#log-rate")).to_have_text("Waiting for entries")
    now = timezone.now()
    for number in range(6):
        factories.make_entries(program, time=now - timedelta(milliseconds=100 * (6 - number)), text=f"new {number}")
    page.clock.run_for(3100)
    rows = page.locator(".log-entry")
    expect(rows).to_have_count(7)
    expect(rows.first).to_contain_text("new 5")
    expect(page.locator("#log-rate")).to_have_text("2 per second")
    expect(page.locator(".log-detail")).to_be_visible()
    page.clock.run_for(3100)
    expect(page.locator("#log-rate")).to_have_text("Waiting for entries")
    expect(rows).to_have_count(7)
    page.get_by_role("switch", name="Live tail").uncheck()
    factories.make_entries(program, time=timezone.now(), text="too late")
    page.clock.run_for(7000)
    expect(rows).to_have_count(7)


def test_live_tail_moves_totals_chart_groups_and_the_day(browser_page, live_server, program):
    """D-8."""
    page = browser_page
    page.clock.install()
    factories.make_entries(program, 2, text="first")
    go(page, live_server, program)
    totals, groups = page.locator(".log-totals"), page.locator("#log-errors")
    expect(totals).to_contain_text("2 entries")
    expect(groups).to_contain_text("No errors found.")
    expect(page.locator(".log-chart canvas")).to_be_visible()
    expect(totals.locator(".log-until")).to_be_visible()
    page.evaluate("document.querySelector('.log-totals .log-until').textContent = 'earlier'")
    page.evaluate("document.querySelector('.log-chart').dataset.same = 'yes'")
    page.get_by_role("switch", name="Live tail").check()
    expect(page.locator("#log-rate")).to_have_text("Waiting for entries")
    factories.make_entries(program, 3, time=timezone.now(), level=8, text="boom")
    page.clock.run_for(6100)
    expect(totals).to_contain_text("5 entries")
    expect(totals).to_contain_text("error 3")
    expect(totals.locator(".log-until")).to_have_text(re.compile(r"until \d\d:\d\d:\d\d"))
    expect(groups).to_contain_text("boom")
    expect(groups.locator(".log-until")).to_be_visible()
    expect(page.locator(".log-chart[data-same]")).to_have_count(1)
    assert sum(json.loads(page.locator("#log-volume").get_attribute("data-chart"))["error"]) == 3
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_role("switch", name="Live tail").uncheck()
    factories.make_entries(program, time=timezone.now(), level=8, text="too late")
    page.clock.run_for(60_000)
    assert asked == []


def test_live_tail_keeps_at_most_200_rows_and_the_button_goes_on_after_the_last(browser_page, live_server, program):
    page = browser_page
    page.clock.install()
    factories.make_entries(program, 60)
    go(page, live_server, program)
    page.get_by_role("switch", name="Live tail").check()
    expect(page.locator("#log-rate")).to_have_text("Waiting for entries")
    for step in range(4):
        factories.make_entries(program, 50, time=timezone.now() + timedelta(seconds=step), text=f"batch {step}")
        page.clock.run_for(3100)
        expect(page.locator(".log-entry").first).to_contain_text(f"batch {step}")
    rows = page.locator(".log-entry")
    expect(rows).to_have_count(200)
    place = rows.last.get_attribute("data-place")
    expect(page.locator("#log-older")).to_have_attribute("href", re.compile(f"before={place}$"))
    expect(page.get_by_text("More entries arrived than live tail can show.")).to_be_visible()


def test_rows_that_live_tail_let_go_come_back_in_their_places_also_above_an_open_one(
    browser_page, live_server, program
):
    page = browser_page
    page.clock.install()
    now = timezone.now()
    factories.make_entries(program, time=now - timedelta(minutes=2), text="oldest")
    factories.make_entries(program, time=now - timedelta(minutes=1), text="second")
    go(page, live_server, program)
    expect(page.get_by_text("No more results")).to_be_visible()
    page.get_by_role("link", name="oldest", exact=True).click()
    expect(page.locator(".log-detail")).to_be_visible()
    page.get_by_role("switch", name="Live tail").check()
    expect(page.locator("#log-rate")).to_have_text("Waiting for entries")
    for step in range(5):
        factories.make_entries(program, 49, time=now + timedelta(seconds=step), text=f"batch {step}")
        page.clock.run_for(3100)
        expect(page.locator(".log-entry").first).to_contain_text(f"batch {step}")
    rows = page.locator(".log-entry")
    expect(rows).to_have_count(200)
    expect(rows.last).to_contain_text("oldest")
    page.get_by_role("link", name="Older entries").click()
    expect(rows).to_have_count(247)
    places = page.evaluate("[...document.querySelectorAll('.log-entry')].map(row => row.dataset.place)")
    assert places == sorted(places, key=lambda place: [int(part) for part in place.split("_")], reverse=True)
    expect(page.get_by_text("No more results")).to_be_visible()


@pytest.mark.parametrize("width", [1440, 390])
def test_rows_stay_where_they_are_when_the_totals_come(browser_page, live_server, program, width):
    page = browser_page
    page.set_viewport_size({"width": width, "height": 900})
    factories.make_entries(program, 2, time=timezone.now() - timedelta(minutes=2))
    held = []
    page.route("**/volume/*", lambda route: held.append(route))
    go(page, live_server, program)
    expect(page.get_by_role("switch", name="Live tail")).to_be_visible()
    row, counting = page.locator(".log-entry").first, page.get_by_text("Counting…")
    expect(counting).to_be_visible()
    before = row.bounding_box()
    held[0].continue_()
    expect(counting).not_to_be_attached()
    assert row.bounding_box() == before


def test_live_tail_stops_with_a_sentence_when_the_server_refuses(browser_page, live_server, program):
    page = browser_page
    page.clock.install()
    factories.make_entries(program)
    go(page, live_server, program)
    page.get_by_role("switch", name="Live tail").check()
    expect(page.locator("#log-rate")).to_be_visible()
    page.context.clear_cookies()
    page.clock.run_for(3100)
    expect(page.locator(".log-said")).to_contain_text("Live tail stopped")
    expect(page.get_by_role("switch", name="Live tail")).not_to_be_checked()


def test_a_click_on_a_bar_and_a_drag_over_some_ask_for_that_time(browser_page, live_server, program):
    page = browser_page
    at = timezone.now().replace(second=30, microsecond=0) - timedelta(minutes=30)
    factories.make_entries(program, 3, time=at)
    factories.make_entries(program, 2, time=at - timedelta(minutes=20))
    go(page, live_server, program, "level=info")
    over = page.locator(".log-chart .u-over")
    expect(page.locator(".log-totals")).to_contain_text("5 entries")
    box = over.bounding_box()
    bars = json.loads(page.locator("#log-volume").get_attribute("data-chart"))
    bar = bars["info"].index(3)
    over.click(position={"x": box["width"] * (bar + 0.5) / len(bars["at"]), "y": 40})
    page.wait_for_url("**time=range**")
    expect(page.locator(".log-entry")).to_have_count(3)
    expect(page.locator("[name=level][value=info]")).to_be_checked()
    page.go_back()
    expect(page.locator(".log-chart canvas")).to_be_visible()
    box = over.bounding_box()
    page.mouse.move(box["x"] + 2, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + 40, steps=5)
    page.mouse.up()
    page.wait_for_url("**time=range**")
    expect(page.locator(".log-entry")).to_have_count(5)


def test_the_url_carries_only_what_is_asked_for(browser_page, live_server, program):
    page = browser_page
    factories.make_entries(program)
    go(page, live_server, program)
    page.get_by_label("Page link").fill("pages/index")
    page.get_by_text("Warn and above").click()
    page.get_by_role("button", name="Query").click()
    page.wait_for_url("**?time=1h&level=warn&page=pages%2Findex")
    page.locator(".log-time summary").click()
    page.get_by_label("From", exact=True).fill("2026-01-01T10:00:05")
    expect(page.get_by_label("Custom range")).to_be_checked()
    page.keyboard.press("Escape")
    expect(page.get_by_label("From", exact=True)).to_be_hidden()


def test_a_query_is_saved_and_deleted_in_dialogs(browser_page, live_server, program):
    page = browser_page
    go(page, live_server, program, "time=6h&level=error")
    page.get_by_role("button", name="Saved queries").click()
    page.get_by_role("link", name="Save this query…").click()
    page.locator("#dialog").get_by_label("Name").fill("Errors of the morning")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("“Errors of the morning” saved.")).to_be_visible()
    assert SavedQuery.objects.get().query == "time=6h&level=error"
    page.get_by_role("button", name="Saved queries").click()
    page.get_by_role("link", name="Delete “Errors of the morning”…").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_text("“Errors of the morning” deleted.")).to_be_visible()
    assert not SavedQuery.objects.exists()
