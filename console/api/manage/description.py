"""What ninja's description of the API leaves out, said of all operations at once: refusals, headers, keys, addresses.

It knows no single operation, so what is added later is described as wholly as what was there first.
"""

from __future__ import annotations

import json
import re
from typing import Any

from console.api.manage.states import MOST_ANSWER_BYTES, MOST_ANSWERS

Json = dict[str, Any]

SAFE = ("get", "head")
JSON, PROBLEM = "application/json", "application/problem+json"
REFUSALS = {
    400: "The request can’t be read: the body is malformed or ended early.",
    401: "The token is missing, wrong, revoked or expired.",
    403: "The token lacks the scope, its holder the right, or it may not be used from this address.",
    404: "Not found, or the token has no access to it.",
    408: "The body did not arrive in time.",
    409: "Someone else was first: read again (`conflict`). Or the first request with this Idempotency-Key may still be "
    "under way: repeat it after Retry-After (`in_progress`).",
    413: "The body is too large.",
    415: "The body has another content type than this operation takes.",
    422: "Something that was sent is wrong, or a rule refuses it: `errors` names fields, `findings` places.",
    429: "Too many requests, or too many with an Idempotency-Key; see Retry-After.",
    500: "Something went wrong in the console; it has been logged.",
    503: "The database is busy or away, or the storage of files fails; try again after Retry-After.",
}
ALWAYS, OF_ADDRESSES, OF_WRITES = (401, 403, 422, 429, 500, 503), (404,), (400, 408, 409, 413, 415)

# What a name stands for in an address, wherever it does.
PATTERNS = {
    "app_id": "^mp[a-z0-9]{14}$",
    "number": r"^(0|[1-9][0-9]{0,3})\.(0|[1-9][0-9]{0,3})\.(0|[1-9][0-9]{0,3})$",
}
SEGMENT = "^[^/]+$"
SCHEMAS = "#/components/schemas/"
REFERENCE = re.compile(f'"{SCHEMAS}([^"]+)"')
LISTS = {"Page": "Page", "Whole": "List"}  # how clients call lists, by the names of their classes here
WIDEST = 2**63 - 1

LIMITS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
HEADERS: dict[str, tuple[str, str]] = {
    "X-Request-ID": ("string", "The request’s id, by which the console’s log is searched."),
    "RateLimit-Limit": ("integer", "How many requests the token has in this window."),
    "RateLimit-Remaining": ("integer", "How many of them are left."),
    "RateLimit-Reset": ("integer", "In how many seconds the window ends."),
    "Retry-After": ("integer", "In how many seconds to try again."),
    "WWW-Authenticate": ("string", "The scheme that tokens are sent by."),
    "Idempotency-Replayed": ("string", "`true`: this was answered before, to the same Idempotency-Key."),
}
KEY: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 100, "pattern": "^[!-~]+$"},
    "description": "A request that is repeated with the same key within a day is carried out once; the repeat gets the "
    "same answer. While the first one is under way, a repeat gets 409 and the code `in_progress`; for 15 minutes so it "
    "does after a failure that leaves open whether the request was carried out. "
    f"For a token {MOST_ANSWERS} answers, or {MOST_ANSWER_BYTES // 10**6} MB, are kept within a day; then a new key is "
    "refused with 429 and the code `too_many_keys`.",
}
_text = {"type": "string"}
PROBLEM_SCHEMA: Json = {
    "title": "Problem",
    "description": "Why a request was refused (RFC 9457).",
    "type": "object",
    "required": ["type", "title", "status", "code", "detail", "request_id"],
    "properties": {
        "type": {"type": "string", "description": "urn:console:problem: and the code"},
        "title": _text,
        "status": {"type": "integer", "description": "the HTTP status"},
        "code": {"type": "string", "description": "for programs; see docs/api.md"},
        "detail": {"type": "string", "description": "for people"},
        "request_id": {"type": "string", "description": "the request’s id, by which the console’s log is searched"},
        "scope": {"type": "string", "description": "the scope that the token lacks"},
        "errors": {
            "type": "array",
            "description": "what is wrong with which field",
            "items": {"$ref": "#/components/schemas/FieldError"},
        },
        "findings": {
            "type": "array",
            "description": "all that the package reader found",
            "items": {"$ref": "#/components/schemas/ProblemFinding"},
        },
    },
}
FIELD_ERROR: Json = {
    "title": "FieldError",
    "type": "object",
    "required": ["field", "message"],
    "properties": {"field": {"type": "string", "description": "empty: the whole"}, "message": _text},
}
FINDING: Json = {
    "title": "ProblemFinding",
    "type": "object",
    "required": ["code", "severity", "title", "where", "detail", "hint", "rule"],
    "properties": dict.fromkeys(("code", "severity", "title", "where", "detail", "hint", "rule"), _text),
}
SECURITY: Json = {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "mpc_…"}}


