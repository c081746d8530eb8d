"""What Prometheus is told, by whom, and that no label grows with what people and devices send."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests
from django.test import Client
from django.utils import timezone
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.parser import text_string_to_metric_families

from console.api import http
from console.api.device import dispatch as device
from console.api.device.http import unavailable
from console.api.hooks.models import Webhook
from console.api.http import Environ
from console.api.server import dispatch as server
from console.base.accounts.models import MailServer, OutgoingMail
from console.base.core import metrics
from console.base.core.sealing import seal
from console.platform import exposition, folders, truths
from console.platform.models import Backup
from console.version import VERSION
from messaging.models import Gateway
from tests.console.api.device.asking import UPDATE, authorization, question
from tests.console.api.device.serving import database_url, up_to_date
from tests.console.platform.servers import Server, serve, until
from tests.factories import (
    make_application,
    make_binding,
    make_consent,
    make_delivery,
    make_gateway,
    make_message,
    make_online,
    make_program,
    make_program_user,
    make_server_secret,
    make_team,
    make_template,
    make_user,
    make_webhook,
)
from tests.processes import free_port

pytestmark = pytest.mark.django_db(transaction=True)
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(text: str) -> Samples:
    """Values by name and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(found: Samples, name: str, **labels: str) -> float | None:
    """One of them."""
    return found.get((f"console_{name}", frozenset(labels.items())))


def asked(method: str = "GET", **environ: str) -> Environ:
    """What a request has."""
    return {"REQUEST_METHOD": method, "PATH_INFO": "/metrics", **environ}


# The processes of a role --------------------------------------------------------------------------------------------


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Server]:
    """Two processes for devices, which share a folder."""
    with serve("runtime", {metrics.FOLDER: str(tmp_path)}, workers=2, kill_seconds=1) as server:
        yield server


def test_any_process_tells_what_all_have_counted(runtime: Server, tmp_path: Path) -> None:
    """Also what one counted that is gone; of its present nothing is left."""
    binding = make_binding(make_program())
    make_online(binding.mini_program)
    address = up_to_date(f"http://127.0.0.1:{runtime.port}")
    key, check = authorization(binding.application), question(binding.mini_program.app_id)
    until(lambda: len(runtime.processes()) == 2, "two processes")

    asked: list[str] = []

    def told() -> Samples:
        return samples(requests.get(f"{address}/metrics", timeout=30).text)

    def counted() -> float | None:
        return value(told(), "update_checks_total", answer="update", channel="online")

    def ask(_number: int = 0) -> None:
        answer = requests.post(f"{address}{UPDATE}", json=check, headers={"Authorization": key}, timeout=30)
        asked.append(answer.json()["status"])

    def counting() -> set[int]:
        return {int(file.stem.rpartition("_")[2]) for file in tmp_path.glob("gauge_livesum_*")}

    with ThreadPoolExecutor(8) as clients:
        list(clients.map(ask, range(40)))
    until(lambda: runtime.processes() <= counting() or ask(), "both have answered somebody")
    until(lambda: counted() == len(asked), "all are counted")
    assert set(asked) == {"update"}
    assert value(told(), "requests_total", route="device:update", status="200") == len(asked)
    assert (
        len(asked) <= (value(told(), "request_duration_seconds_count", route="device:update") or 0) <= len(asked) + 32
    )
    assert (value(told(), "snapshot_age_seconds") or 0) < 60
    assert value(told(), "database_pool_waiting") == 0
    killed = min(runtime.processes())
    os.kill(killed, signal.SIGKILL)
    until(lambda: killed not in runtime.processes(), "it is gone")
    until(lambda: runtime.get() == 200, "the other one answers")
    assert counted() == len(asked)
    # Until its parent has waited for it, a process that was killed is still one.
    until(lambda: counted() == len(asked) and not list(tmp_path.glob(f"gauge_live*_{killed}.db")), "it is forgotten")
    assert value(told(), "build_info", version=VERSION, role="runtime") == 1
    assert not any(name.startswith("console_queue") for name, _labels in told())


def test_a_folder_is_gone_with_the_next_start(tmp_path: Path) -> None:
    place = str(tmp_path)
    left = tmp_path / f"console-metrics-{2**22 + 1}-web-abc"  # More than a process can have for a number.
    left.mkdir()
    first, others = folders.folder_for("web", place=place), folders.folder_for("worker", place=place)
    assert not left.exists()
    assert folders.folder_for("web", place=place).is_dir()  # A container's next life has the same number.
    assert (first.exists(), others.exists()) == (False, True)


def test_counted_by_hand_is_counted_by_the_library() -> None:
    """`Requests` uses private names of a histogram."""
    seconds = [0.0005, 0.001, 0.003, 0.7, 99.0]
    other = Histogram("other", "x", registry=CollectorRegistry(), buckets=metrics.REQUEST_BUCKETS)
    counted = metrics.Requests()
    for time in seconds:
        other.observe(time)
        counted.note("test:by-hand", 200, time)
    counted.flush()
    counted.flush()
    ours = metrics.request_seconds.labels("test:by-hand")
    assert [bucket.get() for bucket in ours._buckets] == [bucket.get() for bucket in other._buckets]
    assert ours._sum.get() == pytest.approx(other._sum.get())


