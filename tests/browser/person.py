"""Someone who uses the console."""

from __future__ import annotations

from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from console.base.accounts.models import User
from tests import factories


class Person:
    """Someone at a browser of their own."""

    def __init__(self, browser: Browser, base: str, user: User) -> None:
        self.base = base
        self.page: Page = browser.new_context(base_url=base).new_page()
        self.page.set_default_timeout(15_000)
        self.page.goto(reverse("account_login"))
        self.page.get_by_label("E-mail").fill(user.email)
        self.page.get_by_label("Password").fill(factories.PASSWORD)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        expect(self.page.get_by_role("link", name="Mini programs").first).to_be_visible()
        self.page.wait_for_load_state("load")

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
