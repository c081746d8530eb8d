"""deploy/container/healthy.py, the health check of the image."""

from __future__ import annotations

import importlib.util
import socket
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from types import ModuleType
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from console.local.addresses import PROJECT
from console.platform.models import Heartbeat
from tests.console.api.device.serving import database_url
from tests.processes import free_port

BROKERS = ("REDIS_URL", "CELERY_BROKER_URL")
VARIABLES = [f"DATABASE_{kind}{file}" for kind in ("URL", "SESSION_URL") for file in ("", "_FILE")]


class Answer(BaseHTTPRequestHandler):
    """A server that is well."""

    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()


@pytest.fixture
def healthy(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, without settings."""
    for name in (*VARIABLES, *BROKERS):
        monkeypatch.delenv(name, raising=False)
    spec = importlib.util.spec_from_file_location("healthy", PROJECT / "deploy" / "container" / "healthy.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.django_db(transaction=True)
def test_a_worker_behind_a_pooler_is_looked_for_by_sessions_of_its_own(
    healthy: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    Heartbeat.objects.create(name="worker:mail@here", part="worker", seconds=10, seen_at=timezone.now())
    secret = tmp_path / "session-url"
    secret.write_text(database_url().replace("postgresql:", "psql:") + "\n")
    monkeypatch.setenv("DATABASE_URL", f"postgresql://console@127.0.0.1:{free_port()}/pooler")
    assert healthy.has_shown("worker:%@nobody")  # The database can't be asked.
    monkeypatch.setenv("DATABASE_SESSION_URL_FILE", str(secret))
    assert healthy.has_shown("worker:%@here")
    assert not healthy.has_shown("worker:%@nobody")


@pytest.mark.parametrize(
    ("hosts", "seconds"), {"db1": 5, "db1:5432,db2:5432": 2, "db1,db2,db3": 2, "": 5, "db1,db2,db3,db4,db5": 2}.items()
)
def test_silent_hosts_take_no_longer_than_one(healthy: ModuleType, hosts: str, seconds: int) -> None:
    """The limit is one for each host, and 2 the least that there is; the check as a whole has 10 or 15 seconds."""
    assert healthy.seconds_for_each(f"postgresql://console:secret@{hosts}/console?sslmode=require") == seconds


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", BROKERS)
def test_a_worker_that_waits_for_the_broker_is_left_alone(
    healthy: ModuleType, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """It shows no heartbeat before the broker lets it in, and a restart would not help."""
    monkeypatch.setenv("DATABASE_URL", database_url())
    for away in (f"redis://127.0.0.1:{free_port()}/0", "redis+socket:///nowhere/valkey.sock?virtual_host=0"):
        monkeypatch.setenv(name, away)
        healthy.look(["python", "-m", "celery", "worker"])
    monkeypatch.setenv(name, settings.REDIS_URL)
    with pytest.raises(SystemExit, match="no heartbeat of worker:%@"):
        healthy.look(["python", "-m", "celery", "worker"])


@pytest.mark.django_db(transaction=True)
def test_name_servers_that_say_nothing_end_nobody(
    healthy: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A resolver may take longer than the 10 or 15 seconds of the check."""
    ended, look_up = Event(), socket.getaddrinfo

    def wait(host: str, *of: Any, **how: Any) -> Any:
        if "example" not in host:
            return look_up(host, *of, **how)
        ended.wait(60)
        raise socket.gaierror("no answer")

    monkeypatch.setattr(socket, "getaddrinfo", wait)
    away = {"DATABASE_URL": "postgresql://console@db.example.com/console", "REDIS_URL": "redis://valkey.example.com/0"}
    monkeypatch.setenv("DATABASE_URL", database_url())
    for what, limit in (("REDIS_URL", "BROKER_LIMIT"), ("DATABASE_URL", "DATABASE_LIMIT")):
        monkeypatch.setenv(what, away[what])
        monkeypatch.setattr(healthy, limit, 0.5)
        healthy.look(["python", "-m", "celery", "worker"])
    said = capsys.readouterr().out.splitlines()
    assert said == ["the broker can't be asked: no answer in time", "the database can't be asked: no answer in time"]
    ended.set()


@pytest.mark.django_db(transaction=True)
def test_a_heartbeat_from_the_future_is_none(healthy: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database's clock was set back since."""
    ahead = timezone.now() + timedelta(hours=1)
    Heartbeat.objects.create(name="worker:mail@here", part="worker", seconds=10, seen_at=ahead)
    monkeypatch.setenv("DATABASE_URL", database_url())
    assert not healthy.has_shown("worker:%@here")


def test_the_own_server_is_asked_without_a_proxy(healthy: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    monkeypatch.delenv("no_proxy", raising=False)
    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        healthy.ask(f"http://127.0.0.1:{server.server_port}/healthz")
        server.shutdown()
