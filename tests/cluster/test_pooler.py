"""PgBouncer in transaction mode, as we ship it: limits hold, and what needs a session says so."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from console import databases, roles
from console.local import addresses
from console.platform import pooler
from tests.chaos.installation import ROOT
from tests.chaos.people import Person
from tests.cluster import pgbouncer
from tests.cluster.machines import Cluster, until
from tests.cluster.people import person_at

ENDED = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
LIMITS = "SELECT name, setting::bigint FROM pg_settings WHERE name = ANY(%s)"


def limits_of(connection: psycopg.Connection, role: str) -> dict[str, int]:
    """Return the limits that are in force there."""
    return dict(connection.execute(LIMITS, [list(roles.ROLES[role].limits)]).fetchall())


@pytest.fixture
def direct(cluster: Cluster) -> str:
    """PostgreSQL itself."""
    return addresses.database_url(sockets=cluster.base)


@pytest.mark.parametrize("role", ["web", "runtime"])
def test_every_connection_has_its_roles_limits(cluster: Cluster, role: str) -> None:
    """Also those that PgBouncer opens later, and after what clients do inside their transactions."""
    assert cluster.pooler is not None
    url = cluster.pooler.url(f"console_{role}")
    wanted = roles.ROLES[role].limits

    def one(_number: int) -> dict[str, int]:
        with psycopg.connect(url) as own, own.transaction():
            own.execute("SET LOCAL lock_timeout = 1; SELECT pg_sleep(0.05)")
            own.execute("SELECT 1")
        with psycopg.connect(url) as own, own.transaction():
            found = limits_of(own, role)
            own.execute("SELECT pg_sleep(0.05)")  # so that the next one needs another connection
            return found

    with ThreadPoolExecutor(8) as clients:
        assert all(found == wanted for found in clients.map(one, range(16)))
    cluster.rows(ENDED)

    def again() -> dict[str, int]:
        try:
            return one(0)
        except psycopg.errors.AdminShutdown:  # PgBouncer had not noticed yet.
            return {}

    until(lambda: again() == wanted, "the limits are gone")


def test_a_person_waits_for_a_lock_no_longer_than_the_limit(cluster: Cluster) -> None:
    admin: Person = person_at(cluster.machines[0], cluster.facts["admin"])
    app_id = cluster.facts["listed"]["app_id"]
    with cluster.connect() as other, other.transaction():
        other.execute("SELECT FROM miniprograms_miniprogram WHERE app_id = %s FOR UPDATE", [app_id])
        reply = admin.post(f"/miniprograms/{app_id}/take-off/", {"note": "locked"})
        assert reply.status == 503
        assert "Someone else is changing this right now" in reply.body.decode()


@pytest.mark.parametrize("role", ["worker", "beat", ""])
def test_what_needs_sessions_refuses_a_pooler(
    cluster: Cluster, direct: str, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cluster.pooler is not None
    monkeypatch.setenv(databases.URL, cluster.pooler.url("console_web"))
    monkeypatch.setenv(databases.SESSION_URL, cluster.pooler.url("console_web"))
    assert pooler.why_not(role) == pooler.NEEDS_SESSIONS
    monkeypatch.delenv(databases.SESSION_URL)
    assert [pooler.why_not(serving) for serving in roles.SERVING] == [pooler.TAKES_NO_LIMITS] * 3
    monkeypatch.setenv(databases.SESSION_URL, direct)
    assert pooler.why_not(role) == ""


def test_a_pooler_that_ignores_limits_is_found_out(
    cluster: Cluster, direct: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a common setting makes of it: what clients ask for at the start is dropped without a word."""
    host = f"host={cluster.base / 'pg'} port={addresses.PORT}"
    more = f"plain = {host} dbname=console\nsession = {host} dbname=console pool_mode=session\n"
    ignoring = {"pool_mode = transaction": "pool_mode = transaction\nignore_startup_parameters = options"}
    with pgbouncer.pgbouncer(cluster.base / "ignoring", sockets=cluster.base, more=more, **ignoring) as weak:
        monkeypatch.setenv(databases.URL, weak.url("plain"))
        for session_url in ("", direct):
            monkeypatch.setenv(databases.SESSION_URL, session_url)
            words = pooler.why_not("web")
            assert "limits for web are not in force (lock_timeout = 0" in words
            assert "lock_timeout = 2000" in words
        monkeypatch.setenv(databases.URL, weak.url("console_web"))
        assert "lock_timeout = 2000" in pooler.why_not("runtime")  # Those of pages are too long for devices.
        assert pooler.why_not("all") == ""
        monkeypatch.setenv(databases.SESSION_URL, weak.url("plain"))
        assert [pooler.why_not(role) for role in ("worker", "")] == [pooler.NEEDS_SESSIONS] * 2
        monkeypatch.setenv(databases.SESSION_URL, weak.url("session"))
        assert pooler.why_not("worker") == ""


def test_the_commands_say_it(cluster: Cluster) -> None:
    assert cluster.pooler is not None
    url = cluster.pooler.url("console_web")
    environment = {**cluster.environment, databases.URL: url}
    environment.pop(databases.SESSION_URL, None)

    def refusal(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        return done.stderr

    assert pooler.NEEDS_SESSIONS in refusal("migrate")
    assert pooler.NEEDS_SESSIONS in refusal("start", "worker")


def test_sessions_that_postgresql_ends_are_replaced(cluster: Cluster) -> None:
    """PgBouncer opens others."""
    admin = person_at(cluster.machines[1], cluster.facts["admin"])
    cluster.rows(ENDED)
    until(lambda: admin.get("/miniprograms/").status == 200, "pages do not come back")


def test_the_shipped_limits_are_those_of_the_roles() -> None:
    shipped = pgbouncer.SHIPPED.read_text()
    for role in ("web", "runtime"):
        (line,) = [line for line in shipped.splitlines() if line.startswith(f"console_{role} =")]
        for name, value in roles.ROLES[role].limits.items():
            assert f"SET {name} = {value};" in line
        for part in roles.KEEPALIVES.replace("-c ", "").split():
            assert "SET {} = {}".format(*part.split("=")) in line
