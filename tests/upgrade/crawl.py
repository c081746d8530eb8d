"""Every page that people reach by links, from Home on, on the data that is there: run by this release's code.

The argument is the password of the demo's people. Prints JSON: the routes that were seen, and each page that failed
as [who, path, status, error].
"""

from __future__ import annotations

import html
import json
import re
import sys
from collections import Counter
from typing import Any
from urllib.parse import urljoin

import django

django.setup()

# ruff: noqa: E402 - Django must be ready before its views are imported.
from django.test import Client
from django.urls import Resolver404, resolve, reverse

from console.base.accounts.models import User

# Who walks, and how often each route: a team administrator who also administers an application, a reviewer, and an
# operator, who sees the admin's pages, too.
PEOPLE = {"mira@example.com": 2, "jun@example.com": 1, "operator": 1}
LINK = re.compile(r'\b(?:href|src|hx-get)="([/?][^"]*)"')
SKIPPED = {"account_logout"}


class Crawl:
    """One person's walk: each route at most `most` times, by different addresses."""

    def __init__(self, who: str, most: int, password: str) -> None:
        self.who, self.most = who, most
        self.client = Client(raise_request_exception=False, HTTP_HOST="localhost")
        if who == "operator":
            user, _new = User.objects.get_or_create(email="op@example.com", name="Op", is_staff=True, is_superuser=True)
            user.set_password(password)
            user.save()
            who = user.email
        answer = self.client.post(reverse("account_login"), {"login": who, "password": password})
        assert answer.status_code == 302, answer.content[:2000]
        self.routes: Counter[str] = Counter()
        self.wrong: list[tuple[str, str, int, str]] = []

    def walk(self) -> None:
        """Follow every link."""
        found, visited = ["/", "/admin/"] if self.who == "operator" else ["/"], set()
        while found:
            path = found.pop(0)
            if path in visited or not self.wanted(path):
                continue
            visited.add(path)
            found += self.visit(path)

    def wanted(self, path: str) -> bool:
        """Whether it is a route that was not seen often enough; counts it."""
        try:
            match = resolve(path.partition("?")[0])
        except Resolver404:
            return False
        name = match.view_name or match.route
        if name in SKIPPED or self.routes[name] >= self.most:
            return False
        self.routes[name] += 1
        return True

    def visit(self, path: str) -> list[str]:
        """Ask for a page and return its links."""
        answer: Any = self.client.get(path)
        if answer.status_code == 302:
            return [urljoin(path, answer.url)]
        if answer.status_code != 200:
            error = str((getattr(answer, "exc_info", None) or [None, ""])[1])
            self.wrong.append((self.who, path, answer.status_code, error))
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        if "text/html" not in answer.headers["Content-Type"]:
            return []
        return [urljoin(path, html.unescape(link)) for link in LINK.findall(content.decode())]


def main(password: str) -> None:
    """Walk as everyone."""
    seen: Counter[str] = Counter()
    wrong = []
    for who, most in PEOPLE.items():
        crawl = Crawl(who, most, password)
        crawl.walk()
        seen += crawl.routes
        wrong += crawl.wrong
    print(json.dumps({"seen": seen, "wrong": wrong}))


main(sys.argv[1])
