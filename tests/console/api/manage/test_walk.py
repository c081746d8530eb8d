"""Every operation of the API, as every token (A-1): the permission table of the pages, and the scopes besides."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from console.api.manage import actions
from console.api.manage.endpoint import ENDPOINTS
from console.api.manage.states import OF_PEOPLE
from console.base.accounts.permissions import TEAM_ROLE_PERMISSIONS, Permission
from tests import factories
from tests.console.world import make_world

pytestmark = pytest.mark.django_db


# What an operation must be sent, so that it comes to the question who may: by its operationId.
BODIES: dict[str, dict[str, object]] = {}


def ask(client, endpoint, world):
    path = "/api/v1" + endpoint.path.format_map(world.arguments)
    if endpoint.name in ("upload_version", "upload_file"):
        return client.post(path, {"file": factories.make_zip(), "number": "9.9.9"})
    body = BODIES.get(endpoint.name, {})
    return client.generic(endpoint.method, path, json.dumps(body), content_type="application/json")


def client_of(user, scopes):
    made = actions.create_own(user, name="all", scopes=scopes, addresses=[], expires_at=None)
    return Client(headers={"Authorization": f"Bearer {made.secret}"})


def test_every_operation_as_every_token():
    world, foreign = make_world("Own"), make_world("Other")
    everything = [scope.value for scope in OF_PEOPLE]
    outsider = client_of(foreign.people["admin"], everything)
    people = {role: client_of(user, everything) for role, user in world.people.items()}
    without = {
        scope: client_of(world.people["admin"], [each for each in everything if each != scope]) for scope in OF_PEOPLE
    }
    wrong = []
    for endpoint in ENDPOINTS:
        place = (endpoint.method, endpoint.path)
        if ask(Client(), endpoint, world).status_code != 401:
            wrong.append((*place, "open to everybody"))
        if ask(without[endpoint.scope], endpoint, world).json().get("code") != "scope":
            wrong.append((*place, "needs no scope"))
        if "{app_id}" in endpoint.path and ask(outsider, endpoint, world).status_code != 404:
            wrong.append((*place, "open to another team"))
        for role, client in people.items():
            held = TEAM_ROLE_PERMISSIONS.get(role, TEAM_ROLE_PERMISSIONS["viewer"]) | {Permission.SIGNED_IN}
            if endpoint.permission in held:
                continue  # verbs have tests of their own
            if ask(client, endpoint, world).json().get("code") != "permission":
                wrong.append((*place, f"open to {role}"))
    assert wrong == []
    assert len(ENDPOINTS) >= 10


def test_the_description_is_whole():
    page = Client().get("/api/v1/openapi.json")
    operations = [one for path in page.json()["paths"].values() for one in path.values()]
    assert page.json()["openapi"] == "3.1.0"
    assert len(operations) == len(ENDPOINTS) == len({one["operationId"] for one in operations})
    assert all(one["x-scope"] and one["summary"] for one in operations)