def test_no_update_check_is_lost_or_counted_twice() -> None:
    """By 8 threads, while a ninth hands over."""
    counted, done = metrics.Requests(), threading.Event()
    before = metrics.requests.labels(metrics.UPDATE_ROUTE, 200)._value.get()

    def count(_thread: int) -> None:
        add = counted.updates("current", "online").add
        for _ in range(20_000):
            add()

    def hand_over() -> None:
        while not done.is_set():
            counted.flush()

    with ThreadPoolExecutor(9) as threads:
        last = threads.submit(hand_over)
        list(threads.map(count, range(8)))
        done.set()
        last.result()
    counted.flush()
    assert metrics.requests.labels(metrics.UPDATE_ROUTE, 200)._value.get() - before == 160_000


# What the database knows --------------------------------------------------------------------------------------------


def test_the_age_of_a_queue_is_that_of_its_rows() -> None:
    mail = OutgoingMail.objects.create(to="ada@example.com", subject="Hello", sealed=seal("Hello"))
    OutgoingMail.objects.filter(pk=mail.pk).update(created_at=timezone.now() - timedelta(minutes=5))
    found = {name: {tuple(labels): value for labels, value in rows} for name, rows in truths.read().items()}
    assert found["database_up"] == {(): 1.0}
    assert found["queue_waiting"][("mail",)] == 1
    assert 300 <= found["queue_oldest_seconds"][("mail",)] < 400
    assert found["queue_oldest_seconds"][("reports",)] == 0
    assert found["late_parts"] == {("task",): 0, ("worker",): 0, ("beat",): 1}
    assert found["disk_free_bytes"].keys() == {("packages",), ("icons",)}
    assert found.keys() | {"build_info"} == truths.GAUGES.keys()


def test_the_age_of_mails_that_are_refused_is_told_until_another_one_is_sent() -> None:
    at, now = timezone.now() - timedelta(hours=2), timezone.now()
    mail = OutgoingMail.objects.create(to="ada@example.com", subject="Hello", sealed=seal("Hello"), email_tries=4)
    OutgoingMail.objects.filter(pk=mail.pk).update(created_at=at, email_next_at=now + timedelta(hours=1))
    ((_labels, age),) = truths.read()["mails_refused_oldest_seconds"]
    assert 7200 <= age < 7300
    MailServer.objects.create(last_sent_at=now)
    assert truths.read()["mails_refused_oldest_seconds"] == [([], 0)]


def test_the_age_of_the_last_backup_is_told_where_one_was_ever_made() -> None:
    silent = truths.read()
    assert (silent["backup_age_seconds"], silent["backup_missing_files"]) == ([], [])
    now = timezone.now()
    for days, faults in ((3, 0), (5, 2)):
        Backup.objects.create(taken_at=now - timedelta(days=days), place="one:/backups", size=1, faults=faults)
    found = truths.read()
    ((_labels, age),) = found["backup_age_seconds"]
    assert 3 * 86400 <= age < 3 * 86400 + 100
    assert found["backup_missing_files"] == [([], 0)]


def test_webhooks_are_told_by_how_they_do() -> None:
    """What waits for one that is paused is in no queue, so its age is told apart."""
    now, team = timezone.now(), make_team()
    states: dict[str, dict[str, Any]] = {
        "unproved": {},
        "delivering": {"last_success_at": now},
        "failing": {"failures": 9},
        "paused": {"failures": 10, "open_until": now + timedelta(minutes=5)},
        "off_by_console": {"failures": 10, "off_at": now},
        "off_by_person": {"off_at": now, "off_by": make_user()},
        "deleted": {"deleted_at": now},
    }
    for fields in states.values():
        row = make_webhook(team, "https://ops.example.com/", "trial.set", at=now - timedelta(days=1)).row
        Webhook.objects.filter(pk=row.pk).update(**fields)
        make_delivery(row, next_try_at=now - timedelta(hours=len(fields)))
    found = {name: {tuple(labels): value for labels, value in rows} for name, rows in truths.read().items()}
    assert found["webhooks"] == {(state,): 1 for state in states if state != "deleted"}
    assert found["webhook_paused_waiting"] == {(): 1}
    assert 7200 <= found["webhook_paused_oldest_seconds"][()] < 7300
    assert found["queue_waiting"][("webhooks",)] == 3
    assert 3600 <= found["queue_oldest_seconds"][("webhooks",)] < 3700


def test_gateways_are_told_by_how_they_do() -> None:
    """What waits for one that is paused is in no queue, so its age is told apart."""
    now = timezone.now()
    states: dict[str, dict[str, Any]] = {
        "unproved": {},
        "delivering": {"last_success_at": now},
        "failing": {"failures": 9},
        "paused": {"failures": 10, "open_until": now + timedelta(minutes=5)},
    }
    for fields in states.values():
        application, program = make_application(), make_program()
        make_gateway(application)
        make_server_secret(application)
        Gateway.objects.filter(application=application).update(**fields)
        consent = make_consent(make_program_user(program, application), make_template(program))
        make_message(consent, next_try_at=now - timedelta(hours=len(fields)))
    found = {name: {tuple(labels): value for labels, value in rows} for name, rows in truths.read().items()}
    assert found["gateways"] == {(state,): 1 for state in states}
    assert found["gateway_paused_waiting"] == {(): 1}
    assert 7200 <= found["gateway_paused_oldest_seconds"][()] < 7300
    assert found["queue_waiting"][("deliver",)] == 3


