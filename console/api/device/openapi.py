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
    401: "The key is missing, unknown or revoked, or the signature is wrong.",
    403: "The installation proof is required or not valid. For consents also: the user did not tap or turned off the "
    "main switch, or the program is banned. See the code.",
    404: "Not found for this application.",
    405: "Method not allowed; see Allow.",
    408: "The body did not arrive in time.",
    409: "The webhook-id or request_id was already used.",
    411: "Content-Length is missing.",
    413: "The body is too large.",
    415: "The body is not application/json.",
    416: "The range is outside the package.",
    422: "A member is missing or wrong; the message names it.",
    429: "Too many requests; see Retry-After.",
    500: "Something went wrong in the console.",
    503: "The server can't answer at the moment; see Retry-After.",
}

SECURITY_SCHEMES = {
    "application": {
        "type": "http",
        "scheme": "basic",
        "description": "The host app's id and one of its keys.",
    },
    "server": {
        "type": "apiKey",
        "in": "header",
        "name": "webhook-signature",
        "description": "Standard Webhooks, v1, signed with the host app's server secret.",
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
                "description": "For the devices of a host app, and for its server.",
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
    "description": "Issued to the host app's server (`proofs`). A host app can require it.",
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
        "summary": "Get the version of a mini program that the device should run",
        "parameters": [PROOF],
        "requestBody": {"required": True, "content": {"application/json": {"schema": asked}}},
        "responses": {
            "200": {"description": "What the device should do.", "content": {"application/json": {"schema": answered}}},
            **_errors(error, 400, 401, 403, 405, 408, 411, 413, 415, 422, 429, 503),
        },
    }


def _report(asked: Any, error: Any) -> dict[str, Any]:
    return {
        "operationId": "report",
        "summary": "Report the result of an update",
        "parameters": [PROOF],
        "requestBody": {"required": True, "content": {"application/json": {"schema": asked}}},
        "responses": {
            "204": {"description": "Stored."},
            **_errors(error, 400, 401, 403, 404, 405, 408, 411, 413, 415, 422, 429, 503),
        },
    }


def _logs(batch: Any, accepted: Any, error: Any) -> dict[str, Any]:
    encoding = _parameter("Content-Encoding", "header", {"enum": ["identity", "gzip"]}, "The encoding of the body.")
    return {
        "operationId": "logs",
        "summary": "Send log entries of a mini program",
        "parameters": [PROOF, encoding],
        "requestBody": {"required": True, "content": {"application/json": {"schema": batch}}},
        "responses": {
            "200": {
                "description": "The entries are committed.",
                "content": {"application/json": {"schema": accepted}},
            },
            **_errors(error, 400, 401, 403, 404, 405, 408, 411, 413, 415, 422, 429, 503),
        },
    }


def _package(error: Any, *, body: bool) -> dict[str, Any]:
    content: dict[str, Any] = {"content": {"application/octet-stream": {}}} if body else {}
    part = _parameter("Range", "header", {"type": "string"}, "One range of bytes, such as bytes=1000-")
    unless = _parameter("If-Range", "header", {"type": "string"}, "The ETag of the partly downloaded package.")
    token = _parameter("trial_token", "query", {"type": "string"}, "Required for the package of a trial version.")
    responses = {"200": {"description": "The whole package.", **content}}
    if body:
        responses["206"] = {"description": "The range.", **content}
    responses["304"] = {"description": "The device's copy is up to date."}
    if body:
        where = {"description": "A signed address, valid for about a minute.", "required": True}
        location = {"Location": {**where, "schema": {"type": "string", "format": "uri"}}}
        responses["307"] = {"description": "Where the installation's storage has the package.", "headers": location}
    known = _parameter("If-None-Match", "header", {"type": "string"}, "The ETag of the copy that the device has.")
    codes = (401, 404, 405, *((416,) if body else ()), 429, 503)
    return {
        "operationId": "package" if body else "package_head",
        "summary": "Download the package of a version" if body else "Get the size and ETag of a package",
        "parameters": [token, known, part, unless] if body else [token, known],
        "responses": {**responses, **_errors(error if body else None, *codes)},
    }


def _policy(answered: Any, error: Any, *, body: bool) -> dict[str, Any]:
    return {
        "operationId": "policy" if body else "policy_head",
        "summary": "Get what a mini program may do in the host app" if body else "Get the ETag of the policy",
        **_kept_by_devices("Everything that is allowed now.", answered, error, body=body),
    }


def _privacy(answered: Any, error: Any, *, body: bool) -> dict[str, Any]:
    return {
        "operationId": "privacy" if body else "privacy_head",
        "summary": "Get the privacy agreement, and whether the user has to agree"
        if body
        else "Get the agreement's ETag",
        **_kept_by_devices("The online agreement.", answered, error, body=body),
    }


def _kept_by_devices(description: str, answered: Any, error: Any, *, body: bool) -> dict[str, Any]:
    """Return parameters and responses of what devices keep with its ETag."""
    content = {"content": {"application/json": {"schema": answered}}} if body else {}
    return {
        "parameters": [
            _parameter("If-None-Match", "header", {"type": "string"}, "The ETag of the copy that the device has.")
        ],
        "responses": {
            "200": {"description": description, **content},
            "304": {"description": "The device's copy is up to date."},
            **_errors(error if body else None, 401, 404, 405, 422, 429, 503),
        },
    }


def _login_code(asked: Any, answered: Any, error: Any) -> dict[str, Any]:
    summary = "Get a code that identifies the user to the program's server; for the host app's server"
    codes = (400, 401, 404, 405, 408, 409, 411, 413, 415, 422, 429, 503)
    return _signed("login_code", summary, asked, _content("The code.", answered), _errors(error, *codes))


def _proof(asked: Any, answered: Any, error: Any) -> dict[str, Any]:
    summary = "Get an installation proof, and a GUID if there is none; for the host app's server"
    codes = (400, 401, 405, 408, 411, 413, 415, 422, 429, 503)
    return _signed("proof", summary, asked, _content("GUID and proof.", answered), _errors(error, *codes))


def _signed(operation: str, summary: str, asked: Any, answered: Any, errors: dict[str, Any]) -> dict[str, Any]:
    """Return what the application's server asks, signed."""
    name = _parameter("webhook-id", "header", {"type": "string", "maxLength": 64}, "A new one for each request.")
    time = _parameter("webhook-timestamp", "header", {"type": "string"}, "Seconds since 1970, within 5 minutes.")
    return {
        "operationId": operation,
        "summary": summary,
        "security": [{"server": []}],
        "parameters": [{**name, "required": True}, {**time, "required": True}],
        "requestBody": {"required": True, "content": {"application/json": {"schema": asked}}},
        "responses": {"200": answered, **errors},
    }


def _consents(choices: Any, answers: Any, results: Any, error: Any) -> dict[str, Any]:
    shown = {"summary": "Get what to show to the user", "parameters": [PROOF, *_query(ConsentQuestion)]}
    codes = (401, 404, 405, 422, 429, 503)
    return {
        "get": {
            "operationId": "consents",
            **shown,
            "responses": {"200": _content("What the user can choose.", choices), **_errors(error, 403, *codes)},
        },
        "head": {
            "operationId": "consents_head",
            **shown,
            "responses": {"200": {"description": "The request is valid."}, **_errors(None, 403, *codes)},
        },
        "post": {
            "operationId": "answer_consents",
            "summary": "Send what the user answered in the pop-up",
            "parameters": [PROOF],
            "requestBody": {"required": True, "content": {"application/json": {"schema": answers}}},
            "responses": {
                "200": _content("Stored.", results),
                **_errors(error, 400, 401, 403, 404, 405, 408, 409, 411, 413, 415, 422, 429, 503),
            },
        },
    }


def _consent_settings(asked: Any, choices: Any, error: Any) -> dict[str, Any]:
    return {
        "operationId": "consent_settings",
        "summary": "Change the user's settings",
        "parameters": [PROOF],
        "requestBody": {"required": True, "content": {"application/json": {"schema": asked}}},
        "responses": {
            "200": _content("The settings after the change.", choices),
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
    """Return the responses of these statuses, and that of 500, which any operation may answer."""
    content = {"content": {"application/json": {"schema": schema}}} if schema else {}
    return {str(code): {"description": ERRORS[code], **content} for code in sorted({*codes, 500})}


def _parameter(name: str, where: str, schema: dict[str, Any], description: str = "") -> dict[str, Any]:
    return {
        "name": name,
        "in": where,
        "required": where == "path",
        "schema": schema,
        "description": description,
    }
