"""What each kind of operation opens to each token (A-1): the permission table of the pages, and the scopes besides."""

from __future__ import annotations

import json
import re

import pytest
from django.test import Client

from console.api.manage import actions
from console.api.manage.endpoint import ENDPOINTS
from console.api.manage.states import OF_PEOPLE, ROLE_OF_SCOPE
from console.base.accounts.permissions import (
    APPLICATION_ROLE_PERMISSIONS,
    TEAM_ROLE_PERMISSIONS,
    Permission,
)
from tests import factories
from tests.console.world import make_world

pytestmark = pytest.mark.django_db


# What an operation must be sent, so that it comes to the question who may: by its operationId.
BODIES: dict[str, dict[str, object]] = {
    "set_trial": {"version": "1.0.0"},
    "settle_finding": {"reason": "a sample"},
    "create_task": {
        "version": "1.0.0",
        "name": "Trial",
        "ends_at": "2999-01-01T00:00:00Z",
        "user_limit": 10,
        "applications": [],
    },
    "edit_task": {"revision": 1},
    "explain_task": {"guid": "0302"},
    "explain_device": {"guid": "0302"},
    "create_program": {"name": "Ferry", "category_id": 1, "introduction": "When it goes."},
    "request_binding": {"application_id": "ha", "reason": "Why"},
    "request_permissions": {"application_id": "ha", "reason": "Why", "apis": []},
    "request_exemption": {"application_id": "ha", "reason": "Why"},
    "replace_domains": {"domains": {}},
    "create_template": {"number": 1, "keywords": [1]},
}
# The same, of what takes a file.
FORMS: dict[str, dict[str, object]] = {
    "upload_version": {"number": "9.9.9"},
    "upload_file": {},
    "upload_object_list": {"kind": "guid"},
}


def ask(client, endpoint, world):
    names = re.findall(r"{(\w+)}", endpoint.path)
    path = "/api/v1" + endpoint.path.format_map(world.fill(f"api:{endpoint.name}", names))
    if endpoint.name in FORMS:
        return client.post(path, {"file": factories.make_zip(), **FORMS[endpoint.name]})
    if endpoint.name == "set_program_icon":
        return client.post(path, {"icon": factories.make_icon()})
    body = BODIES.get(endpoint.name, {})
    return client.generic(endpoint.method, path, json.dumps(body), content_type="application/json")


def client_of(user, scopes):
    return bearer(actions.create_own(user, name="all", scopes=scopes, addresses=[], expires_at=None))


def robot_of(program):
    """Return who may all that robots may, for this program alone."""
    fields = {"name": "narrow", "addresses": [], "expires_at": None, "by": program.created_by}
    return bearer(actions.create_robot(program.team, program=program, scopes=[*ROLE_OF_SCOPE], **fields))


def bearer(made):
    return Client(headers={"Authorization": f"Bearer {made.secret}"})


def everything_but(scope=None):
    return [each.value for each in OF_PEOPLE if each != scope]


def firsts(kind, endpoints=ENDPOINTS):
    """Return the first operation of each kind: what one decorator does for all of a kind is asked of one."""
    return {kind(endpoint): endpoint for endpoint in reversed(endpoints)}.values()


def test_no_operation_is_open_and_each_scope_is_asked_for():
    admin = make_world("Own").people["admin"]
    without = {scope: client_of(admin, everything_but(scope)) for scope in OF_PEOPLE}
    for endpoint in firsts(lambda one: (one.method, one.scope)):
        path = "/api/v1" + re.sub(r"{\w+}", "1", endpoint.path)  # who asks is looked at before what is asked about
        assert Client().generic(endpoint.method, path).status_code == 401, endpoint
        if endpoint.scope:
            assert without[endpoint.scope].generic(endpoint.method, path).json()["code"] == "scope", endpoint


def test_every_loader_as_every_token():
    """Each operation has its object from a loader, so who may is asked of each loader with each permission."""
    world, foreign = make_world("Own"), make_world("Other")
    outsider = client_of(foreign.people["admin"], everything_but())
    people = {role: client_of(user, everything_but()) for role, user in world.people.items()}
    of_app = {role: TEAM_ROLE_PERMISSIONS["viewer"] | more for role, more in APPLICATION_ROLE_PERMISSIONS.items()}
    held = {role: more | {Permission.SIGNED_IN} for role, more in {**TEAM_ROLE_PERMISSIONS, **of_app}.items()}
    narrow = robot_of(factories.make_program(world.people["admin"].teams.get()))
    wrong = []
    for endpoint in firsts(lambda one: (one.load, one.permission), [one for one in ENDPOINTS if one.load]):
        place = (endpoint.method, endpoint.path)
        if "{" in endpoint.path and ask(outsider, endpoint, world).status_code != 404:
            wrong.append((*place, "open to another team"))
        if "{" in endpoint.path and endpoint.scope in ROLE_OF_SCOPE and ask(narrow, endpoint, world).status_code != 404:
            wrong.append((*place, "open to a robot of another program"))
        for role, client in people.items():
            if endpoint.permission in held[role]:
                continue  # verbs have tests of their own
            if ask(client, endpoint, world).json().get("code") != "permission":
                wrong.append((*place, f"open to {role}"))
    assert wrong == []


def test_no_operation_does_without_a_loader_or_a_scope():
    assert [one.name for one in ENDPOINTS if "{" in one.path and one.load is None] == []
    assert [one.name for one in ENDPOINTS if one.scope is None] == ["get_me"]
    assert len(ENDPOINTS) >= 100


def test_the_description_is_whole():
    page = Client().get("/api/v1/openapi.json")
    operations = [one for path in page.json()["paths"].values() for one in path.values()]
    assert page.json()["openapi"] == "3.1.0"
    assert len(operations) == len(ENDPOINTS) == len({one["operationId"] for one in operations})
    assert all(one["x-scope"] and one["summary"] for one in operations)