def test_a_database_that_hangs_is_asked_once() -> None:
    """However often Prometheus comes: each is answered in time, and one question waits."""
    with psycopg.connect(database_url()) as other:
        other.execute("LOCK TABLE platform_heartbeat")
        for _ in range(3):
            assert truths.read()["database_up"] == [([], 0.0)]
        assert len([thread for thread in threading.enumerate() if thread.name.endswith("(ask)")]) == 1
    until(lambda: truths.read()["database_up"] == [([], 1.0)], "it is asked again")


def test_a_database_that_is_away_is_told_and_fails_nothing() -> None:
    """Old numbers would lie, so there are none."""
    with serve("web", {"DATABASE_URL": f"postgresql://console@127.0.0.1:{free_port()}/console"}) as server:
        answer = requests.get(f"http://127.0.0.1:{server.port}/metrics", timeout=30)
    found = samples(answer.text)
    assert (answer.status_code, value(found, "database_up")) == (200, 0)
    assert value(found, "queue_waiting", queue="mail") is None
    assert value(found, "disk_size_bytes", folder="packages")


# Who may ask --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", ["HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_VIA"])
def test_nobody_asks_by_a_proxy(header: str) -> None:
    assert exposition.respond(asked(**{header: "10.0.0.1"})).status == 404


def test_with_a_token_only_who_has_it_asks(settings) -> None:
    settings.METRICS_TOKEN = "s3cret-token"
    assert exposition.respond(asked()).status == 401
    assert exposition.respond(asked(HTTP_AUTHORIZATION="Bearer s3cret-tokem")).status == 401
    assert exposition.respond(asked(HTTP_AUTHORIZATION="Bearer ☃")).status == 401
    assert exposition.respond(asked(HTTP_AUTHORIZATION="Bearer s3cret-token")).status == 200


def test_nothing_can_be_changed() -> None:
    assert exposition.respond(asked("POST")).status == 405
    assert exposition.respond(asked("HEAD")).body == b""


@pytest.mark.parametrize("address", ["nowhere", "127.0.0.1:http", "127.0.0.1:99999", "203.0.113.7:9464"])
def test_a_process_goes_on_where_it_can_not_listen(address: str, caplog: pytest.LogCaptureFixture) -> None:
    assert exposition.listen(address) is None
    assert address == "nowhere" or "METRICS_LISTEN" in caplog.text


# Labels -------------------------------------------------------------------------------------------------------------


def test_no_label_grows_with_what_is_asked(client: Client) -> None:
    """Neither paths, ids, methods nor codes of others become labels; what nobody knows has one name."""
    app_id = make_program().app_id
    for path in (f"/miniprograms/{app_id}/", f"/{app_id}", f"/runtime/v1/{app_id}", "/static/none.css", "/%00/x"):
        client.get(path)
    client.generic(f"BREW{app_id}", "/")
    assert {device.route_of(f"/runtime/v1/{name}") for name in ("x", app_id)} == {"device:unknown"}
    assert device.route_of(f"/runtime/v1/packages/{app_id}") == "device:package"
    assert {server.route_of(path) for path in (f"/cgi-bin/{app_id}", "/openserver/x")} == {"server:unknown"}
    assert server.route_of("/openserver/cgi-bin/token") == "server:token"
    labels = {pair for _name, pairs in samples(exposition.text().decode()) for pair in pairs if pair[0] != "le"}
    routes = {value for name, value in labels if name == "route"}
    assert {"unknown", "static", "miniprograms:detail"} <= routes
    assert [value for _name, value in labels if app_id in value or "/" in value] == []
    names = {name for name, _value in labels}
    assert names <= {"route", "status", "answer", "channel", "outcome", "reason", "task", "state", "queue", "part",
                     "folder", "version", "role", "format"}  # fmt: skip


def test_an_answer_in_front_of_django_counts_as_what_it_is() -> None:
    """A database that is away is 503, with an id to ask about."""
    answer = http.in_front_of(
        lambda environ, start: [], "/x/", lambda environ: unavailable().response(), route_of=lambda path: "test:away"
    )
    heads: list[tuple[str, list[tuple[str, str]]]] = []
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/x/", "REMOTE_ADDR": "127.0.0.1"}
    body = b"".join(answer(environ, lambda status, headers: heads.append((status, headers))))
    found = samples(exposition.text().decode())
    assert value(found, "requests_total", route="test:away", status="503") == 1
    assert json.loads(body)["code"] == "temporarily_unavailable"
    assert re.fullmatch("[0-9a-f]{32}", dict(heads[0][1])["X-Request-ID"])
