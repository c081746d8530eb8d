"""Real server processes on the test database."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import connection

from releases.models import package_storage
from tests.processes import granian


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
        "PACKAGE_ROOT": str(package_storage().path("")),
        **variables,
    }
    with granian(env=environment, threads=2) as port:
        yield f"http://127.0.0.1:{port}"
