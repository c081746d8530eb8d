"""One thing has one name in the whole API (docs/api.md): names can't be changed after a release."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from console.api.manage.api import api

VERBS = (
    "approve", "cancel", "check", "copy", "create", "delete", "edit", "end", "explain", "export", "get", "give_up",
    "list", "prepare", "publish", "put", "reject", "reopen", "replace", "replay", "request", "resume", "roll_back",
    "set", "settle", "start", "submit", "suspend", "take", "unbind", "upload", "withdraw",
)  # fmt: skip
THINGS = {"application", "category", "program", "team"}  # in answers as objects, in requests by their keys
OTHERWISE = {"actor", "comment", "seen", "who", "when", "what", "words", "why_not_publish"}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return api.get_openapi_schema()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        yield from ((path, operation) for operation in methods.values())


def members(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every field of a body or an answer, with its schema's name."""
    for name, schema in document["components"]["schemas"].items():
        yield from ((name, each, kind) for each, kind in schema.get("properties", {}).items())


def test_operations_are_called_by_a_verb_and_paths_have_hyphens(document):
    names = [operation["operationId"] for _path, operation in operations(document)]
    assert [name for name in names if not re.match(f"({'|'.join(VERBS)})_[a-z]", name)] == []
    plain = [re.sub(r"{[a-z_]+}", "", path) for path in document["paths"]]
    assert [path for path in plain if not re.fullmatch(r"/api/v1[/a-z.-]*", path)] == []


def test_what_belongs_to_something_else_is_named_by_its_key(document):
    wrong = [
        (operation["operationId"], each["name"])
        for _path, operation in operations(document)
        for each in operation["parameters"]
        if each["name"] in THINGS | OTHERWISE
    ]
    for schema, name, kind in members(document):
        if name in THINGS and {"string", "integer"} & {each.get("type") for each in (kind, *kind.get("anyOf", ()))}:
            wrong.append((schema, name))
        if name in OTHERWISE or name.startswith("is_"):
            wrong.append((schema, name))
    assert wrong == []


def test_moments_end_in_at_and_lists_have_items(document):
    moments = {
        (schema, name)
        for schema, name, kind in members(document)
        if "date-time" in {each.get("format") for each in (kind, *kind.get("anyOf", ()))}
    }
    # The line of a log's file has had its name for longer than there is an API.
    assert {each for each in moments if not re.search("(^|_)at$", each[1])} == {("LogEntry", "time")}
    for _path, operation in operations(document):
        if operation["operationId"].startswith("list_"):
            [schema] = operation["responses"]["200"]["content"]["application/json"].values()
            name = schema["$ref"].rpartition("/")[2]
            assert "items" in document["components"]["schemas"][name]["properties"], name
