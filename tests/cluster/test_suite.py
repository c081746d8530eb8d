"""A part of the suite with its database behind PgBouncer in transaction mode: what devices, servers and people do.

Left out is what looks at sessions themselves, as they are PgBouncer's here.
"""

from __future__ import annotations

import subprocess
import sys

import psycopg
import pytest

from console import databases
from console.local import addresses
from tests.chaos.installation import ROOT
from tests.cluster import pgbouncer
from tests.cluster.machines import Cluster

SHORT = (
    "console/api/device/test_grayscale.py",
    "grayscale/test_races.py",
)
LONG = (
    *SHORT,
    "console/api/device/test_reports.py",
    "console/api/device/test_update.py",
    "console/api/device/test_feed.py",
    "console/api/device/test_logs.py",
    "console/api/server/test_messages.py",
    "console/api/server/test_tokens.py",
    "grayscale/test_claims.py",
    "grayscale/test_claims_batches.py",
    "grayscale/test_importing.py",
    "releases/test_concurrency.py",
    "releases/test_publish.py",
)


def run(cluster: Cluster, modules: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    """Run these modules on a database of their own, with the limits of pages."""
    (web,) = [line for line in pgbouncer.SHIPPED.read_text().splitlines() if line.startswith("console_web =")]
    here = web.replace("host=127.0.0.1 port=5432", f"host={cluster.base / 'pg'} port={addresses.PORT}")
    lines = [here.replace("console_web", "suite").replace("dbname=console", "dbname=suite")]
    lines += [here.replace("console_web", "postgres").replace("dbname=console", "dbname=postgres"), ""]
    with pgbouncer.pgbouncer(cluster.base / "suite", sockets=cluster.base, more="\n".join(lines)) as pooler:
        environment = {**cluster.environment, databases.URL: pooler.url("suite")}
        for name in ("DJANGO_SETTINGS_MODULE", "BASE_URL", "TRUSTED_PROXIES", "PACKAGE_ACCEL_PREFIX", "SECRET_KEY"):
            environment.pop(name)
        options = ["-q", "-x", "--ds=tests.cluster.pooled_settings", "--reuse-db", "-p", "no:cacheprovider"]
        command = [sys.executable, "-m", "pytest", *options, *(f"tests/{module}" for module in modules)]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def database(cluster: Cluster) -> None:
    """Tables without rows; what the suite does to empty them is allowed."""
    made = f"CREATE DATABASE suite TEMPLATE {cluster.empty}"
    with psycopg.connect(addresses.database_url("postgres", sockets=cluster.base), autocommit=True) as server:
        for statement in (made, "ALTER DATABASE suite SET console.allow_truncate = on"):
            server.execute(statement)  # type: ignore[arg-type]


@pytest.mark.usefixtures("database")
def test_a_part_of_the_suite_behind_the_pooler(cluster: Cluster, request: pytest.FixtureRequest) -> None:
    done = run(cluster, LONG if request.config.getoption("--long") else SHORT)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
