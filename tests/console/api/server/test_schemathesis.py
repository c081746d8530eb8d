"""The server API against what docs/server-api.md says of it, with whatever Schemathesis thinks of.

WeChat publishes no description, so there is one here: an answer is 200 and JSON, and -1 is never one of them.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from console import wsgi
from console.api.rate import Counter
from console.api.server import dispatch
from console.api.server.errors import SYSTEM, WORDS
from tests.console.api.server.asking import (
    ADD,
    CATEGORIES,
    CHECK,
    CODE,
    DELETE,
    KEYWORDS,
    LOGS,
    SEND,
    SESSION,
    STABLE_TOKEN,
    TEMPLATES,
    TITLES,
    TOKEN,
    Server,
    through_dispatcher,
)
from tests.factories import make_program, make_secret, make_template

pytestmark = pytest.mark.django_db

CASES = int(os.environ.get("CASES", "0")) // 6 or 60
SEED = 20
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]

TEXT, NUMBER = {"type": "string", "maxLength": 100}, {"type": "integer", "minimum": 0, "maximum": 2**40}
FLAG = {"type": "boolean"}
ERROR = {
    "type": "object",
    "required": ["errcode", "errmsg"],
    "properties": {"errcode": {"enum": [0, *(code for code in WORDS if code != SYSTEM)]}, "errmsg": {"type": "string"}},
}
QUERIES = {
    TOKEN: {"grant_type": TEXT, "appid": TEXT, "secret": TEXT},
    SESSION: {"grant_type": TEXT, "appid": TEXT, "secret": TEXT, "js_code": TEXT},
    TEMPLATES: {"access_token": TEXT, "lang": TEXT},
    LOGS: {
        "access_token": TEXT,
        "date": TEXT,
        **dict.fromkeys(("begintime", "endtime", "start", "limit", "level"), NUMBER),
        **dict.fromkeys(("traceId", "id", "url", "filterMsg"), TEXT),
    },
    CHECK: {"access_token": TEXT, "openid": TEXT, "signature": TEXT, "sig_method": TEXT},
    CATEGORIES: {"access_token": TEXT, "lang": TEXT},
    TITLES: {"access_token": TEXT, "ids": TEXT, "start": NUMBER, "limit": NUMBER, "lang": TEXT},
    KEYWORDS: {"access_token": TEXT, "tid": TEXT, "lang": TEXT},
    **{path: {"access_token": TEXT} for path in (SEND, CODE, ADD, DELETE)},
    STABLE_TOKEN: {},
}
VALUE = {"type": "object", "properties": {"value": {"type": ["string", "integer"]}}, "required": ["value"]}
BODIES = {
    STABLE_TOKEN: {"grant_type": TEXT, "appid": TEXT, "secret": TEXT, "force_refresh": {"type": "boolean"}},
    SEND: {
        **dict.fromkeys(("touser", "template_id", "page", "miniprogram_state", "lang"), TEXT),
        "data": {"type": "object", "additionalProperties": VALUE},
    },
    ADD: {"tid": TEXT, "kidList": {"type": "array", "items": NUMBER}, "sceneDesc": TEXT},
    DELETE: {"priTmplId": TEXT},
    CODE: {
        **dict.fromkeys(("scene", "page", "env_version"), TEXT),
        **dict.fromkeys(("check_path", "auto_color", "is_hyaline"), FLAG),
        "width": NUMBER,
        "line_color": {"type": "object", "properties": dict.fromkeys("rgb", NUMBER)},
    },
}
ANSWERS = {
    TOKEN: {"access_token": TEXT, "expires_in": NUMBER},
    STABLE_TOKEN: {"access_token": TEXT, "expires_in": NUMBER},
    SESSION: {"openid": TEXT, "session_key": TEXT},
    SEND: {"msgid": NUMBER},
    TEMPLATES: {"data": {"type": "array"}},
    LOGS: {"data": {"type": "object"}},
    CHECK: {"errcode": NUMBER},
    CATEGORIES: {"data": {"type": "array"}},
    TITLES: {"data": {"type": "array"}, "count": NUMBER},
    KEYWORDS: {"data": {"type": "array"}},
    ADD: {"priTmplId": TEXT},
    DELETE: {"errcode": NUMBER},
    CODE: {"errcode": NUMBER},
}
IMAGE = {"schema": {"type": "string", "format": "binary"}}


def operation(path: str) -> dict[str, Any]:
    """Describe a path."""
    success = {"type": "object", "required": [*ANSWERS[path]], "properties": ANSWERS[path]}
    content = {"application/json": {"schema": {"anyOf": [ERROR, success]}}} | (
        {"image/png": IMAGE} if path == CODE else {}
    )
    answer = {"content": content, "description": "OK"}
    found: dict[str, Any] = {
        "parameters": [{"in": "query", "name": name, "schema": schema} for name, schema in QUERIES[path].items()],
        "responses": {"200": answer},
    }
    if path in BODIES:
        body = {"type": "object", "properties": BODIES[path]}
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return found


DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Server API", "version": "1"},
    "paths": {path: {"post" if path in BODIES else "get": operation(path)} for path in QUERIES},
}


def test_every_path_is_described() -> None:
    assert {*QUERIES} == {*dispatch.ENDPOINTS} == {*ANSWERS}


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("path", [*QUERIES])
def test_answers_are_as_described(db: None, monkeypatch: pytest.MonkeyPatch, path: str, mode: GenerationMode) -> None:
    monkeypatch.setattr(dispatch, "limiter", Counter("1000000000/minute"))
    program = make_program()
    secret, template = make_secret(program), make_template(program)
    real = {"appid": program.app_id, "secret": secret, "grant_type": "client_credential"}
    server = Server(through_dispatcher, program, secret)
    token = server.get(TOKEN, **real).json["access_token"]
    known = template.public_template
    real |= {"access_token": token, "template_id": template.template_id, "priTmplId": template.template_id}
    real |= {"tid": str(known.number), "ids": "1", "scene": "table=12"}
    schema = schemathesis.openapi.from_dict(DOCUMENT)
    schema.app = wsgi.application
    method = "POST" if path in BODIES else "GET"

    @seed(SEED)
    @given(case=schema[path][method].as_strategy(generation_mode=mode), is_real=st.booleans())
    @settings(
        max_examples=max(CASES // len(QUERIES), 2),
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[*HealthCheck],
    )
    def holds(case: Any, is_real: bool) -> None:
        if is_real:  # What opens the door, so that the question comes as far as what it asks for.
            case.query = {**(case.query or {}), **{name: real[name] for name in QUERIES[path] if name in real}}
            if isinstance(case.body, dict):
                case.body = {**case.body, **{name: real[name] for name in BODIES[path] if name in real}}
        case.call_and_validate(checks=CHECKS)

    holds()
