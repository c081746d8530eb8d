"""What a measurement stands on: a database of its own, a server process, a client that keeps its connection."""

from __future__ import annotations

import contextlib
import http.client
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from tests.bench.counting import ASK, TELL
from tests.processes import granian

Environment = dict[str, str]
SETTINGS = "tests.bench.settings"
CSRF_TOKEN = "x" * 32  # sent as cookie and in the form


@contextlib.contextmanager
def database() -> Iterator[Environment]:
    """Make a migrated database beside the one that the environment names, and a folder for files; drop both in the end.

    Yields the environment of processes that use them.
    """
    url = urlsplit(os.environ["DATABASE_URL"])
    name = f"bench_{secrets.token_hex(4)}"
    with (
        tempfile.TemporaryDirectory(prefix="console-bench-") as folder,
        psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection,
    ):
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            own = f"{url.scheme}://{url.netloc}/{name}" + (f"?{url.query}" if url.query else "")
            environment = {
                **os.environ,
                "DATABASE_URL": own,
                "DJANGO_SETTINGS_MODULE": SETTINGS,
                "BENCH_FOLDER": folder,
                "STATIC_ROOT": folder,
            }
            migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0", "--skip-checks"]
            subprocess.run(migrate, env=environment, check=True)
            yield environment
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextlib.contextmanager
def console(
    environment: Environment, options: Sequence[str] = ("console.wsgi:application",), *, threads: int = 1
) -> Iterator[int]:
    """One granian process with one thread for Python unless specified otherwise, on a free port; yields the port."""
    with granian(options, env=environment, threads=threads) as port:
        yield port


class Visitor:
    """A signed-in user with one connection that stays open."""

    def __init__(self, port: int, session: str) -> None:
        self.port = port
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = {"Cookie": f"sessionid={session}; csrftoken={CSRF_TOKEN}"}

    def get(self, path: str, **headers: str) -> http.client.HTTPResponse:
        """Read a page to its end; RuntimeError unless it is there."""
        self._connection.request("GET", path, headers=self._headers | headers)
        response = self._connection.getresponse()
        response.read()
        if response.status != 200:
            raise RuntimeError(f"{path} answered {response.status} {response.headers.get('Location', '')}")
        return response

    def milliseconds(self, path: str) -> float:
        """Return how long a page takes, up to its last byte."""
        began = time.perf_counter()
        self.get(path)
        return (time.perf_counter() - began) * 1000

    def queries(self, path: str) -> int:
        """Return how many queries a page makes."""
        return int(self.get(path, **{ASK: "1"}).headers[TELL])

    def post(self, path: str, body: bytes, content_type: str) -> http.client.HTTPResponse:
        """Send a form that holds CSRF_TOKEN."""
        self._connection.request("POST", path, body, self._headers | {"Content-Type": content_type})
        response = self._connection.getresponse()
        response.read()
        return response
