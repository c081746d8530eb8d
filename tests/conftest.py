"""Fixtures of the whole suite."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from django.urls import reverse

from console.accounts.models import User
from console.api.device.update import claims
from tests.factories import PASSWORD


@pytest.fixture(autouse=True)
def no_known_places() -> Iterator[None]:
    """What one test's devices were given is nothing to the next one's."""
    yield
    claims.close()


@pytest.fixture(scope="module")
def no_running_loop() -> Iterator[None]:
    """For modules that run an event loop themselves: Playwright's, of a browser that lives on, runs in this thread.

    For the whole module, as Django has other database connections where a loop runs.
    """
    loop = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(loop)


@pytest.fixture
def signed_in(db: None) -> Callable[[User], Client]:
    """Return a browser-like client in which `user` has just signed in with the password, through the real page."""

    def sign_in(user: User) -> Client:
        client = Client()
        response = client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
        assert response.status_code == 302, response.content[:500]
        return client

    return sign_in
