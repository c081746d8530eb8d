"""The API's description as a page shows it: sections, operations, their fields, and an example of each for a shell."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.text import slugify

from console.api.manage.api import api
from console.api.manage.description import PROBLEM

Json = dict[str, Any]
DEEPEST = 3
EXAMPLES = {"number": "1.4.0", "app_id": "APP_ID", "kind": "account"}
FILES = {"set_program_icon": "icon.png", "upload_object_list": "list.txt"}  # the others take a package
INDENT = " \\\n     "


@dataclass(frozen=True)
class Field:
    """A parameter or a member of a body: what it is called, where it stands, what it may be."""

    name: str
    kind: str
    words: str
    required: bool = False
    place: str = ""
    limits: str = ""

    @property
    def facts(self) -> str:
        """All that is known of it besides words."""
        return ", ".join(filter(None, (self.kind, self.place, self.limits)))


@dataclass(frozen=True)
class Answer:
    """A status, what it means, and the members of its body."""

    status: str
    words: str
    content_type: str
    fields: list[Field] = field(default_factory=list)


@dataclass(frozen=True)
class Operation:
    """One method of one address."""

    key: str
    method: str
    path: str
    scope: str
    summary: str
    words: str
    parameters: list[Field]
    body_type: str
    body: list[Field]
    answers: list[Answer]
    refusals: list[Answer]
    curl: str

    @property
    def sought(self) -> str:
        """What a reader may type to find it."""
        return f"{self.key} {self.method} {self.path} {self.scope} {self.summary} {self.words}".lower()


@dataclass(frozen=True)
class Part:
    """The operations of a tag."""

    name: str
    key: str
    operations: list[Operation] = field(default_factory=list)


@cache
def drawn(language: str) -> SafeString:
    """Return the operations as HTML in the reader's language, which is active: a second's work, the same for all."""
    return render_to_string("automation/reference_parts.html", {"parts": parts()})


@cache
def parts() -> list[Part]:
    """Return all of the API, in the order of its description; made once, as the description is."""
    document = api.get_openapi_schema()
    found: dict[str, Part] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            tag = operation.get("tags", ["Other"])[0]
            part = found.setdefault(tag, Part(tag, f"tag-{slugify(tag)}"))
            part.operations.append(_operation(document, method.upper(), path, operation))
    return list(found.values())


def _operation(document: Json, method: str, path: str, operation: Json) -> Operation:
    content = operation.get("requestBody", {}).get("content", {})
    body_type = next(iter(content), "")
    schema = _resolved(document, content[body_type].get("schema", {})) if body_type else {}
    answers = [_answer(document, status, answer) for status, answer in operation["responses"].items()]
    summary, words = operation["summary"], operation.get("description", "").strip()
    return Operation(
        key=operation["operationId"],
        method=method,
        path=path,
        scope=operation["x-scope"],
        summary=summary,
        words="" if words.rstrip(".") == summary else words.removeprefix(f"{summary}.").strip(),
        parameters=[_parameter(document, each) for each in operation["parameters"]],
        body_type=body_type,
        body=list(_fields(document, schema)),
        answers=[answer for answer in answers if answer.content_type != PROBLEM],
        refusals=[answer for answer in answers if answer.content_type == PROBLEM],
        curl=_curl(document, method, path, operation, schema),
    )


def _parameter(document: Json, parameter: Json) -> Field:
    schema = _resolved(document, parameter["schema"])
    return Field(
        parameter["name"],
        _kind(document, schema),
        parameter.get("description", ""),
        parameter["required"],
        parameter["in"],
        _limits(schema),
    )


def _answer(document: Json, status: str, answer: Json) -> Answer:
    answer = _resolved(document, answer)
    content = answer.get("content", {})
    content_type = next(iter(content), "")
    fields = []
    if content_type not in ("", PROBLEM):
        fields = list(_fields(document, content[content_type].get("schema", {})))
    words = answer["description"] if content_type == PROBLEM else HTTPStatus(int(status)).phrase
    return Answer(status, words, content_type, fields)


def _fields(document: Json, schema: Json, before: str = "", depth: int = 0) -> Iterator[Field]:
    """Return an object's members, those of objects inside with the name before a dot; [] marks items of a list."""
    schema = _object_in(document, schema)
    required = schema.get("required", [])
    for name, inner in schema.get("properties", {}).items():
        found, words = _resolved(document, inner), inner.get("description", "")
        kind, label = _kind(document, found), f"{before}{name}"
        yield Field(label, kind, words or _described(found), name in required, limits=_limits(found))
        if depth < DEEPEST and kind.startswith(("object", "array of object")):
            yield from _fields(document, found, f"{label}{'[]' if kind.startswith('array') else ''}.", depth + 1)


