"""GET /runtime/v1/openapi.json, and the API against what it says."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from console import wsgi
from console.api.device import dispatch, rate
from tests.console.api.device.asking import Device, ThroughDispatcher, authorization
from tests.factories import make_agreement, make_application, make_binding, make_online, make_program, make_trial

PATH = "/runtime/v1/openapi.json"
OPERATIONS = [
    ("/runtime/v1/update", ["POST"]),
    ("/runtime/v1/reports", ["POST"]),
    ("/runtime/v1/logs", ["POST"]),
    ("/runtime/v1/packages/{sha256}.apkg", ["GET"]),  # also of a range
    ("/runtime/v1/packages/{sha256}.apkg", ["HEAD"]),
    ("/runtime/v1/policy", ["GET", "HEAD"]),
    ("/runtime/v1/privacy", ["GET", "HEAD"]),
    ("/runtime/v1/consents", ["GET", "HEAD"]),
    ("/runtime/v1/consents", ["POST"]),
    ("/runtime/v1/consent-settings", ["POST"]),
    ("/runtime/v1/login-codes", ["POST"]),
    ("/runtime/v1/proofs", ["POST"]),
]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


def test_anyone_may_read_it(device: Device) -> None:
    reply = device.ask("GET", PATH, HTTP_AUTHORIZATION=None)
    assert (reply.status, reply.headers["Content-Type"]) == (200, "application/json")
    assert reply.json["openapi"] == "3.1.0"
    assert sorted(reply.json["paths"]) == sorted({path for path, _ in OPERATIONS})
    required = ["app_id", "guid", "platform", "os_version", "app_version", "network"]
    assert reply.json["components"]["schemas"]["UpdateRequest"]["required"] == required
    operations = [
        item[each] for item in reply.json["paths"].values() for each in ("get", "head", "post") if each in item
    ]
    statuses = [[*operation["responses"]] for operation in operations]
    assert all(each[0] in ("200", "204") and each == sorted(each) and "500" in each for each in statuses)
    package = reply.json["paths"]["/runtime/v1/packages/{sha256}.apkg"]
    assert "Location" in package["get"]["responses"]["307"]["headers"]
    for method in ("get", "head"):
        assert "If-None-Match" in [each["name"] for each in package[method]["parameters"]]
    head = device.ask("HEAD", PATH)
    assert (head.status, head.body, head.headers) == (200, b"", reply.headers)


def test_other_methods(device: Device) -> None:
    reply = device.ask("POST", PATH)
    assert (reply.status, reply.headers["Allow"]) == (405, "GET, HEAD")


@pytest.fixture
def published(db: None, monkeypatch: pytest.MonkeyPatch) -> schemathesis.BaseSchema:
    """The real WSGI application, with one program online, which has a trial and an agreement."""
    application = make_application()
    program = make_binding(make_program(), application).mini_program
    make_trial(make_online(program))
    make_agreement(program)
    way = ThroughDispatcher()
    way.feed.refresh()
    monkeypatch.setattr(dispatch, "feed", way.feed)
    monkeypatch.setattr(rate, "limiter", rate.Limiter("1000000/second"))
    schema = schemathesis.openapi.from_wsgi(PATH, wsgi.application)
    schema.config.headers = {"Authorization": authorization(application)}
    return schema


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize(("path", "methods"), OPERATIONS)
def test_answers_are_as_published(
    published: schemathesis.BaseSchema, path: str, methods: list[str], mode: GenerationMode
) -> None:
    """What makes a GET makes a HEAD, too: making takes much longer than asking."""
    first, *others = (published[path][method] for method in methods)
    assert all(other.definition.raw["parameters"] == first.definition.raw["parameters"] for other in others)

    # Not by schemathesis' own pytest plugin, which this version of pytest breaks.
    @given(case=first.as_strategy(generation_mode=mode))
    @settings(max_examples=60, database=None, suppress_health_check=list(HealthCheck))
    def holds(case: Any) -> None:
        case.call_and_validate(checks=CHECKS)
        given = {name: getattr(case, name) for name in ("path_parameters", "headers", "cookies", "query")}
        for other in others:
            other.Case(**given).call_and_validate(checks=CHECKS)

    holds()
