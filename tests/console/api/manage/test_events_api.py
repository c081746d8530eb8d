"""A-2, A-4: the registry of events, for who writes a receiver."""

import re

import pytest

pytestmark = pytest.mark.django_db
ID = "ha[a-z0-9]{14}"  # of host apps, as devices send them (console.api.device.schema)


def test_every_event_is_listed_with_an_example(robot, program):
    answer = robot(program, "read").get("/api/v1/events").json()
    by_name = {item["name"]: item for item in answer["items"]}
    assert (answer["version"], list(by_name)) == (1, sorted(by_name))
    published = by_name["version.published"]["example"]
    assert (published["type"], published["data"]["version"]) == ("version.published", "2.4.0")
    assert "user.password_changed" not in by_name
    applications = [item["example"]["data"]["application"] for item in answer["items"]]
    assert {re.fullmatch(ID, one["application_id"]) is not None for one in applications if one} == {True}
