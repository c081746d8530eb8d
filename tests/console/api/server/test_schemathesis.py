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
    LOGS,
    SEND,
    SESSION,
    STABLE_TOKEN,
    TEMPLATES,
    TOKEN,
    Server,
    through_dispatcher,
)
from tests.factories import make_program, make_secret, make_template

pytestmark = pytest.mark.django_db

CASES = int(os.environ.get("CASES", "0")) // 6 or 40
SEED = 20
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]

TEXT, NUMBER = {"type": "string", "maxLength": 100}, {"type": "integer", "minimum": 0, "maximum": 2**40}
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
    SEND: {"access_token": TEXT},
    STABLE_TOKEN: {},
}
VALUE = {"type": "object", "properties": {"value": {"type": ["string", "integer"]}}, "required": ["value"]}
BODIES = {
    STABLE_TOKEN: {"grant_type": TEXT, "appid": TEXT, "secret": TEXT, "force_refresh": {"type": "boolean"}},
    SEND: {
        **dict.fromkeys(("touser", "template_id", "page", "miniprogram_state", "lang"), TEXT),
        "data": {"type": "object", "additionalProperties": VALUE},
    },
}
ANSWERS = {
    TOKEN: {"access_token": TEXT, "expires_in": NUMBER},
    STABLE_TOKEN: {"access_token": TEXT, "expires_in": NUMBER},
    SESSION: {"openid": TEXT, "session_key": TEXT},
    SEND: {"msgid": NUMBER},
    TEMPLATES: {"data": {"type": "array"}},
    LOGS: {"data": {"type": "object"}},
}


def operation(path: str) -> dict[str, Any]:
    """Describe a path."""
    success = {"type": "object", "required": [*ANSWERS[path]], "properties": ANSWERS[path]}
    answer = {"content": {"application/json": {"schema": {"anyOf": [ERROR, success]}}}, "description": "OK"}
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


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("path", [*QUERIES])
def test_answers_are_as_described(db: None, monkeypatch: pytest.MonkeyPatch, path: str, mode: GenerationMode) -> None:
    monkeypatch.setattr(dispatch, "limiter", Counter("1000000000/minute"))
    program = make_program()
    secret, template = make_secret(program), make_template(program)
    real = {"appid": program.app_id, "secret": secret, "grant_type": "client_credential"}
    server = Server(through_dispatcher, program, secret)
    token = server.get(TOKEN, **real).json["access_token"]
    real |= {"access_token": token, "template_id": template.template_id}
    schema = schemathesis.openapi.from_dict(DOCUMENT)
    schema.app = wsgi.application
    method = "POST" if path in BODIES else "GET"

    @seed(SEED)
    @given(case=schema[path][method].as_strategy(generation_mode=mode), is_real=st.booleans())
    @settings(
        max_examples=max(CASES // 12, 2), database=None, phases=[Phase.generate], suppress_health_check=[*HealthCheck]
    )
    def holds(case: Any, is_real: bool) -> None:
        if is_real:  # What opens the door, so that the question comes as far as what it asks for.
            case.query = {**(case.query or {}), **{name: real[name] for name in QUERIES[path] if name in real}}
            if isinstance(case.body, dict):
                case.body = {**case.body, **{name: real[name] for name in BODIES[path] if name in real}}
        case.call_and_validate(checks=CHECKS)

    holds()
