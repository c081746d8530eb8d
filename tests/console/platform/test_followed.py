"""A request is followed from its answer into the worker: by its id in JSON logs, by its trace, and in the metrics."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
import requests
from django.conf import settings

from console.celery import QUEUES
from tests.console.api.device.serving import database_url
from tests.console.platform.otlp import Collector, collector
from tests.console.platform.servers import Server, serve, until
from tests.factories import make_user
from tests.processes import free_port, running

pytestmark = pytest.mark.django_db(transaction=True)
RESET = "/account/password/reset/"
TASK = "accounts.send_mail"


@pytest.fixture
def sent() -> Iterator[Collector]:
    """What was sent to a collector; the queues are empty before and after."""
    with redis.Redis.from_url(settings.REDIS_URL) as broker, collector() as server:
        broker.delete(*QUEUES)
        yield server
        broker.delete(*QUEUES)


@pytest.fixture
def variables(sent: Collector) -> dict[str, str]:
    """The environment of an installation that logs JSON and sends traces, and whose mail server is away."""
    return {
        "REDIS_URL": settings.REDIS_URL,
        "CELERY_BROKER_URL": settings.CELERY_BROKER_URL,
        "EMAIL_URL": f"smtp://127.0.0.1:{free_port()}",
        "LOG_FORMAT": "json",
        "OTEL_EXPORTER_OTLP_ENDPOINT": sent.address,
        "OTEL_BSP_SCHEDULE_DELAY": "100",  # ms
        "METRICS_LISTEN": f"127.0.0.1:{free_port()}",
    }


@contextlib.contextmanager
def worker(variables: dict[str, str], log: Path) -> Iterator[str]:
    """A worker as `manage.py start` starts it; yields the address of its metrics."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "console.settings",
        "DATABASE_URL": database_url(),
        "SECRET_KEY": settings.SECRET_KEY,
        **variables,
    }
    command = [sys.executable, "manage.py", "start", "worker", "--queues", "mail", "--concurrency", "1"]
    with log.open("ab") as output, running(command, env=environment, stdout=output, stderr=output):
        yield f"http://{variables['METRICS_LISTEN']}/metrics"


def reset_password(server: Server, email: str) -> str:
    """Ask for a link, which a worker is woken to send; returns the id that the answer has."""
    address = f"http://127.0.0.1:{server.port}{RESET}"
    with requests.Session() as session:
        session.get(address, timeout=30)
        form = {"email": email, "csrfmiddlewaretoken": session.cookies["csrftoken"]}
        answer = session.post(
            address, form, headers={"X-Request-ID": "somebody-elses-0001"}, allow_redirects=False, timeout=30
        )
    assert answer.status_code == 302
    return answer.headers["X-Request-ID"]


def lines(log: Path) -> list[dict[str, object]]:
    """Each line of the log, an object."""
    return [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]


def test_from_the_answer_to_the_task(sent: Collector, variables: dict[str, str], tmp_path: Path) -> None:
    """No address, link or query of the person is in logs or traces."""
    log, person = tmp_path / "worker.log", make_user(email="ada.followed@example.com")
    with serve("web", variables) as server, worker(variables, log) as metrics:
        until(lambda: _get(metrics), "the worker has no metrics")
        name = reset_password(server, person.email)
        assert re.fullmatch("[0-9a-f]{32}", name)  # Nobody trusts the client's.
        until(lambda: TASK in sent.trace_of("POST account_reset_password"), "the trace ends before the task")
        until(lambda: any(line.get("request_id") == name for line in lines(log)), "no line has the request's id")
        until(lambda: f'{{outcome="ok",task="{TASK}"}} 1.0' in _get(metrics), "the task is not counted")
        text = _get(metrics)
    (line, *_) = [line for line in lines(log) if line.get("request_id") == name]
    assert line.keys() == {"event", "level", "logger", "timestamp", "role", "request_id"}
    assert (line["level"], line["role"], line["logger"]) == ("warning", "worker", "console.base.accounts.delivery")
    assert 'console_build_info{role="worker"' in text
    assert re.search(r'^console_mails_total\{outcome="failed"\} [1-9]', text, re.MULTILINE)
    assert {"POST account_reset_password", f"send {TASK}", TASK, "INSERT"} <= sent.trace_of(TASK)
    told = b"".join(sent.received) + log.read_bytes()
    assert b"ada.followed" not in told
    assert b"csrfmiddlewaretoken" not in told


def _get(address: str) -> str:
    try:
        return requests.get(address, timeout=30).text
    except requests.ConnectionError:
        return ""
