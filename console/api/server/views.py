"""The server API under Django's own URLs, for its test client and for servers that run Django alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from console.api.server.dispatch import ENDPOINTS, respond
from console.base.accounts.access import Policy
from console.base.accounts.permissions import Permission


def endpoint(permission: Permission, methods: tuple[str, ...]) -> Callable[..., HttpResponseBase]:
    """Return a view; the dispatcher checks method, secret and token itself."""

    @csrf_exempt
    def view(request: WSGIRequest, **path: Any) -> HttpResponseBase:
        return respond(request.environ).for_django()

    view.policy = Policy(permission, methods, sudo=False)  # type: ignore[attr-defined]
    return view


views = {path: endpoint(Permission.SERVER, one.methods) for path, one in ENDPOINTS.items()}
unknown = endpoint(Permission.PUBLIC, ("GET", "POST", "PUT", "PATCH", "DELETE"))