def complete(document: Json) -> Json:
    """Complete ninja's document, and return it."""
    document = _renamed(document)
    for path in document["paths"].values():
        for method, operation in path.items():
            _complete(method, operation)
    components = document["components"]
    components["schemas"] |= {"Problem": PROBLEM_SCHEMA, "FieldError": FIELD_ERROR, "ProblemFinding": FINDING}
    components["headers"] = {
        name: {"description": words, "schema": {"type": kind}} for name, (kind, words) in HEADERS.items()
    }
    components["responses"] = {f"Problem{status}": _refusal(status) for status in REFUSALS}
    components["securitySchemes"] = SECURITY
    return document


def _renamed(document: Json) -> Json:
    """Return the document with the names that classes of clients shall have: Version and VersionPage.

    Here those are VersionOut, as Version is a model, and Page_VersionOut_. Raises TypeError where two become one.
    """
    names = {name: _public(name) for name in document["components"]["schemas"]}
    if len({*names.values()}) < len(names):
        raise TypeError("Two schemas of the API have the same name without “Out”: rename one of them.")
    found: Json = _following(document, {f"{SCHEMAS}{name}": f"{SCHEMAS}{public}" for name, public in names.items()})
    schemas = found["components"]["schemas"]
    found["components"]["schemas"] = _used(
        found["paths"], {names[name]: schema | {"title": names[name]} for name, schema in schemas.items()}
    )
    return found


def _used(paths: Json, schemas: Json) -> Json:
    """Return the schemas that operations refer to, and those in them; fields of queries stand there themselves."""
    found: Json = {}
    sought = {*REFERENCE.findall(json.dumps(paths, default=str))}
    while sought:
        found |= {name: schemas[name] for name in sought}
        inside = REFERENCE.findall(json.dumps([schemas[name] for name in sought], default=str))
        sought = {*inside} - found.keys()
    return {name: schemas[name] for name in schemas if name in found}


def _public(name: str) -> str:
    listed = re.fullmatch("(Page|Whole)_(.+)_", name)
    return f"{_public(listed[2])}{LISTS[listed[1]]}" if listed else name.removesuffix("Out")


def _following(part: Any, references: dict[str, str]) -> Any:
    """Return a part of the document with other references."""
    if isinstance(part, dict):
        return {
            name: references.get(inner, inner) if name == "$ref" else _following(inner, references)
            for name, inner in part.items()
        }
    return [_following(inner, references) for inner in part] if isinstance(part, list) else part


def _complete(method: str, operation: Json) -> None:
    writes, sends = method not in SAFE, operation.pop("x-sends", "")
    for parameter in operation["parameters"]:
        if parameter["in"] == "path":
            parameter["schema"] |= _constraint(parameter["name"], parameter["schema"].get("type", "string"))
    headers = ["X-Request-ID", *LIMITS, *(["Idempotency-Replayed"] if writes else [])]
    for status, answer in operation["responses"].items():
        answer["headers"] = _headers(*headers)
        if sends and int(status) < 300:
            answer["content"] = {sends: {"schema": {"type": "string", "format": "binary"}}}
    for status in sorted(_refusals(operation, writes=writes)):
        operation["responses"][status] = {"$ref": f"#/components/responses/Problem{status}"}
    operation["responses"] = {str(status): answer for status, answer in operation["responses"].items()}
    if writes:
        operation["parameters"].append(KEY)


def _refusals(operation: Json, *, writes: bool) -> set[int]:
    """Return the statuses by which an operation refuses, beside those that it names itself."""
    found = {*ALWAYS}
    if any(parameter["in"] == "path" for parameter in operation["parameters"]):
        found.update(OF_ADDRESSES)
    if writes:
        found.update(OF_WRITES)
    return found


def _constraint(name: str, kind: str) -> Json:
    if kind == "integer":
        return {"minimum": 1, "maximum": WIDEST}
    return {"pattern": PATTERNS.get(name, SEGMENT)} if kind == "string" else {}


def _refusal(status: int) -> Json:
    names = ["X-Request-ID", *({401: ["WWW-Authenticate"], 500: []}.get(status, LIMITS))]
    if status in (429, 503, 409):
        names.append("Retry-After")
    return {
        "description": REFUSALS[status],
        "headers": _headers(*names),
        "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _headers(*names: str) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
