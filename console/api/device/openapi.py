"""`GET /runtime/v1/openapi.json`: generated from the structs that also read and write the bodies."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

from console.api.device.schema import (
    ConsentAnswers,
    ConsentChoices,
    ConsentQuestion,
    ConsentResults,
    ConsentSettings,
    Error,
    IssuedProof,
    LogBatch,
    LoginCode,
    LoginCodeRequest,
    LogsAccepted,
    PolicyQuestion,
    PrivacyAnswer,
    PrivacyQuestion,
    ProofRequest,
    Report,
    UpdateAnswer,
    UpdateRequest,
)
from console.api.http import Environ, Response, encode
from devmgmt.policy import Policy

BODIES: list[type] = [
    UpdateRequest,
    UpdateAnswer,
    Report,
    LogBatch,
    LogsAccepted,
    Policy,
    PrivacyAnswer,
    Error,
    LoginCodeRequest,
    LoginCode,
    ProofRequest,
    IssuedProof,
    ConsentChoices,
    ConsentAnswers,
    ConsentResults,
    ConsentSettings,
]
ERRORS = {
    400: "The body is not JSON.",
    401: "No, an unknown or a revoked key; a wrong signature.",
    403: "No installation proof where it is required, or a bad one; of consents also: the user did not tap, has turned "
    "off the main switch, or the program is banned. The code says which.",
    404: "There is nothing here for this application.",
    405: "Another method; see Allow.",
    408: "The body did not arrive in time.",
    409: "The webhook-id or request_id was used before.",
    411: "No Content-Length.",
    413: "The body is too large.",
    415: "The body is not application/json.",
    416: "The range lies outside the package.",
    422: "A member is missing or wrong; the message names it.",
    429: "Too often; see Retry-After.",
    503: "The server can't answer at the moment; see Retry-After.",
}

SECURITY_SCHEMES = {
    "application": {
        "type": "http",
        "scheme": "basic",
        "description": "The host application's id and one of its keys.",
    },
    "server": {
        "type": "apiKey",
        "in": "header",
        "name": "webhook-signature",
        "description": "v1 of Standard Webhooks, by the secret of the host application's server.",
    },
}


def answer(environ: Environ) -> Response:
    """Publish the document; for anyone."""
    body = _document()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    return Response(200, headers, b"" if environ["REQUEST_METHOD"] == "HEAD" else body)


@cache
def _document() -> bytes:
    references, components = msgspec.json.schema_components(BODIES, ref_template="#/components/schemas/{name}")
    return encode(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Device API",
                "version": "1",
                "description": "What the devices of a host application ask.",
            },
            "servers": [{"url": "/"}],
            "security": [{"application": []}],
            "paths": _paths(dict(zip(BODIES, references, strict=True))),
            "components": {"schemas": components, "securitySchemes": SECURITY_SCHEMES},
        }
    )


PROOF = {
    "name": "Installation-Proof",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "maxLength": 1024, "pattern": "^[!-~]*$"},
    "description": "From the application's own server (`proofs`); an application can require it.",
}


def _paths(schemas: Mapping[type, Any]) -> dict[str, Any]:
    error = schemas[Error]
    choices = schemas[ConsentChoices]
    return {
        "/runtime/v1/update": {"post": _update(schemas[UpdateRequest], schemas[UpdateAnswer], error)},
        "/runtime/v1/reports": {"post": _report(schemas[Report], error)},
        "/runtime/v1/packages/{sha256}.apkg": {
            "parameters": [_parameter("sha256", "path", {"type": "string", "pattern": "^[0-9a-f]{64}$"})],
            "get": _package(error, body=True),
            "head": _package(error, body=False),
        },
        "/runtime/v1/logs": {"post": _logs(schemas[LogBatch], schemas[LogsAccepted], error)},
        "/runtime/v1/policy": {
            "parameters": _query(PolicyQuestion),
            "get": _policy(schemas[Policy], error, body=True),
            "head": _policy(schemas[Policy], error, body=False),
        },
        "/runtime/v1/privacy": {
            "parameters": _query(PrivacyQuestion),
            "get": _privacy(schemas[PrivacyAnswer], error, body=True),
            "head": _privacy(schemas[PrivacyAnswer], error, body=False),
        },
        "/runtime/v1/consents": _consents(choices, schemas[ConsentAnswers], schemas[ConsentResults], error),
        "/runtime/v1/consent-settings": {"post": _consent_settings(schemas[ConsentSettings], choices, error)},
        "/runtime/v1/login-codes": {"post": _login_code(schemas[LoginCodeRequest], schemas[LoginCode], error)},
        "/runtime/v1/proofs": {"post": _proof(schemas[ProofRequest], schemas[IssuedProof], error)},
    }


def _update(asked: Any, answered: Any, error: Any) -> dict[str, Any]:
    return {
        "operationId": "update",
        "summary": "Which version of a mini program shall this device run?",
        "parameters": [PROOF],
        "requestBody": {"required": True, "content": {"application/json": {"schema": asked}}},
        "responses": {
            "200": {"description": "What to do.", "content": {"application/json": {"schema": answered}}},
            **_errors(error, 400, 401, 403, 405, 408, 411, 413, 415, 422, 429, 503),
        },
    }


def _report(asked: Any, error: Any) -> dict[str, Any]:
    return {
        "operationId": "report",
        "summary": "How did the update end?",
        "parameters": [PROOF],
        "requestBody": {"required": True, "content": {"application/json": {"schema": asked}}},
        "responses": {
            "204": {"description": "It is written."},
            **_errors(error, 400, 401, 403, 404, 405, 408, 411, 413, 415, 422, 429, 503),
        },
    }


def _logs(batch: Any, accepted: Any, error: Any) -> dict[str, Any]:
    encoding = _parameter("Content-Encoding", "header", {"enum": ["identity", "gzip"]}, "How the body is sent.")
    return {
        "operationId": "logs",
        "summary": "What did a mini program log?",
        "parameters": [PROOF, encoding],
        "requestBody": {"required": True, "content": {"application/json": {"schema": batch}}},
        "responses": {
            "200": {
                "description": "They are kept, and outlive any crash.",
                "content": {"application/json": {"schema": accepted}},
            },
            **_errors(error, 400, 401, 403, 404, 405, 408, 411, 413, 415, 422, 429, 503),
        },
    }


def _package(error: Any, *, body: bool) -> dict[str, Any]:
    content: dict[str, Any] = {"content": {"application/octet-stream": {}}} if body else {}
    part = _parameter("Range", "header", {"type": "string"}, "One range of bytes, such as bytes=1000-")
    unless = _parameter("If-Range", "header", {"type": "string"}, "The ETag of what the device has a part of.")
    token = _parameter("trial_token", "query", {"type": "string"}, "For the package of a trial version.")
    responses = {"200": {"description": "The whole package.", **content}}
    if body:
        responses["206"] = {"description": "The range.", **content}
    responses["304"] = {"description": "If-None-Match names this package."}
    codes = (401, 404, 405, *((416,) if body else ()), 429, 503)
    return {
        "operationId": "package" if body else "package_head",
        "summary": "The package of a version that the application is served." if body else "Its size and ETag.",
        "parameters": [token, part, unless] if body else [token],
        "responses": {**responses, **_errors(error if body else None, *codes)},
    }


def _policy(answered: Any, error: Any, *, body: bool) -> dict[str, Any]:
    return {
        "operationId": "policy" if body else "policy_head",
        "summary": "What may a mini program do in the application?" if body else "Its ETag.",
        **_kept_by_devices("All that it may at this moment.", answered, error, body=body),
    }


def _privacy(answered: Any, error: Any, *, body: bool) -> dict[str, Any]:
    return {
        "operationId": "privacy" if body else "privacy_head",
        "summary": "What does the privacy agreement say, and does the user have to agree?" if body else "Its ETag.",
        **_kept_by_devices("The online agreement.", answered, error, body=body),
    }


def _kept_by_devices(description: str, answered: Any, error: Any, *, body: bool) -> dict[str, Any]:
    """Return parameters and responses of what devices keep with its ETag."""
    content = {"content": {"application/json": {"schema": answered}}} if body else {}
    return {
        "parameters": [_parameter("If-None-Match", "header", {"type": "string"}, "The ETag of what the device has.")],
        "responses": {
            "200": {"description": description, **content},
            "304": {"description": "If-None-Match names it."},
            **_errors(error if body else None, 401, 404, 405, 422, 429, 503),
        },
    }


def _login_code(asked: Any, answered: Any, error: Any) -> dict[str, Any]:
    summary = "A code by which the program's server learns who its user is; asked by the application's server."
    codes = (400, 401, 404, 405, 408, 409, 411, 413, 415, 422, 429, 503)
    return _signed("login_code", summary, asked, _content("The code.", answered), _errors(error, *codes))


def _proof(asked: Any, answered: Any, error: Any) -> dict[str, Any]:
    summary = "A proof that an installation is real, and a GUID if it has none; asked by the application's server."
    codes = (400, 401, 405, 408, 411, 413, 415, 422, 429, 503)
    return _signed("proof", summary, asked, _content("GUID and proof.", answered), _errors(error, *codes))


def _signed(operation: str, summary: str, asked: Any, answered: Any, errors: dict[str, Any]) -> dict[str, Any]:
    """Return what the application's server asks, signed."""
    name = _parameter("webhook-id", "header", {"type": "string", "maxLength": 64}, "Another one for each request.")
    time = _parameter("webhook-timestamp", "header", {"type": "string"}, "Seconds since 1970, within 5 minutes.")
    return {
        "operationId": operation,
        "summary": summary,
        "security": [{"server": []}],
        "parameters": [{**name, "required": True}, {**time, "required": True}],
        "requestBody": {"required": True, "content": {"application/json": {"schema": asked}}},
        "responses": {"200, 400, 401, 404, 405, 408, 409, 411, 413, 415, 422, 429, 503": answered, **errors},
    }


