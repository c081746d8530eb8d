"""The tour of the README, step by step, so that every link in it leads where it says."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, Page

WAIT = 120_000  # ms


def signed_in(browser: Browser, base: str, email: str, password: str, **options: Any) -> Page:
    """Return a page of this person, at Home, in a context of its own with these options."""
    page = browser.new_context(base_url=base, reduced_motion="reduce", **options).new_page()
    page.set_default_timeout(WAIT)
    page.goto("/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.locator("#sidebar").wait_for(state="attached")
    return page


def follow(page: Page, name: str, within: str = "#main") -> None:
    """Follow the first link with this name."""
    page.locator(within).get_by_role("link", name=name).first.click()
    page.wait_for_load_state("networkidle")


def sees(page: Page, *texts: str) -> None:
    """Wait for each text; fails when one does not come."""
    for text in texts:
        page.get_by_text(text).locator("visible=true").first.wait_for()


def go_along(browser: Browser, base: str, password: str) -> None:
    """Take the six steps; stops at the first that is not there."""
    page = signed_in(browser, base, "mira@example.com", password)
    sees(page, "Needs your attention", "Rolling out now", "Waiting on others")
    follow(page, "New timetable, first 1,000")
    sees(page, "Guardrail")
    follow(page, "Versions", "#sidebar")
    follow(page, "Publish 2.5.0…")
    sees(page, "Publish 2.5.0")
    page.keyboard.press("Escape")
    follow(page, "Development", "#sidebar")
    follow(page, "Real-time logs", "#sidebar")
    page.keyboard.press("Control+k")
    page.locator("dialog[open] input[type=search]:focus").fill("bus keys")
    page.keyboard.press("Enter")
    page.wait_for_url("**/keys/")
    reviewer = signed_in(browser, base, "jun@example.com", password)
    reviewer.locator("li", has_text="Island Ferry 1.12.0").get_by_role("link", name="Review").first.click()
    reviewer.locator("#main").get_by_role("button", name="Approve").click()
    sees(reviewer, "approved")
    submitter = signed_in(browser, base, "ada@example.com", password)
    submitter.locator(".unread-dot").first.wait_for()
    submitter.goto("/notifications/")
    sees(submitter, "approved Island Ferry 1.12.0")
    submitter.goto("/activity/")
    sees(submitter, "Island Ferry 1.12.0")
