"""`GET /runtime/v1/policy?app_id=…` (R-3, D-4)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from hashlib import sha256
from urllib.parse import parse_qsl

import msgspec
from django.core.handlers.wsgi import WSGIRequest
from django.db import Error

from console.activity.middleware import client_address
from console.api.device import rate
from console.api.device.credentials import Source, authenticate
from console.api.device.http import ApiError, is_known, not_found, unavailable
from console.api.device.schema import PolicyQuestion
from console.api.http import JSON, Environ, Response, encode
from devmgmt.policy import Policy, policy_of

logger = logging.getLogger(__name__)


def answer(environ: Environ, source: Callable[[], Source]) -> Response:
    """Say what a program may do in the application, at this very moment: `source` only tells who asks.

    Raises ApiError (401, 404, 422, 429, 503).
    """
    rows = source()
    application = authenticate(environ, rows)
    asked = _question(environ)
    # An SDK asks for the policy of each program that is opened, so each is counted by itself; invented ones together.
    counted = asked.app_id if rows.program(asked.app_id) else ""
    rate.limiter.hit(application.pk, client_address(WSGIRequest(environ)), counted)
    policy = _policy(asked.app_id, application.pk)
    if policy is None:
        raise not_found()
    body = encode(policy)
    etag = f'"{sha256(body).hexdigest()}"'
    headers = [("ETag", etag), ("Cache-Control", "private, no-cache")]
    if is_known(environ, etag):
        return Response(304, headers)
    headers += [JSON, ("Content-Length", str(len(body)))]
    return Response(200, headers, b"" if environ["REQUEST_METHOD"] == "HEAD" else body)


def _question(environ: Environ) -> PolicyQuestion:
    try:
        return msgspec.convert(dict(parse_qsl(environ.get("QUERY_STRING", ""))), PolicyQuestion)
    except msgspec.ValidationError as error:
        raise ApiError(422, "invalid", str(error)) from None


def _policy(app_id: str, application: int) -> Policy | None:
    try:
        return policy_of(app_id, application)
    except Error:
        logger.exception("a policy can't be read")
        raise unavailable() from None
