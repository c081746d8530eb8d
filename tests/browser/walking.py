"""Visits pages in a real browser and complains: of what axe finds serious, of whatever the security policy forbids, of
pages wider than the screen, and of text that became markup.

The policy's violations are caught twice: by the page's own event, and by a server to which the browser reports them,
which hears of what happened before the page could listen.
"""

from __future__ import annotations

import json
import re
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, NamedTuple

from axe_playwright_python.base import AXE_SCRIPT
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import Browser, Page

from console.base.accounts.models import User
from console.routes import Route, routes
from tests.browser import purged
from tests.browser.hostile import LONG
from tests.browser.person import sign_in
from tests.console.world import World
from tests.factories import PASSWORD

SERIOUS = {"serious", "critical"}
# Of a page that was looked at, another theme and width can change these only.
LOOK_RULES = ("color-contrast", "link-in-text-block", "scrollable-region-focusable", "aria-hidden-focus")


class Setting(NamedTuple):
    """A theme, a width in pixels, and what axe is asked."""

    theme: Literal["light", "dark"]
    width: int
    axe: dict[str, Any]


WIDE = Setting("light", 1440, {"resultTypes": ["violations"]})
NARROW = Setting("dark", 390, {"resultTypes": ["violations"], "runOnly": list(LOOK_RULES)})
SETTINGS = (WIDE, NARROW)
# Between the two, where tables drop columns or become cards; only the width is looked at, of the page that is open.
BETWEEN = (320, 640, 1024)
# For what is the same on every page.
ALL_SETTINGS = (WIDE, Setting("dark", 1440, NARROW.axe), Setting("light", 390, NARROW.axe), NARROW)
AXE = "async options => (await axe.run(document, options)).violations"
# The theme has followed, and colours that were changing are what they become: nobody waits for them.
SETTLED = """
async theme => {
    for (let frames = 1000; frames; frames--) {
        await new Promise(resolve => requestAnimationFrame(resolve))
        const changes = document.getAnimations().filter(change => change instanceof CSSTransition)
        if (document.documentElement.dataset.bsTheme === theme && !changes.length) return
        changes.forEach(change => change.finish())
    }
    throw new Error(`The page does not settle in its ${theme} theme.`)
}
"""
LIBRARY_PAGES = ["account_change_password", "mfa_index", "mfa_activate_totp", "security_log", "mfa_add_webauthn"]
ENTRANCE = ["account_login", "account_reset_password"]
FILES = {"icon_file", "device:openapi", "reviews:package", "reviews:binding_package", "grayscale:list_values"}
FILES |= {"devmgmt:log_export", "devmgmt:log_export_ndjson", "offline:download", "sdk_file"}
FILES |= {"api:openapi-json", "api:api-root"}
LOCAL = {"mailbox", "mailbox_mail"}  # there are none where mails are sent
# Parts of pages, that htmx fetches.
PARTS = {"switch", "session", "grayscale:live"}
PARTS |= {f"devmgmt:log_{name}" for name in ("entries", "volume", "errors")}
OUTSIDE = {"device", "server", "token"}
# Which pages each module of tests walks, by the beginning of their names; "" is the rest. Modules run side by side.
SECTIONS = {
    "programs": ("", "miniprograms:", "accounts:", "privacy:"),
    "versions": ("releases:", "offline:"),
    "grayscale": ("grayscale:", "guardrail:", "devmgmt:", "keys:"),
    "messages": ("messaging:", "reviews:"),
    "applications": ("hosts:",),
    "platform": ("platform:",),
}
# What is wider than its place: the page, and tables that stand out of what holds them and can't be scrolled there.
TOO_WIDE = """
() => {
    const page = document.documentElement
    const wide = page.scrollWidth > page.clientWidth ? ['page'] : []
    for (const table of document.querySelectorAll('main table')) {
        const holder = table.parentElement
        const over = table.getBoundingClientRect().right - holder.getBoundingClientRect().right
        if (over > 1 && getComputedStyle(holder).overflowX === 'visible') wide.push(table.className)
    }
    return wide
}
"""
WATCH = """
window.violations = []
document.addEventListener('securitypolicyviolation', event => window.violations.push(
    event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sample))
window.x = () => window.violations.push('a string was executed')
"""
# Elements that only a hostile string can have made.
MARKUP = """
[...document.querySelectorAll('*')].filter(element =>
    [...element.attributes].some(attribute => attribute.name.startsWith('on'))
    || element.matches('img[src="x"], iframe, object, embed')
    || element.matches('script:not([src]):not([type="application/json"])')
    || /^\\s*(javascript|data|vbscript):/i.test(element.getAttribute('href') || ''))
    .map(element => element.outerHTML.slice(0, 120))
"""


