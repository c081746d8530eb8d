"""Playwright on the machine's own Chromium; the plugin skips these tests, aloud, where there is none."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from console.base.accounts.models import User
from console.base.hosts.models import ApplicationMember
from console.local.pytest_plugin import chromium
from tests.browser import walking
from tests.browser.hostile import SHORT, poison
from tests.console.world import make_world
from tests.factories import make_signs, make_task_sign, make_worker

# Playwright's synchronous API runs an event loop in this thread, in which Django would refuse the database.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
FORBIDDEN = (  # what the security policy forbids becomes an error of the page
    "document.addEventListener('securitypolicyviolation',"
    " event => setTimeout(() => { throw new Error(event.violatedDirective + ' ' + event.blockedURI) }))"
)
expect.set_options(timeout=30_000)  # ms; a busy machine is no reason to fail.


@pytest.fixture(autouse=True)
def closed_pages(request: pytest.FixtureRequest) -> Iterator[None]:
    """Close what a test has opened in the browser, which lives on: pages go on asking a server that is gone."""
    yield
    if "browser" in request.fixturenames:
        for context in request.getfixturevalue("browser").contexts:
            context.close()


@pytest.fixture
def watch() -> Iterator[Callable[[Page], None]]:
    """Watch a page; the test fails when a script of it fails, or does what the security policy forbids."""
    complaints: list[str] = []

    def begin(page: Page) -> None:
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.add_init_script(FORBIDDEN)

    yield begin
    assert complaints == []


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Start the machine's Chromium; its sandbox cannot be had as root."""
    sandbox = [] if os.getuid() else ["--no-sandbox"]
    return {
        **browser_type_launch_args,
        "executable_path": chromium(),
        "args": [*sandbox, "--disable-dev-shm-usage"],
    }


@pytest.fixture
def walk(transactional_db, settings, live_server, browser) -> Iterator[Callable[[str], list[str]]]:
    """Walk a section of a world in which every text is hostile; returns what was wrong."""
    world = make_world(SHORT)
    application = ApplicationMember.objects.get(user=world.people["reviewer"]).application
    ApplicationMember.objects.create(application=application, user=world.people["admin"], role="app_admin")
    User.objects.filter(pk=world.people["admin"].pk).update(is_staff=True)
    make_signs()
    make_worker(SHORT, ago=100)
    make_task_sign(SHORT, ago=200, failed_at=timezone.now())
    poison(world)
    with walking.Sink().running() as sink:
        settings.CONTENT_SECURITY_POLICY = sink.policy()
        yield lambda section: walking.walk(section, world, browser=browser, base=live_server.url, sink=sink)