def _object_in(document: Json, schema: Json) -> Json:
    """Return the object that a schema is, may be, or is a list of."""
    schema = _choice(document, _resolved(document, schema))
    return _object_in(document, schema["items"]) if schema.get("type") == "array" and "items" in schema else schema


def _described(schema: Json) -> str:
    return "" if schema.get("type") == "object" else schema.get("description", "")


def _kind(document: Json, schema: Json) -> str:
    found = _choice(document, schema)
    may_be_null = " or null" if found is not schema and any(_is_null(each) for each in schema["anyOf"]) else ""
    kind = found.get("type", "any")
    if kind == "array":
        kind = f"array of {_kind(document, _resolved(document, found.get('items', {})))}"
    elif "enum" in found:
        kind = " | ".join(map(str, found["enum"]))
    elif kind == "string" and (form := found.get("format", "")):
        kind = {"binary": "file"}.get(form, form)
    return f"{kind}{may_be_null}"


def _choice(document: Json, schema: Json) -> Json:
    """Return the first thing that a schema may be beside null."""
    for each in schema.get("anyOf", ()):
        if not _is_null(each):
            return _resolved(document, each)
    return schema


def _is_null(schema: Json) -> bool:
    return schema.get("type") == "null"


def _limits(schema: Json) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    found = []
    if low is not None and high is not None and high < 2**53:
        found.append(f"{low} to {high}")
    if longest := schema.get("maxLength"):
        found.append(f"at most {longest} characters")
    if schema.get("default") not in (None, ""):
        found.append(f"default {json.dumps(schema['default'])}")
    return ", ".join(found)


def _resolved(document: Json, thing: Json) -> Json:
    """Follow a `$ref`; a description beside it counts more than the one there."""
    if "$ref" not in thing:
        return thing
    found = document
    for step in thing["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return _resolved(document, found)


def _curl(document: Json, method: str, path: str, operation: Json, schema: Json) -> str:
    """Return a command for a shell that has the token in MPC_TOKEN; names in capitals are for the reader to fill in."""
    parameters, body_type = operation["parameters"], next(iter(operation.get("requestBody", {}).get("content", {})), "")
    places = {each["name"]: EXAMPLES.get(each["name"], each["name"].upper()) for each in parameters}
    query = {each["name"]: places[each["name"]] for each in parameters if each["in"] == "query" and each["required"]}
    url = settings.BASE_URL + path.format_map(places) + (f"?{urlencode(query)}" if query else "")
    begin = "curl --fail-with-body" + ("" if method == "GET" else f" -X {method}")
    lines = [begin, '-H "Authorization: Bearer $MPC_TOKEN"']
    if body_type == "application/json":
        lines += [
            '-H "Content-Type: application/json"',
            f"-d '{json.dumps(_example(document, schema), ensure_ascii=False)}'",
        ]
    elif body_type:
        file = f"@{FILES.get(operation['operationId'], 'dist.zip')}"
        for name in schema.get("required", ()):
            is_file = schema["properties"][name].get("format") == "binary"
            lines.append(f"-F {name}={file if is_file else EXAMPLES.get(name, '…')}")
    return INDENT.join([*lines, f"'{url}'" if query else url])


def _example(document: Json, schema: Json, depth: int = 0) -> Any:
    """Return the least that a body has to have, or all of it where nothing has to be there."""
    found = _choice(document, _resolved(document, schema))
    if "enum" in found:
        return found["enum"][0]
    if found.get("default") not in (None, ""):
        return found["default"]
    match found.get("type"):
        case "object" if depth < DEEPEST:
            members = found.get("properties", {})
            names = [name for name in members if name in found.get("required", ())] or members
            return {name: _example(document, members[name], depth + 1) for name in names}
        case "array":
            return [_example(document, found.get("items", {}), depth + 1)]
        case "integer" | "number":
            return max(found.get("minimum", 1), 1)
        case "boolean":
            return False
        case "string":
            return "2026-12-01T08:00:00Z" if found.get("format") == "date-time" else "…"
    return {}
