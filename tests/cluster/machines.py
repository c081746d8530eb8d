"""Two machines of one installation: each has folders of its own, and only what docs/clusters.md names is shared.

PostgreSQL, Valkey, packages and icons are shared; PgBouncer is between, and nginx before them, as we ship them.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from console import databases
from console.local import addresses, postgres, valkey
from console.local.process import Service, stop_all, tied
from console.local.throwaway import PARENT
from tests.chaos import installation
from tests.chaos.installation import ENGINE_PATIENCE, ROOT, Installation
from tests.chaos.ledger import Reply, ask
from tests.cluster import pgbouncer, seeding
from tests.cluster.pgbouncer import Pooler
from tests.nginx import ADDRESS, HOST, nginx
from tests.processes import free_port

PATIENCE = 90.0  # seconds for what has to come; two cores, and others on them
UPDATE = "/runtime/v1/update"


@dataclass
class Machine:
    """Its folder, the ports of its servers, and what their environment has of its own."""

    name: str
    folder: Path
    web: int = field(default_factory=free_port)
    runtime: int = field(default_factory=free_port)

    @property
    def environment(self) -> dict[str, str]:
        """Return what no other machine has."""
        own = {"CONSOLE_LOCAL_DIR": "local", "OBJECT_LIST_CACHE": "lists", "STATIC_ROOT": "static", "TMPDIR": "tmp"}
        return {name: str(self.folder / part) for name, part in own.items()}


@dataclass
class Cluster(Installation):
    """An installation on several machines."""

    machines: list[Machine] = field(default_factory=list)
    pooler: Pooler | None = None
    empty: str = "empty"  # a database with tables, and without rows
    https: int = 0
    facts: dict[str, Any] = field(default_factory=dict)

    def update(self, port: int, app_id: str, guid: str, *, timeout: float = 20.0, **more: Any) -> Reply:
        """Ask a runtime as a device; raises Lost."""
        body = json.dumps(question(app_id, guid, **more)).encode()
        return ask(port, "POST", UPDATE, body, timeout=timeout, **self.device_headers)

    @property
    def device_headers(self) -> dict[str, str]:
        """What every device sends."""
        return {"Authorization": self.facts["authorization"], "Content_Type": "application/json"}


def question(app_id: str, guid: str, **more: Any) -> dict[str, Any]:
    """Return the body of an update check."""
    device = {"platform": "android", "os_version": "14", "app_version": "8.0.50", "network": "wifi"}
    return {"app_id": app_id, "guid": guid, **device, **more}


@contextlib.contextmanager
def running(names: tuple[str, ...] = ("one", "two"), *, workers: int = 2) -> Iterator[Cluster]:
    """Run an installation with its rows, behind nginx; `workers` processes for each server. Nothing of it is left."""
    base = Path(tempfile.mkdtemp(prefix="console-cluster-", dir=PARENT))
    base.chmod(0o711)
    cluster = Cluster(base, installation.environment_of(base, 1))
    cluster.environment |= {
        "TRUSTED_PROXIES": f"{ADDRESS}/32",
        "BASE_URL": f"https://{HOST}",
        "PACKAGE_ACCEL_PREFIX": "/packages/",
    }
    try:
        _start_engines(cluster)
        installation.migrate(cluster)
        with psycopg.connect(addresses.database_url("postgres", sockets=base), autocommit=True) as server:
            server.execute(f"CREATE DATABASE {cluster.empty} TEMPLATE {addresses.DATABASE}")  # type: ignore[arg-type]
        command = [sys.executable, "-m", seeding.__name__]
        cluster.facts = json.loads(subprocess.check_output(command, cwd=ROOT, env=cluster.environment))
        with pgbouncer.pgbouncer(base / "pgbouncer", sockets=base) as cluster.pooler:
            for name in names:
                cluster.machines.append(_machine(cluster, name, workers))
            with installation.served(cluster), _proxied(cluster):
                for machine in cluster.machines:
                    until(lambda port=machine.runtime: _is_ready(port, "devices"), "a runtime did not start")
                    until(lambda port=machine.web: _is_ready(port, "pages"), "a web server did not start")
                yield cluster
    finally:
        stop_all(list(cluster.engines.values()), patience=ENGINE_PATIENCE)
        shutil.rmtree(base, ignore_errors=True)


def _start_engines(cluster: Cluster) -> None:
    base = cluster.base
    postgres.prepare(base / "postgres", sockets=base)
    cluster.engines["postgres"] = postgres.service(base / "postgres", sockets=base, log=base / "postgres.log")
    cluster.engines["valkey"] = valkey.service(base / "valkey", sockets=base, log=base / "valkey.log")
    for name in cluster.engines:
        cluster.start_engine(name)


def _machine(cluster: Cluster, name: str, workers: int) -> Machine:
    """Make a machine's folders and services; they start with the others'."""
    machine = Machine(name, cluster.base / name)
    for part in machine.environment.values():
        Path(part).mkdir(parents=True)
    pooler = cluster.pooler
    assert pooler is not None
    direct = addresses.database_url(sockets=cluster.base)
    for role, port in (("web", machine.web), ("runtime", machine.runtime)):
        urls = {databases.URL: pooler.url(f"console_{role}"), databases.SESSION_URL: direct}
        own = {"PGAPPNAME": f"console-{role}-{name}", **machine.environment, **urls}
        command = ["env", "-C", str(machine.folder), sys.executable, str(ROOT / "manage.py"), "start", role]
        command += ["--host", ADDRESS, "--port", str(port), "--workers", str(workers)]
        log, key = cluster.base / f"{role}-{name}.log", f"{role}-{name}"
        environment = {**cluster.environment, **own}
        cluster.services[key] = Service(key, tied(command, signal.SIGTERM), log=log, env=environment)
    return machine


@contextlib.contextmanager
def _proxied(cluster: Cluster) -> Iterator[None]:
    web, devices = [one.web for one in cluster.machines], [one.runtime for one in cluster.machines]
    cluster.packages.mkdir(exist_ok=True)
    with nginx(cluster.base / "nginx", web=web, devices=devices, packages=cluster.packages) as (cluster.https, _http):
        yield


def _is_ready(port: int, part: str) -> bool:
    with contextlib.suppress(Exception):
        return ask(port, "GET", f"/readyz/{part}").status == 200
    return False


def until(holds: Callable[[], Any], words: str, *, seconds: float = PATIENCE) -> float:
    """Wait until it holds; return how many seconds that took. AssertionError with the words when it does not."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() < began + seconds, words
        time.sleep(0.02)
    return time.monotonic() - began
