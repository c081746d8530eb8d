"""From a path under /runtime/v1/ to its handler: in front of Django by WSGI, or from Django's own URLs."""

from __future__ import annotations

from collections.abc import Callable

from console.api import http
from console.api.device import (
    consents,
    login_codes,
    logs,
    openapi,
    packages,
    policy,
    privacy,
    proof_requests,
    reports,
    update,
)
from console.api.device.credentials import Source
from console.api.device.feed import feed
from console.api.device.http import ApiError, not_found, unavailable
from console.api.http import Environ, Response, WSGIApplication
from console.base.core import busy, request_id

PREFIX = "/runtime/v1/"
METHODS = {
    "update": ("POST",),
    "reports": ("POST",),
    "packages": ("GET", "HEAD"),
    "policy": ("GET", "HEAD"),
    "privacy": ("GET", "HEAD"),
    "logs": ("POST",),
    "consents": ("GET", "HEAD", "POST"),
    "consent-settings": ("POST",),
    "login-codes": ("POST",),
    "proofs": ("POST",),
    "openapi": ("GET", "HEAD"),
}
ROUTES = {f"{PREFIX}{name}": f"device:{name}" for name in METHODS if name not in ("packages", "openapi")}
ROUTES[f"{PREFIX}openapi.json"] = "device:openapi"
BY_SERVER = {"login-codes": login_codes.answer, "proofs": proof_requests.answer}


def in_front_of(django: WSGIApplication) -> WSGIApplication:
    """Return a WSGI application that answers devices itself and leaves all else to `django`."""
    return http.in_front_of(
        django,
        PREFIX,
        lambda environ: respond(environ, feed.current, is_away=feed.is_behind),
        route_of=route_of,
        hot=f"{PREFIX}update",
    )


def route_of(path: str) -> str:
    """Return the name of a path."""
    if found := ROUTES.get(path):
        return found
    return "device:package" if path.startswith(f"{PREFIX}packages/") else "device:unknown"


def respond(environ: Environ, source: Callable[[], Source], *, is_away: Callable[[], bool] = lambda: False) -> Response:
    """Answer a request, whatever happens; while the database `is_away`, what needs it gets 503 without a try."""
    try:
        return _handle(environ, source, is_away)
    except ApiError as error:
        response = error.response()
    except Exception as error:
        request_id.begin(environ)
        busy.note(error, f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} failed")
        if busy.passes(error):
            response = unavailable().response()
        else:
            response = ApiError(500, "internal", "Something went wrong on our side; it has been logged.").response()
    if environ["REQUEST_METHOD"] == "HEAD":
        response.body = b""
    return response


def _handle(environ: Environ, source: Callable[[], Source], is_away: Callable[[], bool]) -> Response:
    path = environ["PATH_INFO"][len(PREFIX) :]
    if path == "update":
        _allow(environ, METHODS["update"])
        return update.answer(environ, source)
    request_id.begin(environ)  # Nobody ends it: the thread's next request that has something to log begins its own.
    if path.startswith("packages/"):
        _allow(environ, METHODS["packages"])
        return packages.answer(environ, source, path.removeprefix("packages/"))
    if path in METHODS and is_away():
        # Waiting for it would take the threads from those that are answered from memory.
        raise unavailable()
    if path == "policy":
        _allow(environ, METHODS["policy"])
        return policy.answer(environ, source)
    if path == "privacy":
        _allow(environ, METHODS["privacy"])
        return privacy.answer(environ, source)
    if path == "logs":
        _allow(environ, METHODS["logs"])
        return logs.answer(environ, source)
    if path == "consents":
        _allow(environ, METHODS["consents"])
        return consents.answer(environ, source)
    if path == "consent-settings":
        _allow(environ, METHODS["consent-settings"])
        return consents.settings(environ, source)
    if path in BY_SERVER:
        _allow(environ, METHODS[path])
        return BY_SERVER[path](environ)
    if path == "reports":
        _allow(environ, METHODS["reports"])
        return reports.answer(environ, source)
    if path == "openapi.json":
        _allow(environ, METHODS["openapi"])
        return openapi.answer(environ)
    raise not_found()


def _allow(environ: Environ, methods: tuple[str, ...]) -> None:
    if environ["REQUEST_METHOD"] not in methods:
        allowed = ", ".join(methods)
        raise ApiError(405, "method_not_allowed", f"Use {allowed}.", [("Allow", allowed)])
