"""A person's hand at a browser, which counts what it does: clicks, keys, letters, and the seconds that these take.

Seconds are those of the keystroke-level model (Card, Moran and Newell, Communications of the ACM 23/7, 1980) for
somebody who knows the way. Nobody waits, reads or thinks about the matter itself in them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page

# Seconds: pointing, a press of the mouse, a key, a hand's way between mouse and keyboard, and making up one's mind.
POINT, PRESS, KEY, HOME, MIND = 1.1, 0.2, 0.28, 0.4, 1.35
FILE_CLICKS = 2  # In the system's dialog: the file, and Open.
WAIT = 60_000  # ms


@dataclass
class Count:
    """What a way took."""

    clicks: int = 0
    keys: int = 0  # shortcuts, Tab and Enter
    letters: int = 0
    seconds: float = 0.0
    steps: list[str] = field(default_factory=list)


class Hand:
    """One person in a browser of their own, signed in by a password; several of them may share a count."""

    def __init__(self, browser: Browser, base: str, count: Count) -> None:
        self.page: Page = browser.new_context(
            base_url=base, viewport={"width": 1440, "height": 900}, bypass_csp=True
        ).new_page()
        self.page.set_default_timeout(WAIT)
        self.count = count
        self.on_keyboard = False

    def sign_in(self, email: str, password: str) -> None:
        """Begin at Home; what this takes is not counted."""
        self.page.goto("/")
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Password").first.fill(password)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        self.page.locator("#sidebar").wait_for(state="attached")

    def open(self, address: str) -> None:
        """Click a link in an e-mail."""
        self._mouse()
        self._act(POINT + PRESS + MIND, lambda: self.page.goto(address), clicks=1, step="link in the e-mail")

    def click(self, place: Locator, *, mind: bool = True) -> None:
        """Point at something and press the mouse; `mind` is off where the eye is there already."""
        self._mouse()
        place.first.scroll_into_view_if_needed()
        self._act(POINT + PRESS + mind * MIND, lambda: place.first.click(), clicks=1, step=self._name(place))

    def follow(self, name: str, *, inside: str = "#main") -> None:
        """Click a link or button by its name."""
        area = self.page.locator(inside)
        self.click(area.get_by_role("link", name=name).or_(area.get_by_role("button", name=name)))

    def confirm(self, name: str) -> None:
        """Press the dialog's button."""
        self.click(self.page.locator("#dialog").get_by_role("button", name=name))

    def fill(self, place: Locator, text: str) -> None:
        """Type into a field; a click leads into it unless it has the focus."""
        if not place.first.evaluate("field => field === document.activeElement"):
            self.click(place, mind=False)
        self._keyboard()
        self._act(len(text) * KEY, lambda: place.first.fill(text), letters=len(text))

    def press(self, key: str) -> None:
        """Press one key, or several at once, such as "Control+k"."""
        self._keyboard()
        self._act(KEY * (1 + key.count("+")) + MIND, lambda: self.page.keyboard.press(key), keys=1, step=key)

    def choose(self, place: Locator, label: str) -> None:
        """Open a list and take an entry of it."""
        self._mouse()
        take = lambda: place.first.select_option(label=label)  # noqa: E731
        self._act(2 * (POINT + PRESS) + MIND, take, clicks=2, step=f"{label} of {self._name(place)}")

    def attach(self, place: Locator, file: Path) -> None:
        """Open the system's dialog and choose a file."""
        self._mouse()
        act = lambda: place.first.set_input_files(file)  # noqa: E731
        seconds = (1 + FILE_CLICKS) * (POINT + PRESS) + MIND
        self._act(seconds, act, clicks=1 + FILE_CLICKS, step=f"file {file.name}")

    def sees(self, words: str) -> None:
        """Wait until the words are on the page."""
        self.page.locator("body").get_by_text(words).first.wait_for()

    def _act(
        self,
        seconds: float,
        act: Callable[[], object],
        *,
        clicks: int = 0,
        keys: int = 0,
        letters: int = 0,
        step: str = "",
    ) -> None:
        act()
        self.page.wait_for_load_state("load")
        self.page.wait_for_function("!document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling')")
        self.count.clicks += clicks
        self.count.keys += keys
        self.count.letters += letters
        self.count.seconds += seconds
        if step:
            self.count.steps.append(step)

    def _mouse(self) -> None:
        self.count.seconds += HOME * self.on_keyboard
        self.on_keyboard = False

    def _keyboard(self) -> None:
        self.count.seconds += HOME * (not self.on_keyboard)
        self.on_keyboard = True

    def _name(self, place: Locator) -> str:
        text = place.first.evaluate("one => one.labels?.[0]?.innerText || one.ariaLabel || one.innerText || one.name")
        return " ".join((text or "").split())[:60]
