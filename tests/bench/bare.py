"""Reference lines: the least that WSGI and that Django can do on the same server."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

ANSWER = {"status": "current", "version": "1.2.0", "channel": "online", "package": None}


def hello() -> Callable[..., Iterable[bytes]]:
    """Return a WSGI application that answers 13 bytes, whatever is asked."""

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "13")])
        return [b"Hello, World!"]

    return application


def django_view() -> Callable[..., Iterable[bytes]]:
    """Return a Django project with one URL, one view with a fixed JsonResponse, and no middleware at all."""
    from django.conf import settings
    from django.http import HttpRequest, JsonResponse
    from django.urls import path

    def view(request: HttpRequest) -> JsonResponse:
        return JsonResponse(ANSWER)

    settings.configure(
        ALLOWED_HOSTS=["*"], ROOT_URLCONF=(path("runtime/v1/update", view),), MIDDLEWARE=[], SECRET_KEY="bench"
    )
    from django.core.wsgi import get_wsgi_application

    return get_wsgi_application()
