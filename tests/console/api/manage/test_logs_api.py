"""Real-time logs by API: the page's questions, as a list and as a file (A-2, D-6)."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import pairwise

import pytest
from django.utils import timezone

from console.base.core import sheets
from tests import factories
from tests.devmgmt.conftest import locked_logs  # noqa: F401 - a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_files_under_way")]


@pytest.fixture
def logs(program, robot):
    """Ask for the logs of the program: logs(level="error"), or for the file."""
    client = robot(program, "read")
    return lambda kind="", **query: client.get(f"/api/v1/programs/{program.app_id}/logs{kind}", query)


def test_what_fits_comes_newest_first_in_pages(program, logs):
    application = factories.make_binding(program).application
    made = factories.make_entries(program, 5, application=application.pk)
    text = "nul \x00, \u2028 and 你好"
    factories.make_entries(program, 1, level=8, text="boom", lines=json.dumps([[1_000, 8, text]]), page="pages/other")
    factories.make_entries(factories.make_program(program.team), 1)
    first = logs(limit=3, page="pages/index").json()
    factories.make_entries(program, 1, time=timezone.now())  # comes in meanwhile and moves nothing
    second = logs(limit=3, page="pages/index", cursor=first["next"]).json()
    assert [each["id"] for each in first["items"] + second["items"]] == [str(entry.id) for entry in made]
    assert (first["items"][0]["application"]["name"], second["next"]) == (application.name, "")
    [error] = logs(level="error").json()["items"]
    assert error["lines"] == [{"time": "1970-01-01T00:00:01.000+00:00", "level": "error", "text": text}]


def test_since_asks_for_a_range_and_until_is_now(program, logs):
    factories.make_entries(program, 1, time=timezone.now() - timedelta(hours=3))
    assert logs().json()["items"] == []
    since = (timezone.now() - timedelta(hours=4)).isoformat()
    assert len(logs(since=since).json()["items"]) == 1
    assert logs(since=since, until=since).json()["errors"][0]["field"] == "until"


@pytest.mark.parametrize("kind", ["logs", "logs.ndjson", "log-errors", "log-volume"])
@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ({"until": "2026-11-30T12:00:00Z"}, ["until"]),
        ({"last": "6h", "until": "2026-11-30T12:00:00Z"}, ["until"]),
        ({"last": "6h", "since": "2026-11-30T12:00:00Z"}, ["since"]),
    ],
)
def test_a_time_that_would_not_count_is_refused(program, robot, kind, query, wrong):
    answer = robot(program, "read").get(f"/api/v1/programs/{program.app_id}/{kind}", query)
    assert (answer.status_code, [each["field"] for each in answer.json()["errors"]]) == (422, wrong)


@pytest.mark.parametrize("moment", ["2026-11-30T12:00:00", "2026-11-30T12:00", "2026-11-30 12:00", "2026-11-30"])
def test_a_time_without_an_offset_is_refused(logs, moment):
    later = timezone.now().isoformat()
    for name, query in (("since", {"since": moment, "until": later}), ("until", {"since": later, "until": moment})):
        answer = logs(**query)
        errors = answer.json()["errors"]
        assert (answer.status_code, [each["field"] for each in errors]) == (422, [name])
        assert "offset" in errors[0]["message"]


def test_groups_errors(program, robot, logs):
    factories.make_entries(program, 2, level=8, text="Timeout")
    factories.make_entries(program, 1, level=8, text="Timeout", version="1.1.0")
    factories.make_entries(program, 1)
    found = logs("", level="error").json()["items"]
    groups = robot(program, "read", name="other").get(f"/api/v1/programs/{program.app_id}/log-errors").json()["items"]
    assert len(found) == 3
    assert [(group["error"], group["version"], group["entries"]) for group in groups] == [
        ("Timeout", "1.0.0", 2),
        ("Timeout", "1.1.0", 1),
    ]


def test_counts_over_time(program, robot):
    now = timezone.now()
    factories.make_entries(program, 2, level=4, time=now - timedelta(minutes=3))
    factories.make_entries(program, 1, level=8, time=now - timedelta(minutes=40))
    client, url = robot(program, "read"), f"/api/v1/programs/{program.app_id}/log-volume"
    bars = client.get(url, {"last": "1h"}).json()["items"]
    assert (sum(bar["warn"] for bar in bars), sum(bar["error"] for bar in bars), len(bars) <= 75) == (2, 1, True)
    assert all(bar["ends_at"] == after["starts_at"] for bar, after in pairwise(bars))
    assert client.get(url, {"last": "1h", "level": "error"}).json()["items"][-1]["warn"] == 0
    assert client.get(url, {"level": "loud"}).status_code == 422


@pytest.mark.parametrize(
    "query", [{"level": "loud"}, {"guid": "1"}, {"last": "3h"}, {"since": "yesterday"}, {"cursor": "x"}, {"limit": 0}]
)
def test_says_which_criterion_is_wrong(logs, query):
    answer = logs(**query)
    assert (answer.status_code, [each["field"] for each in answer.json()["errors"]]) == (422, [*query])
    if not query.keys() & {"cursor", "limit"}:
        assert logs(".ndjson", **query).status_code == 422


def test_the_file_is_that_of_the_page(program, logs):
    made = factories.make_entries(program, 3)
    answer = logs(".ndjson", level="info")
    assert answer["Content-Type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]
    assert [line["id"] for line in lines] == [str(entry.id) for entry in made]
    listed = logs().json()["items"]
    assert lines == [{**each, "time": each["time"].replace("Z", "+00:00")} for each in listed]


def test_more_files_than_are_written_at_a_time_wait(logs):
    under_way = [sheets.take_turn(n) for n in range(sheets.MOST_AT_ONCE)]
    answer = logs(".ndjson")
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (429, "too_many_exports", "60")
    under_way[0].close()
    assert logs(".ndjson").status_code == 200
    assert under_way.pop() is not None


@pytest.mark.django_db(transaction=True)
def test_a_search_that_takes_too_long_says_how_to_ask_for_less(program, logs, settings, locked_logs):  # noqa: F811
    factories.make_entries(program, 1)
    settings.LOG_QUERY_SECONDS = 0.2
    with locked_logs():
        answer = logs()
        [line] = b"".join(logs(".ndjson").streaming_content).splitlines()
    assert (answer.status_code, answer.json()["code"]) == (422, "too_slow")
    assert "Choose a shorter time range" in answer.json()["detail"]
    assert json.loads(line)["cut"] is True
