"""Real server processes on the test database."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import connection

from releases.models import package_storage


def database_url() -> str:
    """The URL of the database that this test uses."""
    given = connection.get_connection_params()
    parts = {name: quote(str(given.get(name) or ""), safe="") for name in ("user", "password", "dbname")}
    query = urlencode({name: given[name] for name in ("host", "port") if given.get(name)})
    return f"postgresql://{parts['user']}:{parts['password']}@/{parts['dbname']}?{query}"


@contextlib.contextmanager
def server() -> Iterator[str]:
    """One granian process with the console; yields its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "console.settings",
        "DATABASE_URL": database_url(),
        "SECRET_KEY": settings.SECRET_KEY,  # opens what this test sealed
        "PACKAGE_ROOT": str(package_storage().path("")),
    }
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port), "--no-ws"]
    command += ["--blocking-threads", "2", "--log-level", "warning", "console.wsgi:application"]
    with subprocess.Popen(command, env=environment) as process:
        try:
            deadline = time.monotonic() + 30
            while True:
                with contextlib.suppress(OSError):
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
                    break
                assert process.poll() is None and time.monotonic() < deadline, "the server did not start"
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
