"""GET and POST /wxaapi/userlog/userlog_search, on the logs of D-6."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from devmgmt.logs.criteria import StoreAway, TooSlow
from devmgmt.logs.entry import Entry
from devmgmt.logs.postgres import PostgresStore
from miniprograms.models import MiniProgram
from tests.console.api.server.asking import LOGS, Reply, Server
from tests.factories import make_entries, make_program


@pytest.fixture
def noon() -> datetime:
    """Of yesterday, so that no test runs over midnight."""
    return timezone.localtime().replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)


def make(program: MiniProgram, time: datetime, **fields: Any) -> Entry:
    (entry,) = make_entries(program, time=time, **fields)
    return entry


def asked(noon: datetime, **parameters: Any) -> dict[str, Any]:
    begin = int(noon.timestamp())
    return {"date": f"{noon:%Y%m%d}", "begintime": begin, "endtime": begin + 3600, **parameters}


def search(server: Server, noon: datetime, **parameters: Any) -> Reply:
    return server.get(LOGS, access_token=server.token(), **asked(noon, **parameters))


def test_as_wechat_lists_them(server: Server, noon: datetime) -> None:
    entry = make(server.program, noon, text="arrivals", level=8, filter_msg="checkout", platform="ios")
    make(server.program, noon - timedelta(seconds=1))
    make(server.program, noon + timedelta(seconds=3601))
    make(make_program(), noon)
    seconds = int(noon.timestamp())
    wanted = {
        "level": 8,
        "libraryVersion": "3.7.2",
        "clientVersion": "8.3.1",
        "id": entry.guid,
        "timestamp": seconds,
        "platform": 2,
        "url": "pages/index/index",
        "traceid": entry.trace_id,
        "filterMsg": "checkout",
        "msg": [{"time": seconds * 1000, "level": 8, "msg": ["arrivals"]}],
    }
    answered = {"errcode": 0, "errmsg": "ok", "data": {"list": [wanted], "total": 1}}
    assert search(server, noon).json == answered
    assert server.post(LOGS, asked(noon), token=server.token()).json == answered


def test_pages(server: Server, noon: datetime) -> None:
    entries = [make(server.program, noon + timedelta(minutes=number)) for number in range(5)]
    newest = [entry.trace_id for entry in reversed(entries)]

    def traces(**parameters: Any) -> list[str]:
        data = search(server, noon, **parameters).json["data"]
        assert data["total"] == 5
        return [one["traceid"] for one in data["list"]]

    assert traces() == newest
    assert [traces(start=start, limit=2) for start in (0, 2, 4, 6)] == [newest[:2], newest[2:4], newest[4:], []]


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({"level": 4}, ["warn", "error"]),
        ({"level": 8}, ["error"]),
        ({"level": 2}, ["info", "warn", "error"]),
        ({"level": 0}, ["info", "warn", "error"]),
        ({"traceId": "t-a"}, ["info"]),
        ({"url": "pages/cart"}, ["warn"]),
        ({"id": f"0303{7:028}"}, ["error"]),
        ({"filterMsg": "heck"}, ["info"]),
        ({"filterMsg": "%"}, []),
        ({"traceId": "", "url": "", "id": "", "filterMsg": ""}, ["info", "warn", "error"]),
    ],
)
def test_conditions(server: Server, noon: datetime, parameters: dict[str, Any], found: list[str]) -> None:
    make(server.program, noon + timedelta(seconds=3), text="info", trace_id="t-a", filter_msg="checkout")
    make(server.program, noon + timedelta(seconds=2), text="warn", level=4, page="pages/cart/index?id=7")
    make(server.program, noon + timedelta(seconds=1), text="error", level=8, guid=f"0303{7:028}")
    reply = search(server, noon, **parameters)
    assert [one["msg"][0]["msg"][0] for one in reply.json["data"]["list"]] == found
    assert reply.json["data"]["total"] == len(found)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"date": None}, "date"),
        ({"begintime": None}, "begintime"),
        ({"date": "2026-11-27"}, "date"),
        ({"date": "20261327"}, "date"),
        ({"date": "19700101", "begintime": 0, "endtime": 1}, "days"),
        ({"begintime": "x"}, "begintime"),
        ({"begintime": -1}, "begintime"),
        ({"begintime": "9" * 300}, "begintime"),
        ({"endtime": 253_402_300_799}, "endtime"),
        ({"date": "99991231", "begintime": 253_402_300_799, "endtime": 253_402_300_799}, "begintime"),
        ({"endtime": 0}, "begintime is after endtime"),
        ({"start": -1}, "start"),
        ({"start": 10_000}, "10000"),
        ({"start": 10**30}, "10000"),
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"level": 3}, "level"),
        ({"level": "1e5"}, "level"),
        ({"url": "x\x00"}, "NUL"),
        ({"filterMsg": "x" * 2049}, "2048"),
    ],
)
def test_what_is_refused(server: Server, noon: datetime, wrong: dict[str, Any], said: str) -> None:
    reply = search(server, noon, **wrong)
    assert (reply.status, reply.errcode, said in reply.detail) == (200, 40097, True)


def test_the_body_of_a_post(server: Server, noon: datetime) -> None:
    token = server.token()
    bodies = [b"", b"{", json.dumps(asked(noon, begintime="x")).encode(), json.dumps(asked(noon, level=3)).encode()]
    assert [server.post(LOGS, body, token=token).errcode for body in bodies] == [44002, 47001, 47001, 40097]


@pytest.mark.parametrize(("error", "said"), [(TooSlow(), "shorter time range"), (StoreAway(), "try again")])
def test_when_the_store_can_t(
    server: Server, noon: datetime, error: Exception, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **named: Any) -> None:
        raise error

    monkeypatch.setattr(PostgresStore, "latest", fail)
    reply = search(server, noon)
    assert (reply.status, reply.errcode, said in reply.detail) == (200, -1, True)


def test_the_token_comes_first(server: Server) -> None:
    assert [server.get(LOGS).errcode, server.get(LOGS, access_token="x").errcode] == [41001, 40014]
    assert server.post(LOGS, b"").errcode == 41001
