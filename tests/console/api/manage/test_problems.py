"""Whatever is wrong with a request under /api/v1/, the answer is a problem (RFC 9457), never a page (A-2)."""

from __future__ import annotations

import io
import json

import pytest
from django.test import Client

from console.api.manage import guard
from console.api.manage.api import api
from console.api.manage.description import REFERENCE
from console.api.manage.middleware import PREFIX
from console.api.rate import Counter
from console.base.core import bodies
from tests import factories

pytestmark = pytest.mark.django_db
MEMBERS = {"type", "title", "status", "code", "detail", "request_id"}


def problem(answer, status):
    """Return the problem that an answer is."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    found = json.loads(answer.content)
    assert (answer.status_code, found["status"]) == (status, status)
    assert set(found) >= MEMBERS
    return found


@pytest.fixture
def submit(program, robot):
    """Ask for a withdrawal, the least operation that takes JSON: submit(body, content_type)."""
    factories.make_version(program, "1.0.0")
    client = robot(program, "submit")
    url = f"{PREFIX}programs/{program.app_id}/versions/1.0.0/withdraw"
    return lambda body, kind="application/json": client.post(url, body, content_type=kind)


@pytest.mark.parametrize("path", ["nothing", "", "programs/", "programs/x/versions/1.0.0/explode", "me/"])
def test_an_address_that_is_none(program, robot, signed_in, path):
    for client in (Client(), robot(program, "read"), signed_in(program.created_by)):
        assert problem(client.get(PREFIX + path), 404)["code"] == "not_found"
    assert problem(Client().post(PREFIX + path), 404)


def test_a_method_that_is_none(program, robot):
    answer = robot(program, "read").delete(f"{PREFIX}me")
    assert problem(answer, 405)["code"] == "method_not_allowed"
    assert answer["Allow"] == "GET"


@pytest.mark.parametrize(
    "body",
    [
        b"{", b"\xff", b"nil", b'{"reason": NaN}', b'{"reason": "\xed\xa0\x80"}', b"[" * 50_000, b"1" * 5000,
        rb'{"reason": "\u0000"}', rb'{"reason": "\ud800"}', rb'{"\udfff": 1}', "{}".encode("utf-16"),
    ],
)  # fmt: skip
def test_a_body_that_is_no_json_or_that_nothing_can_keep(submit, body):
    assert problem(submit(body), 400)["detail"].startswith("The body ")


def test_a_body_of_another_kind(submit, program, robot):
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        assert problem(submit(b'{"reason": "x"}', kind), 415)["code"] == "unsupported_media_type"
    upload = robot(program, "upload", name="upload")
    url = f"{PREFIX}programs/{program.app_id}/versions"
    assert problem(upload.post(url, "{}", content_type="application/json"), 415)
    assert problem(upload.post(url, b"--x", content_type="multipart/form-data; boundary="), 400)


def test_a_body_of_the_wrong_shape_names_its_fields(submit):
    for body, field in ((b"{}", None), (b'{"reason": 7}', "body.reason"), (b"[]", "body"), (b"null", "body")):
        found = problem(submit(body), 422)
        if field:
            assert [each["field"] for each in found["errors"]] == [field.removeprefix("body.").removeprefix("body")]


def test_a_body_that_is_too_large(submit, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    assert problem(submit(json.dumps({"reason": "x" * 1000})), 413)["code"] == "content_too_large"


def test_a_body_that_ends_early(program, robot):
    client, cut = robot(program, "submit"), {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": "1000"}
    factories.make_version(program, "1.0.0")
    body = bodies.Body({**cut, "wsgi.input": io.BytesIO(b'{"reason": "')})
    answer = client.post(f"{PREFIX}programs/{program.app_id}/versions/1.0.0/withdraw", **cut, **{"wsgi.input": body})
    assert problem(answer, 400)


def test_characters_that_are_in_no_address_and_no_field(program, robot):
    client = robot(program, "read", "upload")
    assert problem(client.get(f"{PREFIX}programs/mp%00"), 404)
    assert problem(client.get(f"{PREFIX}programs?cursor=%00"), 422)["errors"][0]["field"] == "cursor"
    data = {"file": factories.make_zip(), "number": "1.0.0", "notes": "a\0b"}
    found = problem(client.post(f"{PREFIX}programs/{program.app_id}/versions", data), 422)
    assert found["errors"][0]["field"] == "notes"


def test_an_error_of_ours_and_a_host_that_is_none(program, robot, monkeypatch, settings):
    client = robot(program, "read")
    client.raise_request_exception = False
    with monkeypatch.context() as broken:
        broken.setattr("console.api.manage.guard.idempotency.once", lambda *_arguments: 1 / 0)
        found = problem(client.get(f"{PREFIX}me"), 500)
    assert "ZeroDivision" not in json.dumps(found)
    assert found["request_id"]
    settings.ALLOWED_HOSTS = ["console.example.com"]
    assert problem(client.get(f"{PREFIX}me"), 400)


@pytest.mark.parametrize(
    ("body", "kind", "wrong"),
    [
        (b'{"note": "again", "anyway": true}', "application/json", ["note", "anyway"]),
        (b'["note"]', "application/json", [""]),
        (b"null", "application/json", [""]),
        (b"note", "text/plain", [""]),
        (b"note=again&anyway=1", "application/x-www-form-urlencoded", ["note", "anyway"]),
    ],
)
def test_a_body_that_nobody_reads_is_refused_by_name(program, robot, body, kind, wrong):
    client = robot(program, "read", "configure")
    for method, path in (("POST", "messages/1/replay"), ("GET", "agreements")):
        url = f"{PREFIX}programs/{program.app_id}/{path}"
        found = problem(client.generic(method, url, body, content_type=kind), 422)
        expected = wrong if method == "POST" or "form" not in kind else [""]
        assert (found["code"], [each["field"] for each in found["errors"]]) == ("invalid", expected)


@pytest.mark.parametrize("body", [b"", b" ", b"{}", b" { }\n"])
def test_a_body_that_says_nothing_is_none(program, robot, body):
    url = f"{PREFIX}programs/{program.app_id}/agreements"
    answer = robot(program, "read").generic("GET", url, body, content_type="application/json")
    assert answer.status_code == 200


def test_answers_say_how_many_requests_are_left(program, robot):
    client = robot(program, "read")
    first, second = (client.get(f"{PREFIX}me") for _ in range(2))
    left = [int(each["RateLimit-Remaining"]) for each in (first, second)]
    assert (left[0] - left[1], first["RateLimit-Limit"], first["X-Request-ID"] != "") == (1, "600", True)


def test_one_request_too_many_is_told_of_the_limit(program, robot, monkeypatch):
    monkeypatch.setattr(guard, "calls", Counter("1/day"))
    client = robot(program, "read")
    assert client.get(f"{PREFIX}me")["RateLimit-Remaining"] == "0"
    answer = client.get(f"{PREFIX}me")
    assert problem(answer, 429)["code"] == "too_many_requests"
    assert [answer[name] for name in ("RateLimit-Limit", "RateLimit-Remaining")] == ["1", "0"]
    assert abs(int(answer["RateLimit-Reset"]) - int(answer["Retry-After"])) <= 1


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("me?verbose=1", ["verbose"]),
        ("programs?team=1&q=bus", ["team"]),
        ("programs?page=2&limit=500", ["page"]),
        ("activity?events=version.published&limt=5", ["events", "limt"]),
    ],
)
def test_a_query_that_it_does_not_know_is_refused_by_name(program, robot, path, wrong):
    found = problem(robot(program, "read").get(PREFIX + path), 422)
    assert [each["field"] for each in found["errors"]] == wrong


def test_a_query_is_looked_at_after_the_token(program, robot):
    assert problem(Client().get(f"{PREFIX}me?verbose=1"), 401)
    assert problem(robot(program, "read").post(f"{PREFIX}programs?dry_run=1"), 403)["code"] == "scope"


def test_names_in_a_body_that_it_does_not_know_are_refused(submit, program, robot):
    found = problem(submit('{"reasn": "Wrong build"}'), 422)
    assert [each["field"] for each in found["errors"]] == ["reasn"]
    url = f"{PREFIX}programs/{program.app_id}"
    client = robot(program, "configure", "upload", name="other")
    found = problem(client.patch(f"{url}/domains", {"add": {"reqest": []}}, content_type="application/json"), 422)
    assert [each["field"] for each in found["errors"]] == ["add.reqest"]
    sent = {"file": factories.make_zip(), "number": "9.9.9", "note": "Which build"}
    assert [each["field"] for each in problem(client.post(f"{url}/versions", sent), 422)["errors"]] == ["note"]
    assert not program.versions.numbered("9.9.9").exists()


def test_all_that_is_sent_as_json_says_that_it_takes_nothing_else():
    document = api.get_openapi_schema()
    bodies = [
        content["schema"]
        for path in document["paths"].values()
        for operation in path.values()
        for kind, content in operation.get("requestBody", {}).get("content", {}).items()
        if kind == "application/json"
    ]
    names = set(REFERENCE.findall(json.dumps(bodies)))
    while more := {*REFERENCE.findall(json.dumps([document["components"]["schemas"][name] for name in names]))} - names:
        names |= more
    schemas = {name: document["components"]["schemas"][name] for name in names}
    objects = {name for name, schema in schemas.items() if schema["type"] == "object"}
    assert {name for name in objects if schemas[name].get("additionalProperties") is not False} == set()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "templates", {"number": 1, "keywords": [*range(21)]}),
        ("POST", "permissions", {"application_id": "x", "reason": "x", "apis": ["wx.a"] * 1001}),
        ("PATCH", "agreements/draft", {"third_parties": [{"name": "a"}] * 201}),
        ("PATCH", "agreements/draft", {"data": [{"kind": "location"}] * 101}),
    ],
)
def test_lists_that_nobody_needs_are_not_gone_through(program, robot, method, path, body):
    client, url = robot(program, "configure"), f"{PREFIX}programs/{program.app_id}/{path}"
    found = problem(client.generic(method, url, json.dumps(body), content_type="application/json"), 422)
    [error] = found["errors"]
    assert error["field"] == [*body][-1] and "at most" in error["message"]


def too_many(**body):
    return json.dumps(body).encode()


@pytest.mark.parametrize(
    ("method", "path", "body", "count"),
    [
        ("PUT", "domains", too_many(domains={"request": [0] * 1000}), 100),
        ("PUT", "domains", too_many(domains={"request": [0] * 300_000}), 1),
        ("PUT", "domains", too_many(domains={"request": ["api.example.com"] * 50_000}), 1),
        ("PUT", "domains", too_many(**{f"{number:x}": 0 for number in range(90_000)}), 100),
        ("PATCH", "domains", too_many(add={f"{number:x}": 0 for number in range(90_000)}), 100),
    ],
)
def test_of_errors_that_are_many_the_first_ones_are_answered(program, robot, method, path, body, count):
    client, url = robot(program, "configure"), f"{PREFIX}programs/{program.app_id}/{path}"
    found = problem(client.generic(method, url, body, content_type="application/json"), 422)
    assert len(found["errors"]) == count


def test_json_that_is_longer_than_any_operation_needs_is_not_looked_at(program, robot):
    client, url = robot(program, "configure"), f"{PREFIX}programs/{program.app_id}/domains"
    for body in (b" " * 2**20 + b"{}", json.dumps({"domains": {"request": ["x"] * 2**18}})):
        found = problem(client.put(url, body, content_type="application/json"), 413)
        assert found["code"] == "content_too_large"
