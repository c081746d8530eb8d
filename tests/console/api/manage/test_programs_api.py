"""Programs by API: create and edit as at pages (A-2, L-1, L-3)."""

from __future__ import annotations

import pytest

from console.base.activity.models import ActivityEntry
from miniprograms.models import IdeDownload, MiniProgram
from tests import factories
from tests.console.api.manage.sending import get, send, wrong_fields

pytestmark = pytest.mark.django_db


@pytest.fixture
def wanted():
    return {
        "name": "Ferry",
        "category_id": factories.make_category("Travel").pk,
        "introduction": "When the ferry goes.",
    }


def test_creates_a_program_and_asks_for_a_binding(program, robot, wanted):
    application = factories.make_application()
    client = robot(program, "read", "configure", whole_team=True)
    made = send(client, "POST", "/programs", **wanted, application_id=application.application_id)
    assert (made.status_code, made.json()["team"]["name"], made.json()["revision"]) == (201, str(program.team), 1)
    row = MiniProgram.objects.get(app_id=made.json()["app_id"])
    assert row.bindings.get().application == application
    assert get(client, f"/programs/{row.app_id}")["category"]["id"] == wanted["category_id"]
    assert {entry.source for entry in ActivityEntry.objects.of_program(row.app_id)} == {"api"}


def test_says_what_is_wrong_with_a_new_program(program, robot, wanted):
    client = robot(program, "configure", whole_team=True)
    foreign = factories.make_team().pk
    for change, fields in (
        ({"name": "F"}, ["name"]),
        ({"name": program.name}, ["name"]),
        ({"category_id": 0, "introduction": " "}, ["category_id", "introduction"]),
        ({"team_id": foreign}, ["team_id"]),
        ({"application_id": "ha00000000000000"}, ["application_id"]),
    ):
        assert sorted(wrong_fields(send(client, "POST", "/programs", **{**wanted, **change}))) == fields
    assert MiniProgram.objects.count() == 1


def test_who_has_two_teams_names_one(program, own_token, wanted):
    factories.join(factories.make_team("Second"), program.created_by, "admin")
    client = own_token(program.created_by, "configure")
    assert wrong_fields(send(client, "POST", "/programs", **wanted)) == ["team_id"]
    assert send(client, "POST", "/programs", **wanted, team_id=program.team_id).status_code == 201


def test_a_robot_of_one_program_creates_none(program, robot, wanted):
    assert send(robot(program, "configure"), "POST", "/programs", **wanted).status_code == 404


def test_edits_what_is_named_and_leaves_the_rest(program, robot):
    client, url = robot(program, "configure"), f"/programs/{program.app_id}"
    edited = send(client, "PATCH", url, introduction="Stops near you.", revision=1).json()
    assert (edited["name"], edited["introduction"], edited["revision"]) == (program.name, "Stops near you.", 2)
    late = send(client, "PATCH", url, name="Other", revision=1)
    assert (late.status_code, late.json()["code"]) == (409, "conflict")
    assert wrong_fields(send(client, "PATCH", url, name="")) == ["name"]
    assert send(client, "PATCH", url).json()["revision"] == 2  # nothing to change


def test_what_is_null_in_an_edit_stays(program, robot):
    client, url = robot(program, "configure"), f"/programs/{program.app_id}"
    before = send(client, "PATCH", url, description="Stops, lines and delays.").json()
    assert send(client, "PATCH", url, name=None, category_id=None, introduction=None, description=None).json() == before
    assert send(client, "PATCH", url, description="").json()["description"] == ""


def test_an_icon_is_encoded_anew(program, robot):
    client, url = robot(program, "configure"), f"/api/v1/programs/{program.app_id}/icon"
    assert client.post(url, {"icon": factories.make_icon()}).json()["revision"] == 2
    assert MiniProgram.objects.get().icon.name.endswith(".webp")
    assert wrong_fields(client.post(url, {"icon": factories.make_zip()})) == ["icon"]


def test_finds_programs_by_name_shelf_team_and_category(program, robot):
    ferry = factories.make_program(program.team, "Ferry", shelf="off", category=factories.make_category("Travel"))
    client = robot(program, "read", whole_team=True)
    for query in ({"q": "fer"}, {"q": ferry.app_id[:9]}, {"shelf": "off"}, {"category_id": ferry.category_id}):
        assert [each["name"] for each in get(client, "/programs", **query)["items"]] == ["Ferry"]
    assert len(get(client, "/programs", team_id=program.team_id)["items"]) == 2
    assert get(client, "/programs", team_id=0)["items"] == []
    assert get(robot(program, "read", name="narrow"), "/programs", q="Ferry")["items"] == []


def test_lists_what_operators_keep(program, robot):
    client = robot(program, "read")
    assert str(program.category) in [each["name"] for each in get(client, "/categories")["items"]]
    IdeDownload.objects.create(
        version="3.8.1", platform="linux", url="https://ide.example.com/", released_on="2026-11-01"
    )
    [download] = get(client, "/ide-downloads")["items"]
    assert (download["version"], download["size"], download["released_on"]) == ("3.8.1", None, "2026-11-01")
