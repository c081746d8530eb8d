"""Someone who uses the console."""

from __future__ import annotations

from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from console.base.accounts.models import User
from tests.signing_in import new_session


def sign_in(context: BrowserContext, base: str, user: User) -> None:
    """Make all pages of a browser's context those of `user`; `test_frame.py` signs in through the page."""
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": new_session(user), "url": base}])


def open_dialog(page: Page, address: str) -> None:
    """Follow a dialog link to `address`, put in front of everything else on the page."""
    page.evaluate(
        "address => { const link = document.createElement('a'); link.href = address; link.dataset.dialog = '';"
        " link.textContent = 'Open it…'; document.getElementById('main').prepend(link) }",
        address,
    )
    page.get_by_text("Open it…").click()
    expect(page.locator("#dialog h2")).to_be_visible()


class Person:
    """Someone at a browser of their own."""

    def __init__(self, browser: Browser, base: str, user: User) -> None:
        self.base = base
        context = browser.new_context(base_url=base)
        sign_in(context, base, user)
        self.page: Page = context.new_page()
        self.page.set_default_timeout(30_000)
        self.page.goto("/")

    def click(self, name: str) -> None:
        """Press the first button or link with this name."""
        self.page.locator("#main").get_by_role("link", name=name).or_(
            self.page.locator("#main").get_by_role("button", name=name)
        ).first.click()

    def confirm(self, name: str) -> None:
        """Press the dialog's button."""
        self.page.locator("#dialog").get_by_role("button", name=name).click()

    def sees(self, words: str) -> None:
        """Wait until the words are there."""
        expect(self.page.locator("body")).to_contain_text(words)


def expect_lost_and_found(page: Page, lost: Locator, *, every: int) -> None:
    """See `lost` on a page that asks each `every` milliseconds while the console does not answer, and not else."""
    expect(lost).to_be_hidden()
    page.context.set_offline(True)
    page.clock.fast_forward(every)
    expect(lost).to_be_visible()
    page.context.set_offline(False)
    page.clock.fast_forward(every)
    expect(lost).to_be_hidden()
