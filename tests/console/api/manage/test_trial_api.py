"""The trial version by a robot's token: what a pipeline shows as a QR code (A-2, V-14)."""

from __future__ import annotations

import pytest
from django.test import Client

from tests import factories

pytestmark = pytest.mark.django_db


def put(client, path, **data):
    return client.put(path, data, content_type="application/json")


def test_a_pipeline_sets_changes_and_ends_the_trial(program, robot):
    application = factories.make_binding(program).application
    for number in ("1.0.0", "1.1.0"):
        factories.make_version(program, number)
    client, url = robot(program, "trial"), f"/api/v1/programs/{program.app_id}/trial"
    assert client.get(url).status_code == 404
    first = put(client, url, version="1.0.0")
    entry = program.versions.first().package.entry_page
    assert (first.status_code, first.json()["version"], first.json()["page"]) == (200, "1.0.0", entry)
    assert first.json()["applications"] == [{"application_id": application.application_id, "name": application.name}]
    link = first.json()["link"]
    assert Client().get(link).status_code == 200  # what the code holds opens
    changed = put(client, url, version="1.1.0", page=entry, query="line=12").json()
    assert (changed["version"], changed["query"], changed["link"]) == ("1.1.0", "line=12", link)
    assert client.get(url).json() == changed

    for field, sent in {
        "version": {"version": "9.9.9"},
        "page": {"version": "1.1.0", "page": "pages/gone"},
        "query": {"version": "1.1.0", "query": "?a"},
    }.items():
        refused = put(client, url, **sent)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)
    assert client.delete(f"{url}?reason=Over").status_code == 204
    assert (client.get(url).status_code, Client().get(link).status_code) == (404, 404)
    gone, none = client.delete(url), client.get(url)
    assert (gone.status_code, gone.json()["detail"]) == (404, none.json()["detail"])


def test_a_reader_does_not_get_the_link(program, robot):
    factories.make_trial(factories.make_version(program))
    other = factories.make_program(program.team)
    factories.make_trial(factories.make_version(other))
    url = f"/api/v1/programs/{program.app_id}/trial"
    assert robot(program, "read").get(url).json()["code"] == "scope"
    narrow = robot(program, "trial", name="trial")
    assert narrow.get(f"/api/v1/programs/{other.app_id}/trial").status_code == 404
