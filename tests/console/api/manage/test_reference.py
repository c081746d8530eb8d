"""The page that is drawn from the API's description (A-2)."""

from __future__ import annotations

import re
import shlex
from itertools import pairwise

import pytest

from console.api.manage.api import api
from console.api.manage.endpoint import ENDPOINTS
from console.api.manage.reference import parts
from console.api.manage.states import ANY_SCOPE
from tests import factories

pytestmark = pytest.mark.django_db
PAGE = "/automation/reference/"


def test_every_operation_is_on_it_with_its_scope_and_a_command(signed_in):
    page = signed_in(factories.make_user("Mira")).get(PAGE)
    text = page.content.decode()
    assert page.status_code == 200
    assert set(re.findall(r'<details class="reference-operation" id="(\w+)"', text)) == {one.name for one in ENDPOINTS}
    operations = {one.key: one for part in parts() for one in part.operations}
    for endpoint in ENDPOINTS:
        one = operations[endpoint.name]
        assert (one.method, one.path) == (endpoint.method, f"/api/v1{endpoint.path}")
        assert one.scope == (endpoint.scope or ANY_SCOPE)
        words = shlex.split(one.curl.replace("\\\n", " "))  # a shell can read it
        assert words[:2] == ["curl", "--fail-with-body"]  # with -f it would keep the reasons to itself
        assert any(word.startswith("http") and "{" not in word for word in words)
        assert one.summary
        assert one.answers
        assert {"401", "403", "422", "429", "500", "503"} <= {refusal.status for refusal in one.refusals}


def test_fields_say_what_they_may_be():
    [upload] = [one for part in parts() for one in part.operations if one.key == "upload_version"]
    body = {field.name: (field.kind, field.required, field.limits) for field in upload.body}
    assert body["file"] == ("file", True, "")
    assert body["notes"] == ("string", False, "at most 2000 characters")
    assert [field.name for field in upload.parameters] == ["app_id", "Idempotency-Key"]
    assert "findings[].code" in {field.name for field in upload.answers[0].fields}
    [audits] = [one for part in parts() for one in part.operations if one.key == "list_audits"]
    kinds = {field.name: field.kind for field in audits.answers[0].fields}
    assert kinds["items[].decisions[].decided_at"] == "date-time or null"


def test_commands_that_send_a_file_name_one_and_what_has_to_come_with_it():
    sent = {}
    for one in (one for part in parts() for one in part.operations if one.body_type == "multipart/form-data"):
        words = shlex.split(one.curl.replace("\\\n", " "))
        sent[one.key] = [after for word, after in pairwise(words) if word == "-F"]
    assert sent == {
        "set_program_icon": ["icon=@icon.png"],
        "upload_version": ["file=@dist.zip", "number=1.4.0"],
        "upload_object_list": ["file=@list.txt", "kind=account"],
        "upload_file": ["file=@dist.zip"],
    }


def test_it_is_reached_from_automation_and_leads_to_the_document(signed_in):
    client = signed_in(factories.make_user("Mira"))
    assert f'href="{PAGE}"' in client.get("/automation/").content.decode()
    assert 'href="/api/v1/openapi.json"' in client.get(PAGE).content.decode()


def test_references_of_the_document_all_lead_somewhere():
    document = api.get_openapi_schema()

    def references(thing):
        if isinstance(thing, dict):
            yield from ([thing["$ref"]] if "$ref" in thing else [])
            for inner in thing.values():
                yield from references(inner)
        elif isinstance(thing, list):
            for inner in thing:
                yield from references(inner)

    for reference in set(references(document)):
        found = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
