"""Every page in a real browser, light and wide, dark and narrow: nothing serious for axe, nothing that the security
policy forbids, nothing wider than the screen; also when names are hostile.
"""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Browser

from console.hosts.models import ApplicationMember
from console.routes import routes
from tests.console.world import make_world
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)
HOSTILE = "<b onclick=x()>"
SERIOUS = {"serious", "critical"}
LIBRARY_PAGES = ["account_change_password", "mfa_index", "mfa_activate_totp", "mfa_list_webauthn", "mfa_add_webauthn"]
# Parts of pages, and files.
NO_PAGES = {"switch", "reviews:package", "grayscale:live", "grayscale:list_values"}
NO_PAGES |= {f"devmgmt:log_{name}" for name in ("entries", "export", "export_ndjson")}
WATCH = """
window.violations = []
document.addEventListener('securitypolicyviolation', event => window.violations.push(event.violatedDirective))
"""


def addresses(world) -> list[str]:
    """Every page of ours, with the world's arguments, and the library's own that people see."""
    found = [reverse(name) for name in LIBRARY_PAGES]
    for route in routes():
        names = re.findall(r"<\w+:(\w+)>", route.path)
        skipped = route.permission in {"operator", "device", "server", "public"} or "GET" not in route.methods
        if skipped or route.name in NO_PAGES or route.path.startswith("/account/"):
            continue
        found.append(reverse(route.name, kwargs=world.fill(route.name, names)))
    return found


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390)])
def test_pages_are_sound(theme: str, width: int, live_server, browser: Browser):
    world = make_world(HOSTILE)
    person = world.people["admin"]
    ApplicationMember.objects.create(
        application_id=ApplicationMember.objects.get(user=world.people["reviewer"]).application_id,
        user=person,
        role="app_admin",
    )
    context = browser.new_context(
        base_url=live_server.url, color_scheme=theme, viewport={"width": width, "height": 900}
    )
    context.add_init_script(WATCH)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
    pages = [reverse("account_login"), reverse("account_reset_password"), *addresses(world)]
    for number, address in enumerate(pages):
        response = page.goto(address)
        if response.status != 200:
            complaints.append(f"{address}: {response.status}")
        complaints += [f"{address}: {violation}" for violation in page.evaluate("window.violations")]
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            complaints.append(f"{address}: wider than the screen")
        if page.locator("[onclick]").count():
            complaints.append(f"{address}: a name became markup")
        for finding in Axe().run(page).response["violations"]:
            if finding["impact"] in SERIOUS:
                places = [node["html"][:90] for node in finding["nodes"][:2]]
                complaints.append(f"{address}: {finding['id']} {places}")
        if number == 1:
            page.goto(reverse("account_login"))
            page.get_by_label("E-mail").fill(person.email)
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Sign in", exact=True).click()
            page.wait_for_url("**/")
    context.close()
    assert complaints == [], "\n".join(complaints)
    assert len(pages) > 50
