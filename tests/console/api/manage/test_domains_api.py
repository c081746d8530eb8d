"""Server domains by API (A-2, D-1)."""

from __future__ import annotations

import pytest

from console.base.activity.models import ActivityEntry
from tests import factories
from tests.console.api.manage.sending import get, send, wrong_fields

pytestmark = pytest.mark.django_db


@pytest.fixture
def url(program):
    factories.make_domain(program, "api.example.com")
    factories.make_domain(program, "push.example.com", kind="socket")
    return f"/programs/{program.app_id}/domains"


def test_replaces_the_lists_that_are_named(robot, program, url):
    client = robot(program, "read", "configure")
    before = get(client, url)
    assert before["domains"]["socket"] == ["wss://push.example.com"]
    assert before["changes_left"] == 50
    lists = {"request": ["https://a.example.com", "b.example.com:8443"]}
    after = send(client, "PUT", url, domains=lists, revision=before["revision"]).json()
    assert after["domains"]["request"] == ["https://a.example.com", "https://b.example.com:8443"]
    assert after["domains"]["socket"] == ["wss://push.example.com"]  # as it was
    assert (after["changes_left"], get(client, url)) == (49, after)
    late = send(client, "PUT", url, domains={"request": []}, revision=before["revision"])
    assert (late.status_code, late.json()["code"]) == (409, "conflict")


def test_adds_and_removes_single_hosts_in_one_change(robot, program, url):
    client = robot(program, "configure")
    change = {
        "add": {"request": ["API.example.com", "c.example.com"]},  # the first is there
        "remove": {"socket": ["wss://push.example.com"], "business": ["gone.example.com"]},
    }
    after = send(client, "PATCH", url, **change).json()["domains"]
    assert after["request"] == ["https://api.example.com", "https://c.example.com"]
    assert after["socket"] == after["business"] == []
    assert send(client, "PATCH", url, **change).json()["changes_left"] == 49  # nothing to do
    assert ActivityEntry.objects.filter(verb="domains.changed").count() == 1


def test_says_in_which_list_a_host_is_wrong(robot, program, url):
    client = robot(program, "configure")
    assert wrong_fields(send(client, "PUT", url, domains={"request": ["http://a.example.com"]})) == ["domains.request"]
    assert wrong_fields(send(client, "PATCH", url, add={"socket": ["127.0.0.1"]})) == ["add.socket"]
    many = [f"h{number}.example.com" for number in range(200)]
    assert wrong_fields(send(client, "PATCH", url, add={"request": many})) == ["domains.request"]
    assert program.server_domains.count() == 2


def test_says_whether_a_url_may_be_opened(robot, program, url):
    client = robot(program, "read")
    assert get(client, f"{url}/check", url="https://api.example.com/stops")["allowed"] is True
    refused = get(client, f"{url}/check", url="wss://api.example.com/", kind="socket")
    assert (refused["allowed"], bool(refused["message"])) == (False, True)
    assert wrong_fields(client.get(f"/api/v1{url}/check")) == ["url"]
