"""Real server processes on the test database."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from urllib.parse import quote, urlencode

import requests
from django.conf import settings
from django.db import connection

from tests import stored
from tests.console.api.device.asking import authorization
from tests.factories import make_application
from tests.processes import START_SECONDS, granian

Served = Callable[[], str]


def database_url() -> str:
    """The URL of the database that this test uses."""
    given = connection.get_connection_params()
    parts = {name: quote(str(given.get(name) or ""), safe="") for name in ("user", "password", "dbname")}
    query = urlencode({name: given[name] for name in ("host", "port") if given.get(name)})
    return f"postgresql://{parts['user']}:{parts['password']}@/{parts['dbname']}?{query}"


@contextlib.contextmanager
def server(**variables: str) -> Iterator[str]:
    """One granian process with the console, with `variables` in its environment; yields its address."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "console.settings",
        "DATABASE_URL": database_url(),
        "SECRET_KEY": settings.SECRET_KEY,  # opens what this test sealed
        **stored.variables(),
        **variables,
    }
    with granian(env=environment, threads=2) as port:
        yield f"http://127.0.0.1:{port}"


def up_to_date(address: str) -> str:
    """Wait until the server there answers by all that is committed now; returns its address.

    It reads changes in their order, so what came before an application is known when that one is.
    """
    header, deadline = {"Authorization": authorization(make_application())}, time.monotonic() + START_SECONDS
    while requests.get(f"{address}/runtime/v1/policy", headers=header, timeout=START_SECONDS).status_code == 401:
        assert time.monotonic() < deadline, "The server does not follow."
        time.sleep(0.02)
    return address
