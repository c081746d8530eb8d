"""Bindings by API (A-2, L-6)."""

from __future__ import annotations

import pytest

from tests import factories
from tests.console.api.manage.sending import get, send, wrong_fields

pytestmark = pytest.mark.django_db


def test_asks_for_a_binding_and_takes_the_request_back(program, robot):
    application = factories.make_application()
    client, url = robot(program, "read", "configure"), f"/programs/{program.app_id}"
    offered = get(client, f"{url}/bindable-applications")["items"]
    assert offered == [{"application_id": application.application_id, "name": application.name}]
    asked = {"application_id": application.application_id, "reason": "Buses at the harbour"}
    made = send(client, "POST", f"{url}/bindings", **asked)
    assert (made.status_code, made.json()["state"], made.json()["requested_by"]) == (201, "waiting", "release")
    assert get(client, f"{url}/bindable-applications")["items"] == []
    assert wrong_fields(send(client, "POST", f"{url}/bindings", **asked)) == ["application_id"]

    one = f"{url}/bindings/{made.json()['id']}"
    assert send(client, "POST", f"{one}/withdraw").json()["state"] == "withdrawn"
    assert send(client, "POST", f"{one}/withdraw").status_code == 409
    assert get(client, one) == get(client, f"{url}/bindings")["items"][0]
    assert len(get(client, f"{url}/bindings", state="withdrawn")["items"]) == 1
    assert get(client, f"{url}/bindings", state="approved")["items"] == []
    assert wrong_fields(client.get(f"/api/v1{url}/bindings", {"state": "bound"})) == ["state"]


def test_unbinds_with_a_reason(program, robot):
    binding = factories.make_binding(program)
    client, url = robot(program, "configure"), f"/programs/{program.app_id}/bindings/{binding.pk}"
    ended = send(client, "POST", f"{url}/unbind", reason="Replaced").json()
    assert (ended["state"], ended["end_reason"]) == ("ended", "Replaced")
    assert wrong_fields(send(client, "POST", f"{url}/unbind", reason="x" * 2001)) == ["reason"]
    assert not program.bindings.bound().exists()


def test_opens_no_binding_of_another_program(program, robot):
    foreign = factories.make_binding(factories.make_program(program.team))
    client = robot(program, "read", "configure")
    assert client.get(f"/api/v1/programs/{program.app_id}/bindings/{foreign.pk}").status_code == 404
    assert get(client, f"/programs/{program.app_id}/bindings")["items"] == []