def _consents(choices: Any, answers: Any, results: Any, error: Any) -> dict[str, Any]:
    shown = {"summary": "What is to be shown to the user?", "parameters": [PROOF, *_query(ConsentQuestion)]}
    codes = (401, 404, 405, 422, 429, 503)
    return {
        "get": {
            "operationId": "consents",
            **shown,
            "responses": {"200": _content("What the user may choose.", choices), **_errors(error, 403, *codes)},
        },
        "head": {
            "operationId": "consents_head",
            **shown,
            "responses": {"200": {"description": "There is something."}, **_errors(None, 403, *codes)},
        },
        "post": {
            "operationId": "answer_consents",
            "summary": "What did the user answer in the pop-up?",
            "parameters": [PROOF],
            "requestBody": {"required": True, "content": {"application/json": {"schema": answers}}},
            "responses": {
                "200": _content("It is kept.", results),
                **_errors(error, 400, 401, 403, 404, 405, 408, 409, 411, 413, 415, 422, 429, 503),
            },
        },
    }


def _consent_settings(asked: Any, choices: Any, error: Any) -> dict[str, Any]:
    return {
        "operationId": "consent_settings",
        "summary": "What does the user change in the settings?",
        "parameters": [PROOF],
        "requestBody": {"required": True, "content": {"application/json": {"schema": asked}}},
        "responses": {
            "200": _content("How it is now.", choices),
            **_errors(error, 400, 401, 403, 404, 405, 408, 411, 413, 415, 422, 429, 503),
        },
    }


def _content(description: str, schema: Any) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _query(struct: type) -> list[dict[str, Any]]:
    """Return the parameters as the struct that reads the query has them."""
    asked = msgspec.json.schema(struct)["$defs"][struct.__name__]
    return [
        {**_parameter(name, "query", schema), "required": name in asked["required"]}
        for name, schema in asked["properties"].items()
    ]


def _errors(schema: Any, *codes: int) -> dict[str, Any]:
    content = {"content": {"application/json": {"schema": schema}}} if schema else {}
    return {str(code): {"description": ERRORS[code], **content} for code in codes}


def _parameter(name: str, where: str, schema: dict[str, Any], description: str = "") -> dict[str, Any]:
    return {
        "name": name,
        "in": where,
        "required": where == "path",
        "schema": schema,
        "description": description,
    }
