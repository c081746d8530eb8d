"""Takes the pictures of README and docs anew, of a demo of its own, and follows the tour: `make screenshots`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from console.local.pytest_plugin import chromium
from tests.processes import free_port, running
from tests.screenshots import tour

PROJECT = Path(__file__).resolve().parent.parent.parent
FOLDER = PROJECT / "docs" / "screenshots"
PROGRAM, VERSION, TASK = "City Bus", "2.6.0", "New timetable, first 1,000"
WIDTH, HEIGHT = 1440, 1080


def _link(name: str) -> Callable[[Page], None]:
    """Return what follows the first link with this name."""

    def follow(page: Page) -> None:
        page.locator("main").get_by_role("link", name=name).first.click()
        page.wait_for_load_state("networkidle")

    return follow


def _template(page: Page) -> None:
    """Follow the first template of the library, and choose some of its keywords."""
    page.locator("main a[href*='/messages/library/']").first.click()
    for keyword in ("Goods", "Order number", "Expected on"):
        page.get_by_label(keyword).first.check()


def _audit(page: Page) -> None:
    """Follow the first audit of the inbox."""
    page.locator("main a[href^='/reviews/audits/']").first.click()
    page.wait_for_load_state("networkidle")


# Picture, address below the program's own or from the root, and what is clicked there.
PAGES: tuple[tuple[str, str, tuple[Callable[[Page], None], ...]], ...] = (
    ("list", "/miniprograms/", ()),
    ("versions", "versions/", ()),
    ("report", f"versions/{VERSION}/report/", ()),
    ("grayscale", "grayscale/", ()),
    ("grayscale-new", "grayscale/new/", ()),
    ("grayscale-progress", "grayscale/", (_link(TASK),)),
    ("logs", "development/logs/", ()),
    ("keys", "keys/", ()),
    ("template-select", "messages/library/", (_template,)),
    ("messages", "messages/log/", ()),
    ("privacy", "privacy/edit/", ()),
    ("review", "/reviews/?show=all", (_audit,)),
)
DARK = {"versions": "versions-dark"}


def main() -> None:
    """Make the demo, keep a picture of each page as a team administrator sees it, and follow the README's tour."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        env = {**os.environ, "CONSOLE_LOCAL_DIR": folder, "PORT": str(port), "PYTHONUNBUFFERED": "1"}
        command = [sys.executable, "manage.py", "up"]
        options = {"cwd": PROJECT, "env": env, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        with running(command, **options) as process, sync_playwright() as playwright:
            password = _password(process)
            browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
            for theme in ("light", "dark"):
                _take(browser, f"http://localhost:{port}", password, theme)
            tour.go_along(browser, f"http://localhost:{port}", password)
            print("The tour of the README leads where it says.")


def _password(process: subprocess.Popen[str]) -> str:
    """Return the password of the demo's people when the console is ready."""
    said = ""
    for line in process.stdout or ():
        said += line
        if "Ctrl-C stops it" in line:
            return re.findall(r"Demo accounts, all with the password (\S+?):?\n", said)[0]
    raise SystemExit(said)


def _take(browser: Browser, base: str, password: str, theme: str) -> None:
    size = {"width": WIDTH, "height": HEIGHT}
    page = tour.signed_in(browser, base, "mira@example.com", password, viewport=size, color_scheme=theme)
    page.goto(f"/search/?q={PROGRAM}")
    program = page.locator("main").get_by_role("link", name=PROGRAM).first.get_attribute("href")
    for name, address, clicks in PAGES:
        name = name if theme == "light" else DARK.get(name, "")
        if not name:
            continue
        answer = page.goto(address if address.startswith("/") else f"{program}{address}")
        if answer is None or not answer.ok:
            raise SystemExit(f"{page.url} is not there.")
        page.wait_for_load_state("networkidle")
        for click in clicks:
            click(page)
        page.get_by_text("Generating the report.").wait_for(state="hidden")
        page.screenshot(path=FOLDER / f"{name}.png")
        print(f"docs/screenshots/{name}.png")
    page.context.close()


if __name__ == "__main__":
    main()
