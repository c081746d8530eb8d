"""Restricted APIs and skipping domain verification by API (A-2, D-2, D-3)."""

from __future__ import annotations

import pytest

from devmgmt.models import ApiPermission, DomainExemption
from tests import factories
from tests.console.api.manage.sending import get, send, wrong_fields

pytestmark = pytest.mark.django_db


@pytest.fixture
def application(program):
    application = factories.make_binding(program).application
    application.apis.all().delete()
    for name in ("wx.getLocation", "wx.openDoor"):
        factories.make_api(application, name)
    return application


def test_asks_for_apis_and_gives_one_up(program, robot, application):
    client, url = robot(program, "read", "configure"), f"/programs/{program.app_id}"
    offered = get(client, f"{url}/restricted-apis", application_id=application.application_id)["items"]
    assert {each["api"] for each in offered} == {"wx.getLocation", "wx.openDoor"}
    asked = {"application_id": application.application_id, "reason": "Stops near you", "apis": ["wx.getLocation"]}
    made = send(client, "POST", f"{url}/permissions", **asked)
    assert (made.status_code, [(each["api"], each["state"]) for each in made.json()["items"]]) == (
        201,
        [("wx.getLocation", "waiting")],
    )
    assert [each["api"] for each in get(client, f"{url}/restricted-apis")["items"]] == ["wx.openDoor"]
    assert wrong_fields(send(client, "POST", f"{url}/permissions", **asked)) == ["apis"]

    one = f"{url}/permissions/{made.json()['items'][0]['id']}"
    assert send(client, "POST", f"{one}/withdraw").json()["state"] == "withdrawn"
    granted = factories.make_permission(program, application, "wx.openDoor")
    ended = send(client, "POST", f"{url}/permissions/{granted.pk}/give-up").json()
    assert (ended["state"], ended["in_force"]) == ("ended", False)
    listed = get(client, f"{url}/permissions")["items"]
    assert [each["id"] for each in listed] == [granted.pk, made.json()["items"][0]["id"]]
    assert get(client, f"{url}/permissions/{granted.pk}") == ended


def test_asks_only_host_apps_that_the_program_is_bound_to(program, robot, application):
    client, url = robot(program, "configure"), f"/programs/{program.app_id}"
    other = factories.make_application(program.team).application_id
    asked = {"application_id": other, "reason": "Why"}
    assert wrong_fields(send(client, "POST", f"{url}/permissions", **asked, apis=["wx.getLocation"])) == [
        "application_id"
    ]
    assert wrong_fields(send(client, "POST", f"{url}/exemptions", **asked)) == ["application_id"]
    assert not ApiPermission.objects.exists()


def test_asks_to_skip_domain_verification(program, robot, application):
    client, url = robot(program, "read", "configure"), f"/programs/{program.app_id}/exemptions"
    asked = {"application_id": application.application_id, "reason": "Hosts of our customers"}
    made = send(client, "POST", url, **asked)
    assert (made.status_code, made.json()["state"], made.json()["in_force"]) == (201, "waiting", False)
    assert wrong_fields(send(client, "POST", url, **asked)) == ["application_id"]
    assert send(client, "POST", f"{url}/{made.json()['id']}/give-up").status_code == 409
    assert send(client, "POST", f"{url}/{made.json()['id']}/withdraw").json()["state"] == "withdrawn"
    granted = factories.make_exemption(program, application)
    assert get(client, f"{url}/{granted.pk}")["in_force"] is True
    assert send(client, "POST", f"{url}/{granted.pk}/give-up").json()["state"] == "ended"
    assert len(get(client, url)["items"]) == DomainExemption.objects.count() == 2