class Sink:
    """A server that browsers report violations of the policy to."""

    def __init__(self) -> None:
        self.reports: list[dict[str, Any]] = []
        self.heard = threading.Condition()
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(204)
                self.end_headers()
                with sink.heard:
                    sink.reports.append(json.loads(body)["csp-report"])
                    sink.heard.notify_all()

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    @contextmanager
    def running(self) -> Iterator[Sink]:
        """Serve until the block ends."""
        thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield self
        self.server.shutdown()
        self.server.server_close()
        thread.join()

    def policy(self) -> dict[str, Any]:
        """Return the console's own policy, reporting to this server."""
        directives = {**settings.CONTENT_SECURITY_POLICY["DIRECTIVES"], "report-uri": self.url}
        return {**settings.CONTENT_SECURITY_POLICY, "DIRECTIVES": directives}


def routes_of(section: str) -> list[Route]:
    """Return the routes of a section that answer a GET with a page or a part of one."""
    named = tuple(start for starts in SECTIONS.values() for start in starts if start)
    found = []
    for route in routes():
        mine = route.name.startswith(tuple(start for start in SECTIONS[section] if start))
        if not mine and ("" not in SECTIONS[section] or route.name.startswith(named)):
            continue
        library = route.path.startswith("/account/") or route.name.startswith("admin:")
        nameless = route.name.endswith(":") or not route.name  # Catches what the machines' APIs do not know.
        skipped = library or nameless or route.permission in OUTSIDE or route.name in FILES | LOCAL
        if "GET" in route.methods and not skipped:
            found.append(route)
    return found


def address(route: Route, world: World) -> str:
    """Return the address of a route with the world's arguments."""
    names = re.findall(r"<\w+:(\w+)>", route.path)
    return reverse(route.name, kwargs=world.fill(route.name, names))


