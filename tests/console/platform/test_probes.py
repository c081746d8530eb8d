"""Probes say what is broken, to anybody who asks, without a host name and without TLS."""

from __future__ import annotations

import http.client
import json
import signal
from contextlib import closing
from typing import Any

import psycopg
import pytest
import redis
from django.db import connection

from console.api.device.feed import feed
from console.base.core import files
from console.platform import heartbeats, probes
from console.platform.models import Heartbeat, Part
from console.version import VERSION
from tests.console.api.device.serving import server
from tests.console.platform.conftest import OwnValkey

pytestmark = pytest.mark.django_db(transaction=True)
PATHS = ["/healthz", "/readyz", "/readyz/devices", "/readyz/pages", "/readyz/jobs"]


@pytest.fixture(autouse=True)
def asked_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer is remembered from one question to the next."""
    monkeypatch.setattr(probes, "RECENT_SECONDS", -1.0)


def ask(path: str) -> tuple[int, dict[str, Any]]:
    """Status and content of a probe."""
    response = probes.respond(path)
    assert response is not None
    return response.status, json.loads(response.body)


def late(name: str, part: Part, **facts: Any) -> None:
    """A part that showed its last sign an hour ago."""
    Heartbeat.objects.create(name=name, part=part, seconds=10, **facts)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE platform_heartbeat SET seen_at = clock_timestamp() - interval '59 minutes',"
            " sent_at = clock_timestamp() WHERE name = %s",
            [name],
        )


def test_all_is_well() -> None:
    feed.refresh()
    heartbeats.show("beat", Part.BEAT, seconds=10, facts={})
    for path in PATHS:
        status, content = ask(path)
        assert (status, content["status"], content["version"]) == (200, "ok", VERSION)
        assert set(content.get("checks", {}).values()) <= {"ok"}
    assert probes.respond("/account/sign-in/") is None


def test_answers_without_a_host_name_and_without_tls() -> None:
    """As a load balancer asks: production's settings, an address for a name, plain HTTP."""
    heartbeats.show("beat", Part.BEAT, seconds=10, facts={})
    with server(DEBUG="0", ALLOWED_HOSTS="console.example.com") as address:
        for path in PATHS:
            with closing(http.client.HTTPConnection(address.removeprefix("http://"), timeout=20)) as connection_:
                connection_.request("GET", path, headers={"Host": "10.0.0.7"})
                assert connection_.getresponse().status == 200, path


def test_names_a_database_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    feed.refresh()
    nobody = {**probes._parameters(), "host": "127.0.0.1", "port": 1}
    monkeypatch.setattr(probes, "_parameters", lambda: nobody)
    assert ask("/readyz/pages")[0] == 503
    status, content = ask("/readyz/jobs")
    assert (status, content["checks"]["database"]) == (503, "no answer (OperationalError)")
    assert content["checks"]["jobs"] == "not known (OperationalError)"
    # Devices are answered from memory.
    status, content = ask("/readyz/devices")
    assert (status, content["status"]) == (200, "degraded")


def test_name_servers_that_say_nothing_stop_no_probe(
    silent_name_servers: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    feed.refresh()
    elsewhere = {**probes._parameters(), "host": "db.example.com"}
    monkeypatch.setattr(probes, "_parameters", lambda: elsewhere)
    for _probe in range(2):
        status, content = ask("/readyz/devices")
        assert (status, content["checks"]) == (200, {"snapshot": "ok", "database": "no answer (TimeoutError)"})
    assert silent_name_servers == ["db.example.com"]  # No heap of questions piles up.


def test_devices_need_a_snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "can_answer", lambda: False)
    status, content = ask("/readyz/devices")
    assert (status, content["checks"]["snapshot"]) == (503, "the rows for devices can't be read")


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        ("maxmemory", "full"),
        ("kill", "no answer (ConnectionError)"),
        ("stop", "no answer (TimeoutError)"),
    ],
)
def test_valkey_stops_jobs_and_no_page(own_valkey: OwnValkey, settings, trouble: str, words: str) -> None:
    settings.REDIS_URL = own_valkey.url
    if trouble == "maxmemory":
        own_valkey.configure("maxmemory", "1")
    else:
        own_valkey.service.send(signal.SIGKILL if trouble == "kill" else signal.SIGSTOP)
    assert ask("/readyz/jobs")[1]["checks"]["valkey"] == words
    status, content = ask("/readyz/pages")
    assert (status, content["status"], content["checks"]["valkey"]) == (200, "degraded", words)


def test_sees_a_valkey_that_is_read_only(own_valkey: OwnValkey, settings) -> None:
    settings.REDIS_URL = own_valkey.url
    with redis.Redis.from_url(own_valkey.url) as client:
        client.replicaof("127.0.0.1", "1")
    assert ask("/readyz/jobs")[1]["checks"]["valkey"] == "read-only"


def test_nobody_vouches_for_jobs_before_a_scheduler_has_started() -> None:
    status, content = ask("/readyz/jobs")
    assert (status, content["checks"]["jobs"]) == (503, "late: beat")
    assert ask("/readyz/pages")[0] == 200


def test_names_what_is_late() -> None:
    late("messaging.sweep", Part.TASK)
    late("beat", Part.BEAT)
    late("worker:mail@there", Part.WORKER)
    status, content = ask("/readyz/jobs")
    assert (status, content["checks"]["jobs"]) == (503, "late: beat, messaging.sweep")
    assert content["checks"]["workers"] == "late: worker:mail@there"
    assert ask("/readyz/pages")[0] == 200
    heartbeats.show("beat", Part.BEAT, seconds=10, facts={})
    heartbeats.ended("messaging.sweep")
    assert ask("/readyz/jobs")[0] == 200


def test_a_storage_that_is_full_stops_no_page(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_answer", files._Answer())
    settings.UPLOAD_BYTES = 1 << 60  # more than any disk has free
    status, content = ask("/readyz/pages")
    assert (status, content["status"]) == (200, "degraded")
    assert "full" in content["checks"]["storage"]


def test_a_pool_that_is_used_up_is_no_outage() -> None:
    with psycopg.connect(**probes._parameters()) as own:
        own.execute("SELECT 1")
        assert ask("/readyz/pages")[1]["checks"]["database"] == "ok"
