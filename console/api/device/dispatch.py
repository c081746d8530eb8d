"""From a path under /runtime/v1/ to its handler: in front of Django by WSGI, or from Django's own URLs.

In front, because Django's request, middlewares and URL resolver cost several times what the update check itself does.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

from django.db import connection

from console.api.device import logs, openapi, packages, policy, reports, update
from console.api.device.credentials import Source
from console.api.device.feed import feed
from console.api.device.http import ApiError, Environ, Response, not_found

PREFIX = "/runtime/v1/"
METHODS = {
    "update": ("POST",),
    "reports": ("POST",),
    "packages": ("GET", "HEAD"),
    "policy": ("GET", "HEAD"),
    "logs": ("POST",),
    "openapi": ("GET", "HEAD"),
}

Start = Callable[..., Any]
WSGIApplication = Callable[[Environ, Start], Iterable[bytes]]

logger = logging.getLogger(__name__)


def in_front_of(django: WSGIApplication) -> WSGIApplication:
    """Return a WSGI application that answers devices itself and leaves all else to `django`."""

    def application(environ: Environ, start_response: Start) -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith(PREFIX):
            try:
                return respond(environ, feed.current).send(start_response)
            finally:
                _give_back()
        return django(environ, start_response)

    return application


def _give_back() -> None:
    """Leave the connection to other threads, as Django does after its own requests: the pool has fewer than those.

    A transaction that is open now is not the request's, but that of a test around it.
    """
    if not connection.in_atomic_block:
        connection.close()


def respond(environ: Environ, source: Callable[[], Source]) -> Response:
    """Answer a request, whatever happens."""
    try:
        return _handle(environ, source)
    except ApiError as error:
        response = error.response()
    except Exception:
        logger.exception("%s %s failed", environ["REQUEST_METHOD"], environ["PATH_INFO"])
        response = ApiError(500, "internal", "Something went wrong here; it was logged.").response()
    if environ["REQUEST_METHOD"] == "HEAD":
        response.body = b""
    return response


def _handle(environ: Environ, source: Callable[[], Source]) -> Response:
    path = environ["PATH_INFO"][len(PREFIX) :]
    if path == "update":
        _allow(environ, METHODS["update"])
        return update.answer(environ, source)
    if path.startswith("packages/"):
        _allow(environ, METHODS["packages"])
        return packages.answer(environ, source, path.removeprefix("packages/"))
    if path == "policy":
        _allow(environ, METHODS["policy"])
        return policy.answer(environ, source)
    if path == "logs":
        _allow(environ, METHODS["logs"])
        return logs.answer(environ, source)
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