class Walker:
    """Someone who looks at pages in some settings; `complaints` is what was wrong."""

    def __init__(self, browser: Browser, base: str, settings: Sequence[Setting] = SETTINGS) -> None:
        self.base = base
        self.complaints: list[str] = []
        self.tokens: set[str] = set()
        self.settings = deque(settings)
        self.context = browser.new_context(base_url=base)
        self.context.add_init_script(WATCH)
        self.context.add_init_script(AXE_SCRIPT)
        self.page: Page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.complain(f"error: {error}"))
        self.page.on("dialog", self._dialog)
        self._take()

    def _dialog(self, dialog: Any) -> None:
        if dialog.type != "beforeunload":
            self.complain(f"dialog: {dialog.message}")
        dialog.dismiss()

    def complain(self, words: str) -> None:
        """Note what is wrong with the page that is open."""
        self.complaints.append(f"{self.setting.theme} {self.setting.width} {self.page.url}: {words}")

    def sign_in(self, person: User) -> None:
        """Sign in through the page."""
        self.page.goto(reverse("account_login"))
        self.page.get_by_label("E-mail").fill(person.email)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        self.page.wait_for_url("**/")

    def visit(self, path: str, *, whole: bool = True, status: int = 200) -> None:
        """Open a page and look at it in all settings; what is no `whole` page has no layout and nothing for axe.

        It is opened as the page before was left: of two settings each is what half of all pages begin with, and the
        change reaches each while it is open. A page that draws by its width is opened anew.
        """
        self._open(path, status)
        if not whole:
            return self._complain_of_text()
        draws = bool(self.page.locator("canvas").count())
        if not draws:
            self._narrow()
        return self.look_around(lambda: self._open(path, status) if draws else None)

    def _narrow(self) -> None:
        """Complain of what makes the page scroll sideways at other widths, or a table stand out of its card."""
        for width in BETWEEN:
            self.page.set_viewport_size({"width": width, "height": 900})
            for wide in self.page.evaluate(TOO_WIDE):
                self.complain(f"at {width} wider than its place: {wide}")
        self.page.set_viewport_size({"width": self.setting.width, "height": 900})

    def look_around(self, changed: Callable[[], None] = lambda: None) -> None:
        """Look at what is open in all settings; `changed` is called after each change."""
        self._look()
        for _ in range(len(self.settings) - 1):
            self.settings.rotate(-1)
            self._take()
            self.page.evaluate(SETTLED, self.setting.theme)
            changed()
            self._look()

    def _open(self, path: str, status: int) -> None:
        response = self.page.goto(path)
        if response is None or response.status != status:
            self.complain(f"status {response.status if response else None}")

    @property
    def setting(self) -> Setting:
        """The one that is taken."""
        return self.settings[0]

    def _take(self) -> None:
        """Take the setting, as who turns a tablet at dusk."""
        self.page.set_viewport_size({"width": self.setting.width, "height": 900})
        self.page.emulate_media(color_scheme=self.setting.theme)

    def _complain_of_text(self) -> None:
        """Complain of what the security policy forbids, and of text that became markup; note what the page is of."""
        self.tokens.update(self.page.evaluate(purged.TOKENS))
        for violation in self.page.evaluate("window.violations.splice(0)"):
            self.complain(violation)
        for markup in self.page.evaluate(MARKUP):
            self.complain(f"markup {markup}")

    def _look(self) -> None:
        """Complain of layout, and of what axe finds."""
        self._complain_of_text()
        if self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            self.complain("wider than the screen")
        for finding in self.page.evaluate(AXE, self.setting.axe):
            if finding["impact"] in SERIOUS:
                places = [node["html"][:90] for node in finding["nodes"][:2]]
                self.complain(f"{finding['id']} {places}")

    def prove(self, sink: Sink) -> None:
        """Execute a hostile string on purpose: the sink must hear of it, after all that came before."""
        before = len(sink.reports)
        self.page.goto(reverse("account_login") if self.page.url == "about:blank" else self.page.url)
        self.page.evaluate("text => document.body.insertAdjacentHTML('beforeend', text)", LONG)
        with sink.heard:
            assert sink.heard.wait_for(lambda: len(sink.reports) > before, timeout=30), "The sink hears nothing."
        assert self.page.evaluate("window.violations"), "The page hears nothing."
        assert self.page.evaluate(MARKUP), "Markup is not found."


def walk(section: str, world: World, *, browser: Browser, base: str, sink: Sink) -> list[str]:
    """Visit a section's pages as somebody who may see them all; return what was wrong."""
    walker = Walker(browser, base)
    library = "" in SECTIONS[section]
    if library:
        for name in ENTRANCE:
            walker.visit(reverse(name))
        walker.sign_in(world.people["admin"])
        for name in LIBRARY_PAGES:
            walker.visit(reverse(name))
    else:
        sign_in(walker.context, base, world.people["admin"])
    for route in routes_of(section):
        walker.visit(address(route, world), whole=route.name not in PARTS)
    heard = len(sink.reports)
    walker.prove(sink)
    reports = [f"{report['document-uri']}: {report['violated-directive']}" for report in sink.reports[:heard]]
    walker.context.close()
    return walker.complaints + reports + [f"not in the built style: {each}" for each in purged.lost(walker.tokens)]
