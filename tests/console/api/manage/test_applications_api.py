"""Host apps, teams and activity by API (A-2, P-5)."""

from __future__ import annotations

import pytest

from console.base.activity.models import ActivityEntry
from tests import factories
from tests.console.api.manage.sending import get, send, wrong_fields

pytestmark = pytest.mark.django_db


def test_lists_the_host_apps_of_the_team_and_what_they_restrict(program, robot):
    application = factories.make_application(program.team, "Harbour")
    factories.make_application()
    client = robot(program, "read", whole_team=True)
    [listed] = get(client, "/applications")["items"]
    assert (listed["name"], listed["team"]["id"]) == ("Harbour", program.team_id)
    assert get(client, f"/applications/{application.application_id}") == listed
    apis = get(client, f"/applications/{application.application_id}/apis")["items"]
    assert {each["name"] for each in apis} == set(application.apis.values_list("name", flat=True))


def test_lists_teams_without_their_members(program, robot):
    client = robot(program, "read", whole_team=True)
    [team] = get(client, "/teams")["items"]
    assert (team["name"], team["role"], sorted(team)) == (
        str(program.team),
        "viewer",
        ["id", "name", "requires_second_factor", "role"],
    )
    assert get(client, f"/teams/{program.team_id}") == team


def test_a_token_of_one_program_sees_nothing_beside_it(program, robot):
    application = factories.make_application(program.team)
    other = factories.make_program(program.team, "Ferry")
    client = robot(program, "read", "configure")
    admin = robot(program, "configure", name="all", whole_team=True)
    for each in (program, other):
        send(admin, "PATCH", f"/programs/{each.app_id}", introduction="New words.")
    assert get(client, "/applications")["items"] == get(client, "/teams")["items"] == []
    for path in (
        f"/applications/{application.application_id}",
        f"/applications/{application.application_id}/activity",
        f"/teams/{program.team_id}",
        f"/teams/{program.team_id}/activity",
        f"/programs/{other.app_id}/activity",
    ):
        assert client.get(f"/api/v1{path}").status_code == 404, path
    assert {entry["app_id"] for entry in get(client, "/activity")["items"]} == {program.app_id}


def test_activity_says_who_did_what_and_what_changed(program, robot):
    client = robot(program, "read", "configure", whole_team=True)
    factories.make_program()  # of another team
    send(client, "PATCH", f"/programs/{program.app_id}", introduction="New words.")
    [entry] = get(client, "/activity", event="mini_program.edited", by="rele", days="1")["items"]
    assert (entry["by"], entry["source"], entry["app_id"]) == ("release", "api", program.app_id)
    assert entry["changes"] == [{"field": "introduction", "before": "What it is for.", "after": "New words."}]
    assert entry in get(client, f"/programs/{program.app_id}/activity", request_id=entry["request_id"])["items"]
    team = get(client, f"/teams/{program.team_id}/activity")["items"]
    assert [each["id"] for each in team] == [
        *ActivityEntry.objects.of_team(program.team_id).values_list("pk", flat=True)
    ]
    assert get(client, "/activity", by="nobody")["items"] == []
    assert wrong_fields(client.get("/api/v1/activity", {"event": "nothing.happened"})) == ["event"]
    assert wrong_fields(client.get("/api/v1/activity", {"days": "2"})) == ["days"]
