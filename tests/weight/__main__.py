"""Weighs four pages of the demo as production serves them, and writes docs/weight.md's tables: `make weight`.

With `--against FOLDER`, another checkout whose files for browsers are there, the first paint of both is measured too:
both on the same database, in turns, each time with nothing cached.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import secrets
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from console.local.pytest_plugin import chromium
from console.platform import serving
from tests.processes import free_port, running, wait_until_listens
from tests.weight.visit import Weight, visit

PROJECT = Path(__file__).resolve().parent.parent.parent
PAPER = PROJECT / "docs" / "weight.md"
URLS = "from console.local import addresses as a; print(a.database_url(), a.redis_url())"
PROGRAM = "City Bus"
# Bytes a second, and milliseconds from a question to its answer's first byte.
NETWORKS = {
    "none": None,
    "1.6 Mbit/s, 150 ms": {"downloadThroughput": 200_000, "uploadThroughput": 94_000, "latency": 150},
}
SIGN_IN = "/account/sign-in/"


@contextlib.contextmanager
def demo(folder: str) -> Iterator[tuple[dict[str, str], str]]:
    """Run `manage.py up`; yields the environment of servers on its database, and the password of its people."""
    env = {**os.environ, "CONSOLE_LOCAL_DIR": folder, "PORT": str(free_port()), "PYTHONUNBUFFERED": "1"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with running([sys.executable, "manage.py", "up"], cwd=PROJECT, env=env, **pipes) as process:
        said = ""
        for line in process.stdout or ():
            said += line
            if "Ctrl-C stops it" in line:
                break
        found = re.findall(r"Demo accounts, all with the password (\S+?):?\n", said)
        if not found:
            raise SystemExit(said)
        urls = subprocess.run(
            [sys.executable, "-c", URLS], cwd=PROJECT, env=env, capture_output=True, text=True, check=True
        )
        database, redis = urls.stdout.split()
        yield {**env, "DATABASE_URL": database, "REDIS_URL": redis}, found[0]


@contextlib.contextmanager
def served(checkout: Path, env: dict[str, str], folder: Path) -> Iterator[str]:
    """Serve a checkout's pages as production does; yields the address."""
    port, data = free_port(), env["CONSOLE_LOCAL_DIR"]
    base = f"http://localhost:{port}"
    own = {
        **env,
        "PORT": str(port),
        "PYTHONPATH": str(checkout),
        "CONSOLE_ROLE": "web",
        "DEBUG": "0",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "ALLOWED_HOSTS": "localhost",
        "BASE_URL": base,
        "CSRF_TRUSTED_ORIGINS": base,
        "TRUSTED_PROXIES": "127.0.0.1/32",
        "STATIC_ROOT": str(folder),
        "PACKAGE_ROOT": f"{data}/packages",
        "MEDIA_ROOT": f"{data}/media",
    }
    collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
    subprocess.run(collect, cwd=checkout, env=own, check=True)
    with running(serving.server("127.0.0.1", port, threads=8), cwd=checkout, env=own) as process:
        wait_until_listens(process, port, str(checkout))
        yield base


class Person:
    """Someone who is signed in, and comes with an empty cache each time."""

    def __init__(self, browser: Browser, base: str, password: str) -> None:
        self.browser, self.base = browser, base
        context = self._context()
        page = context.new_page()
        page.goto(base)
        page.get_by_label("E-mail").fill("mira@example.com")
        page.get_by_label("Password").first.fill(password)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.locator("#sidebar").wait_for(state="attached")
        page.goto(f"{base}/search/?q={PROGRAM}")
        program = page.locator("main").get_by_role("link", name=PROGRAM).first.get_attribute("href")
        self.state = context.storage_state()
        context.close()
        self.pages = {
            "Sign in": SIGN_IN,
            "Home": "/",
            "Versions": f"{program}versions/",
            "Logs": f"{program}development/logs/",
        }

    def _context(self, **options: object) -> object:
        # What a proxy says that ends TLS.
        return self.browser.new_context(
            viewport={"width": 1440, "height": 900}, extra_http_headers={"X-Forwarded-Proto": "https"}, **options
        )

    def visits(self, page: str, times: int = 1, network: object = None) -> list[Weight]:
        """Open a page some times, at first with an empty cache."""
        context = self._context(**({} if page == "Sign in" else {"storage_state": self.state}))
        weights = [visit(context, self.base + self.pages[page], network=network) for _ in range(times)]
        context.close()
        return weights


class EmptyPage(BaseHTTPRequestHandler):
    """Two letters, and the head that makes a browser begin a new process for a site: no page is painted sooner."""

    def do_GET(self) -> None:
        """Answer any address."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.end_headers()
        self.wfile.write(b"<!doctype html><p>Hi")

    def log_message(self, *_said: object) -> None:
        """Say nothing."""


def empty(browser: Browser, times: int) -> str:
    """Return the row of a page with nothing in it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), EmptyPage)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    found = []
    for _ in range(times):
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        found.append(visit(context, f"http://localhost:{server.server_port}/").milliseconds)
        context.close()
    server.shutdown()
    return f"| An empty page | none | | {statistics.median(found):.0f} | |"


def weigh(person: Person) -> str:
    """Return the table of requests and bytes."""
    rows = ["| | Cold: requests | KB | Warm: requests | KB |", "|---|---:|---:|---:|---:|"]
    for page in person.pages:
        cold, warm = person.visits(page, 2)
        numbers = (cold.requests, round(cold.bytes / 1024), warm.requests, round(warm.bytes / 1024))
        rows.append(f"| {page} | {' | '.join(map(str, numbers))} |")
        print(rows[-1], *(f"{size:8} {address}" for address, size in cold.sizes.items()), sep="\n")
    return "\n".join(rows)


def paint(then: Person, now: Person, times: int) -> str:
    """Return the table of first paints, medians in milliseconds, of both in turns."""
    rows = ["| | Network | Before | Now | |", "|---|---|---:|---:|---:|"]
    for name, network in NETWORKS.items():
        for page in now.pages:
            found: tuple[list[float], list[float]] = ([], [])
            for _ in range(times):
                for person, into in zip((then, now), found, strict=True):
                    into.append(person.visits(page, network=network)[0].milliseconds)
            before, after = map(statistics.median, found)
            rows.append(f"| {page} | {name} | {before:.0f} | {after:.0f} | {after / before:.2f} |")
            print(rows[-1], [[round(each) for each in side] for side in found])
    return "\n".join(rows)


def write(name: str, table: str) -> None:
    """Put a table into its place in docs/weight.md."""
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    head, rest = PAPER.read_text().split(begin)
    PAPER.write_text(f"{head}{begin}\n{table}\n\n{end}{rest.split(end)[1]}")


def main() -> None:
    """Weigh, and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", type=Path, metavar="FOLDER", help="another checkout")
    parser.add_argument("--times", type=int, default=9, help="how often each page is opened, for its first paint")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        env, password = stack.enter_context(demo(f"{folder}/data"))
        checkouts = [PROJECT, *([options.against.resolve()] if options.against else [])]
        bases = [
            stack.enter_context(served(checkout, env, Path(folder, str(number))))
            for number, checkout in enumerate(checkouts)
        ]
        chrome = stack.enter_context(sync_playwright()).chromium
        browser = chrome.launch(executable_path=chromium(), args=["--no-sandbox"])
        now, *then = [Person(browser, base, password) for base in bases]
        write("requests", weigh(now))
        if then:
            write("first paint", f"{paint(then[0], now, options.times)}\n{empty(browser, options.times)}")


if __name__ == "__main__":
    main()
