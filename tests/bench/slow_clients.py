"""Update checks through the shipped nginx while 200 clients send their bodies one byte a second, and without them.

nginx, a process for pages and one for devices run as in docs/production.md. `wrk` sends requests over eight HTTPS
connections, round after round, with the slow clients and without; half of these send to devices' addresses, half to
pages'. The slowest check in a hundred counts (p99).
"""

from __future__ import annotations

import base64
import contextlib
import json
import re
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from console import roles
from console.platform import serving
from tests.bench import stand
from tests.bench.result import Result
from tests.nginx import ENVIRONMENT, HOST, executable, nginx
from tests.processes import free_port, running, wait_until_listens
from tests.slow_clients import request, slow_clients

CLIENTS = 200
ROUNDS, SECONDS = 9, 4
UPDATE = "/runtime/v1/update"
SCRIPT = """
wrk.method = "POST"
wrk.path = "/runtime/v1/update"
wrk.headers["Host"] = "%(host)s"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "%(authorization)s"
wrk.body = '%(body)s'
"""


def run() -> list[Result]:
    """Measure in turns; raises RuntimeError without `wrk` or nginx, or when a check is answered with an error."""
    if shutil.which("wrk") is None or executable() is None:
        raise RuntimeError("The load generator or nginx is missing: apt-get install wrk nginx-light")
    with stand.database() as environment, contextlib.ExitStack() as stack:
        filled = subprocess.check_output([sys.executable, "-m", "tests.bench.catalogue", "10"], env=environment)
        catalogue = json.loads(filled)
        web, devices = (stack.enter_context(_server(role, environment)) for role in ("web", "runtime"))
        folder = Path(environment["BENCH_FOLDER"])
        port, _ = stack.enter_context(nginx(folder / "nginx", web=web, devices=devices, host="localhost"))
        key = f"{catalogue['application_id']}:{catalogue['key']}"
        authorization = f"Basic {base64.b64encode(key.encode()).decode()}"
        script = folder / "check.lua"
        script.write_text(SCRIPT % {"host": "localhost", "authorization": authorization, "body": _check(catalogue)})
        slow = [
            request(UPDATE, f"Authorization: {authorization}", body=b"{"),
            request("/account/sign-in/", f"Cookie: csrftoken={'x' * 32}"),
        ] * (CLIENTS // 2)
        _load(port, script)
        alone, beside = [], []
        for _ in range(ROUNDS):
            alone.append(_load(port, script))
            with slow_clients(port, slow, tls=True, name="localhost"):
                beside.append(_load(port, script))
    return [
        _compared(f"update check, p99, beside {CLIENTS} slow clients", 0, "ms", beside, alone, "at most 2 times"),
        _compared(f"update checks beside {CLIENTS} slow clients", 1, "requests/s", beside, alone, "at least 0.8 times"),
    ]


@contextlib.contextmanager
def _server(role: str, environment: stand.Environment) -> Iterator[int]:
    """One process of a role, as `manage.py start` starts it; yields its port."""
    port = free_port()
    own = {**ENVIRONMENT, "DJANGO_SETTINGS_MODULE": stand.SETTINGS, "ALLOWED_HOSTS": f"{HOST},localhost"}
    own |= {"DEVICE_RATE_LIMIT": "100000/second", roles.VARIABLE: role}
    command = serving.server("127.0.0.1", port, threads=serving.THREADS[role])
    with running(command, env={**environment, **own}) as process:
        wait_until_listens(process, port, role)
        yield port


def _check(catalogue: dict[str, Any]) -> str:
    """The body of a check by a device that has an older version."""
    asked = {"app_id": catalogue["plain"][0], "guid": f"0302{1:028}", "platform": "android", "os_version": "14"}
    return json.dumps(asked | {"app_version": "8.0.50", "network": "wifi", "local_version": "1.0.0"})


def _load(port: int, script: Path) -> tuple[float, float]:
    """Return the p99 in milliseconds, and how many checks were answered in a second."""
    command = ["wrk", "-t1", "-c8", f"-d{SECONDS}s", "--latency", "-s", str(script), f"https://localhost:{port}"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    late, rate = re.search(r"99%\s+([\d.]+)(us|ms|s)", output), re.search(r"Requests/sec:\s+([\d.]+)", output)
    if late is None or rate is None or "Non-2xx" in output or "Socket errors" in output:
        raise RuntimeError(output)
    return float(late[1]) * {"us": 0.001, "ms": 1, "s": 1000}[late[2]], float(rate[1])


def _compared(
    name: str, place: int, unit: str, beside: list[tuple[float, float]], alone: list[tuple[float, float]], aim: str
) -> Result:
    """The ratio is the median of the rounds' ratios."""
    return Result(
        name=name,
        value=statistics.median(one[place] for one in beside),
        unit=unit,
        reference="without them",
        reference_value=statistics.median(one[place] for one in alone),
        ratio=statistics.median(one[place] / other[place] for one, other in zip(beside, alone, strict=True)),
        aim=aim,
    )
