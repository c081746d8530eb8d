"""What a page weighs as production serves it: compressed, under names by content, kept by the browser (ADR 38)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.urls import reverse
from playwright.sync_api import Browser

from miniprograms.models import MiniProgram
from tests.browser import purged
from tests.console.platform.servers import serve
from tests.console.world import make_world
from tests.signing_in import new_session
from tests.weight.visit import visit

PAGES = ("home", "releases:versions", "devmgmt:logs", "notifications")


@pytest.fixture
def production(transactional_db: None, settings, tmp_path: Path) -> Iterator[str]:
    """The address of a server with the settings of production."""
    settings.STATIC_ROOT = tmp_path
    manifest = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": manifest}
    call_command("collectstatic", interactive=False, verbosity=0)
    variables = {
        "DEBUG": "0",
        "ALLOWED_HOSTS": "localhost",
        "BASE_URL": "https://localhost",
        "TRUSTED_PROXIES": "127.0.0.1/32",
        "STATIC_ROOT": str(tmp_path),
    }
    with serve("web", variables) as server:
        yield f"http://localhost:{server.port}"


def test_pages_are_light(production: str, browser: Browser) -> None:
    """With an empty cache, and then with a full one."""
    world = make_world("Own")
    MiniProgram.objects.update(icon="")  # The world's icon has no file, and what is not there is not kept.
    addresses = [reverse("account_login")]
    addresses += [reverse(page, kwargs=world.fill(page, ["app_id"] if ":" in page else [])) for page in PAGES]
    session = {"name": "__Host-sessionid", "value": new_session(world.people["admin"]), "url": "https://localhost"}
    for address in addresses:
        context = browser.new_context(extra_http_headers={"X-Forwarded-Proto": "https"})  # of a proxy that ends TLS
        if address != reverse("account_login"):
            context.add_cookies([session])
        cold, warm = (visit(context, production + address) for _ in range(2))
        assert cold.requests <= 12, [*cold.sizes]
        assert cold.bytes <= 350 * 1024, cold.sizes
        assert 1 <= warm.requests <= 3, [*warm.sizes]
        answer = context.request.get(production + address)
        assert answer.headers["content-encoding"] == "gzip"
        assert re.search(r'href="/static/console/frame\.[0-9a-f]{12}\.css"', answer.text())


def test_what_was_taken_out_is_missed_where_it_is_used() -> None:
    assert purged.lost({"div", ".card", ".btn", ".status-green"}) == []
    assert {".carousel-item", ".carousel"} <= {*purged.lost({"div", ".carousel", ".carousel-item"})}
