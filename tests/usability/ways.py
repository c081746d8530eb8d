"""The six ways, as somebody who knows the console goes them."""

from __future__ import annotations

import json
import re
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import Browser

from tests.usability.hand import Count, Hand

if TYPE_CHECKING:
    from tests.usability.__main__ import Console

PATIENCE = 300.0  # seconds
ACCOUNT = "user-0885399"  # of a device that the demo always has
PASSWORD = "Lanterns over water 77"


def _go_to(hand: Hand, words: str, there: str) -> None:
    """Open the palette, type, and take the first hit, whose address is like `there`."""
    hand.press("Control+k")
    field = hand.page.locator("dialog[open] input[type=search]:focus")
    hand.fill(field, words)
    hand.press("Enter")
    hand.page.wait_for_url(re.compile(there))


def _package(folder: str, number: str) -> Path:
    file = Path(folder) / f"{number}.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("app.json", json.dumps({"pages": ["pages/index/index"]}))
        archive.writestr("app.js", f"App({{ number: '{number}' }})")
        archive.writestr("pages/index/index.js", "Page({})")
        archive.writestr("pages/index/index.wxml", "<view>Hello</view>")
    return file


def upload_to_published(one: Console, browser: Browser) -> Count:
    """Upload to published: a license holder uploads and publishes, a reviewer approves."""
    count = Count()
    holder = one.person(browser, "mira@example.com", count)
    reviewer = one.person(browser, "sol@example.com", count)
    main = holder.page.locator("#main")
    _go_to(holder, "clinic new", r"/versions/new/")
    number = holder.page.get_by_label("Version number").input_value()
    with tempfile.TemporaryDirectory() as folder:
        holder.attach(holder.page.locator("input[type=file]"), _package(folder, number))
        holder.fill(holder.page.get_by_label("Change notes"), "Booking for children")
        holder.click(main.get_by_role("button", name="Upload and submit for audit"))
        holder.sees("submitted for audit")
    reviewer.page.reload()
    reviewer.click(reviewer.page.locator("#main").get_by_role("link", name=f"Clinic Booking {number}"))
    reviewer.follow("Approve")
    reviewer.sees("approved")
    holder.page.reload()
    holder.follow("Publish…")
    holder.confirm(f"Publish {number}")
    holder.sees(f"{number} is online")
    return count


def why_not_this_version(one: Console, browser: Browser) -> Count:
    """Why a device did not get the grayscale version: only the account of its user is known."""
    count = Count()
    hand = one.person(browser, "mira@example.com", count)
    hand.follow("Grayscale", inside="#sidebar")
    hand.follow("New timetable, first 1,000")
    hand.fill(hand.page.get_by_label("GUID, account or device ID"), ACCOUNT)
    hand.press("Enter")
    hand.sees("Filled in from when the device was last seen")
    return count


def revoke_an_api(one: Console, browser: Browser) -> Count:
    """Revoke an API: an application administrator takes a permission back from a mini program."""
    count = Count()
    hand = one.person(browser, "mira@example.com", count)
    _go_to(hand, "harbour grants", r"/grants/")
    hand.click(hand.page.get_by_role("link", name="Revoke… City Bus wx.getLocation"))
    hand.fill(hand.page.locator("#dialog textarea"), "Not needed")
    hand.confirm("Revoke permission")
    hand.sees("Revoked: ")
    return count


def find_a_failed_message(one: Console, browser: Browser) -> Count:
    """Find a failed message: whose it is, and why it failed."""
    count = Count()
    hand = one.person(browser, "mira@example.com", count)
    hand.click(hand.page.locator("#main a[href*='/messages/log/?state=failed']"))
    hand.click(hand.page.locator("#main tbody a[href*='/messages/log/']"))
    hand.sees("Failed")
    return count


def approve_ten_requests(one: Console, browser: Browser) -> Count:
    """Approve ten requests: two mini programs asked for five APIs each."""
    _ask_for_apis(one, browser, "Island Ferry")
    _ask_for_apis(one, browser, "Parking Meter")
    count = Count()
    hand = one.person(browser, "jun@example.com", count)
    hand.follow("Reviews", inside="#sidebar")
    for program in ("Island Ferry", "Parking Meter"):
        hand.click(hand.page.get_by_role("checkbox", name=program))
    hand.follow("Approve…")
    hand.confirm("Approve")
    hand.page.locator("#dialog").wait_for(state="hidden")
    hand.sees("granted")
    return count


def _ask_for_apis(one: Console, browser: Browser, program: str) -> None:
    """Ask for five APIs of Harbour Super App; not counted."""
    page = one.person(browser, "mira@example.com", Count()).page
    page.goto(f"/miniprograms/?q={program}")
    page.locator("#main").get_by_role("link", name=program).first.click()
    page.get_by_role("link", name="Development").first.click()
    page.get_by_role("link", name="Interface permissions").first.click()
    page.get_by_role("link", name="Apply for permissions").click()
    for place in range(1, 6):
        page.locator("#main input[name=apis]").nth(place).check()
    page.locator("#main textarea").first.fill("For the timetable")
    page.locator("#main button[type=submit]").first.click()
    page.get_by_text("wait").first.wait_for()


def first_program(one: Console, browser: Browser) -> Count:
    """First program from nothing: an operator, a team administrator and a reviewer, until a program is bound."""
    count = Count()
    operator = one.person(browser, "admin@example.com", count)
    team = operator.page.get_by_label("Team", exact=True)
    operator.fill(team, "City Services")
    operator.fill(operator.page.get_by_label("Administrator’s e-mail"), "eva@example.com")
    operator.press("Enter")
    eva = _joins(one, browser, count, "eva@example.com", "Eva Stone")
    eva.follow("Create host app")
    eva.fill(eva.page.get_by_label("Name"), "City App")
    eva.fill(eva.page.get_by_label("Reviewer"), "rio@example.com")
    eva.press("Enter")
    eva.sees("City App")
    eva.follow("Home", inside="#sidebar")
    eva.follow("Create mini program")
    eva.fill(eva.page.get_by_label("Name"), "Ferry Times")
    eva.choose(eva.page.get_by_label("Category"), "Transport")
    eva.fill(eva.page.get_by_label("Introduction"), "When the next ferry leaves.")
    eva.click(eva.page.locator("#main").get_by_role("button", name="Create mini program"))
    eva.sees("City App")
    rio = _joins(one, browser, count, "rio@example.com", "Rio Stone")
    rio.click(rio.page.locator("#main").get_by_role("link", name="Ferry Times"))
    rio.follow("Approve")
    rio.sees("pproved")
    return count


def _joins(one: Console, browser: Browser, count: Count, email: str, name: str) -> Hand:
    """Open the link of the invitation, set name and password."""
    hand = Hand(browser, one.url, count)
    hand.open(one.link_to(email))
    hand.fill(hand.page.get_by_label("Name"), name)
    for field in hand.page.locator("input[type=password]").all():
        hand.fill(field, PASSWORD)
    hand.press("Enter")
    hand.page.locator("#sidebar").wait_for(state="attached")
    return hand


EMPTY = (first_program,)
DEMO = (upload_to_published, why_not_this_version, revoke_an_api, find_a_failed_message, approve_ten_requests)
