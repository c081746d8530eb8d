"""The device update check against a bare WSGI hello and a bare Django view, in one run.

Three granian servers with the same options stand beside each other; `wrk` sends the same POST requests to one
after the other, several rounds, so that what else the machine does meets all of them. Run alone: `python -m
tests.bench.update_check`.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import secrets
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from console.local import throwaway
from tests.bench.result import Result

PROGRAMS = 10_000
ROUNDS, SECONDS = 5, 4
SERVERS = {
    "bare WSGI hello": ["--factory", "tests.bench.bare:hello"],
    "bare Django view": ["--factory", "tests.bench.bare:django_view"],
    "update check": ["console.wsgi:application"],
}
# Made in advance, so that the load generator has little to do: other GUIDs and other programs each time.
SCRIPT = """
local app_ids = {%(app_ids)s}
local requests, at = {}, 0
function init(args)
  for n = 1, 5000 do
    local body = string.format('{"app_id":"%%s","guid":"0302%%028d","platform":"android","os_version":"14",' ..
      '"app_version":"8.0.50","network":"wifi","local_version":"1.%%d.0"}', app_ids[n %% #app_ids + 1], n, n %% 3)
    requests[n] = wrk.format("POST", "/runtime/v1/update",
      {["Content-Type"] = "application/json", ["Authorization"] = "%(authorization)s"}, body)
  end
end
function request() at = at %% #requests + 1 return requests[at] end
"""


def run() -> list[Result]:
    """Measure and compare; raises RuntimeError without `wrk`, or when a server answers with errors."""
    if shutil.which("wrk") is None:
        raise RuntimeError("The load generator is missing: apt-get install wrk")
    with contextlib.ExitStack() as stack:
        stack.enter_context(throwaway.services())
        environment = {**os.environ, "DATABASE_URL": stack.enter_context(_database())}
        environment["DEVICE_RATE_LIMIT"] = "100000/second"  # counted all the same
        catalogue = _catalogue(environment)
        script = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "update.lua"
        script.write_text(_script(catalogue))
        ports = {name: stack.enter_context(_server(options, environment)) for name, options in SERVERS.items()}
        first = _first_answer(ports["update check"], catalogue)
        for port in ports.values():
            _load(port, script, seconds=1)
        rates: dict[str, list[float]] = {name: [] for name in SERVERS}
        for _ in range(ROUNDS):
            for name, port in ports.items():
                rates[name].append(_load(port, script, seconds=SECONDS))
    return [
        _compared(rates, "bare Django view", "at least 2.5 times"),
        _compared(rates, "bare WSGI hello", "at least 0.5 times"),
        Result("update check, first answer after start", first, "s", "limit", 2.0, first / 2.0, "below 2 s"),
    ]


def _compared(rates: dict[str, list[float]], reference: str, aim: str) -> Result:
    """The ratio is the median of the rounds' ratios."""
    ratio = statistics.median(
        ours / theirs for ours, theirs in zip(rates["update check"], rates[reference], strict=True)
    )
    return Result(
        name=f"update check, {PROGRAMS:,} programs",
        value=statistics.median(rates["update check"]),
        unit="requests/s",
        reference=reference,
        reference_value=statistics.median(rates[reference]),
        ratio=ratio,
        aim=aim,
    )


@contextlib.contextmanager
def _database() -> Iterator[str]:
    """Make a database of our own beside the one that the environment names, and drop it in the end."""
    url = urlsplit(os.environ["DATABASE_URL"])
    name = f"bench_{secrets.token_hex(4)}"
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield f"{url.scheme}://{url.netloc}/{name}" + (f"?{url.query}" if url.query else "")
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _catalogue(environment: dict[str, str]) -> dict[str, Any]:
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0", "--skip-checks"]
    subprocess.run(migrate, env=environment, check=True)
    fill = [sys.executable, "-m", "tests.bench.catalogue", str(PROGRAMS)]
    filled: dict[str, Any] = json.loads(subprocess.check_output(fill, env=environment))
    return filled


def _script(catalogue: dict[str, Any]) -> str:
    app_ids = ",".join(f'"{app_id}"' for app_id in catalogue["app_ids"])
    return SCRIPT % {"app_ids": app_ids, "authorization": _authorization(catalogue)}


def _authorization(catalogue: dict[str, Any]) -> str:
    credentials = f"{catalogue['application_id']}:{catalogue['key']}"
    return f"Basic {base64.b64encode(credentials.encode()).decode()}"


@contextlib.contextmanager
def _server(options: list[str], environment: dict[str, str]) -> Iterator[int]:
    """One granian process with one thread for Python, on a free port; yields the port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port), "--no-ws"]
    command += ["--workers", "1", "--blocking-threads", "1", "--log-level", "warning", *options]
    with subprocess.Popen(command, env=environment) as server:
        try:
            while True:
                with contextlib.suppress(OSError):
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
                    break
                if server.poll() is not None:
                    raise RuntimeError(f"{options[-1]} did not start")
                time.sleep(0.05)
            yield port
        finally:
            server.terminate()


def _first_answer(port: int, catalogue: dict[str, Any]) -> float:
    """Return the seconds that the first request of a process waits, which reads the whole snapshot."""
    body = {"app_id": catalogue["app_ids"][0], "guid": f"0302{1:028}", "platform": "android", "os_version": "14"}
    body |= {"app_version": "8.0.50", "network": "wifi"}
    headers = {"Content-Type": "application/json", "Authorization": _authorization(catalogue)}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/runtime/v1/update", json.dumps(body).encode(), headers)
    began = time.perf_counter()
    with urllib.request.urlopen(request, timeout=30) as response:
        answer = json.load(response)
    if answer["status"] != "update":
        raise RuntimeError(f"unexpected answer {answer}")
    return time.perf_counter() - began


def _load(port: int, script: Path, *, seconds: int) -> float:
    """Return requests per second over 32 connections."""
    command = ["wrk", "-t1", "-c32", f"-d{seconds}s", "-s", str(script), f"http://127.0.0.1:{port}"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in output or "Socket errors" in output:
        raise RuntimeError(output)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    if rate is None:
        raise RuntimeError(output)
    return float(rate[1])


if __name__ == "__main__":
    for result in run():
        print(
            f"{result.name}: {result.value:,.2f} {result.unit}; {result.reference} {result.reference_value:,.2f}; "
            f"ratio {result.ratio:.2f} (aim {result.aim})"
        )
