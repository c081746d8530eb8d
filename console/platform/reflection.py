"""What this process believes of a request: shown only to who knows SECRET_KEY, for `manage.py doctor`.

Whether a proxy sets the forwarded headers can be seen from outside only (P-8): the doctor sends forged ones through
BASE_URL, and here is said what came of them. Without a valid token the paths don't exist.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import DisallowedHost
from django.core.handlers.wsgi import WSGIRequest
from django.core.signing import BadSignature, TimestampSigner
from django.http import HttpResponse

from console import roles
from console.api.http import Environ, Response, json_response
from console.base.core.proxies import ProxyMiddleware, believed
from console.version import VERSION

PAGES, DEVICES = "/doctor", "/openserver/doctor"  # as the proxy hands them to `web` and to `runtime`
HEADER = "Console-Doctor"
TOKEN_SECONDS = 60
_signer = TimestampSigner(salt="console.doctor")


def token() -> str:
    """Return what opens the paths for a minute."""
    return _signer.sign("doctor")


def respond(environ: Environ) -> Response | None:
    """Answer a request that has a valid token; None for all others."""
    if environ["PATH_INFO"] not in (PAGES, DEVICES) or not (given := environ.get("HTTP_CONSOLE_DOCTOR")):
        return None
    try:
        _signer.unsign(given, max_age=TOKEN_SECONDS)
    except BadSignature:
        return None
    return json_response(_answer(environ))


def _answer(environ: Environ) -> dict[str, Any]:
    """Return what pages and devices go by."""
    request = WSGIRequest({**environ})
    ProxyMiddleware(lambda request: HttpResponse())(request)
    try:
        host = request.get_host()
    except DisallowedHost:
        host = ""
    seen = {"version": VERSION, "role": roles.current(), "scheme": request.scheme, "host": host}
    return {**seen, **believed(environ)}
