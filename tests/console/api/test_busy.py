"""Devices and servers, where a row that they need is held: try again, in each API's own words, and one line."""

from __future__ import annotations

import logging
from typing import Any

import psycopg
import pytest
from django.db import connection

from console.base.core import busy
from tests.console import holding
from tests.console.api.device.asking import Device, through_django
from tests.console.api.server import asking
from tests.console.api.server.asking import TOKEN, Server
from tests.factories import make_application, make_binding, make_online, make_program, make_secret

Other = psycopg.Connection[Any]


@pytest.fixture
def device(transactional_db: None) -> Device:
    return Device(through_django, make_application())


@pytest.fixture
def server(transactional_db: None) -> Server:
    program = make_program()
    return Server(asking.through_dispatcher, program, make_secret(program))


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was logged, without a traceback."""
    ours = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [record.exc_info for record in ours] == [None] * len(ours)
    return [record.getMessage() for record in ours if "the database is" in record.getMessage()]


def test_a_device_asks_again_soon(device: Device, other: Other, caplog: pytest.LogCaptureFixture) -> None:
    binding = make_binding(make_program(), device.application)
    make_online(binding.mini_program)
    other.execute("LOCK TABLE hosts_hostapplication IN ACCESS EXCLUSIVE MODE")
    reply = device.way("GET", f"/runtime/v1/packages/{'0' * 64}.apkg", b"", {"HTTP_AUTHORIZATION": "Basic eDp5"})
    assert (reply.status, reply.json["code"]) == (503, "temporarily_unavailable")
    assert reply.headers["Retry-After"] == "5"
    assert lines(caplog) == [
        f"GET /runtime/v1/packages/{'0' * 64}.apkg failed, the database is busy: LockNotAvailable 55P03"
    ]


def test_a_report_is_sent_again(device: Device, other: Other, caplog: pytest.LogCaptureFixture) -> None:
    binding = make_binding(make_program(), device.application)
    make_online(binding.mini_program)
    assert device.report(binding.mini_program.app_id).status == 204
    other.execute("LOCK TABLE releases_version IN ACCESS EXCLUSIVE MODE")
    reply = device.report(binding.mini_program.app_id, guid=f"0302{2:028}")
    assert (reply.status, reply.headers["Retry-After"]) == (503, "5")
    assert len(lines(caplog)) == 1


def test_a_server_is_told_minus_one(server: Server, other: Other, caplog: pytest.LogCaptureFixture) -> None:
    other.execute("LOCK TABLE keys_appsecret IN ACCESS EXCLUSIVE MODE")
    reply = server.get(TOKEN, **server.credentials())
    assert (reply.status, reply.errcode, reply.detail) == (200, -1, "try again")
    (line,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert line.getMessage().endswith("busy: LockNotAvailable 55P03")
    assert line.exc_info is None


def test_a_server_is_answered_when_its_connection_is_ended(server: Server) -> None:
    connection.ensure_connection()
    holding.end_own()
    assert server.get(TOKEN, **server.credentials()).errcode == -1
    busy.renew_connection()
    assert server.get(TOKEN, **server.credentials()).errcode == 0
