"""The device API under Django's own URLs, for its test client and for servers that run Django alone.

The same handlers as behind the dispatcher, on the rows instead of the snapshot.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from console.api.device.dispatch import METHODS, respond
from console.api.device.rows import Rows
from console.base.accounts.access import Policy
from console.base.accounts.permissions import Permission


def endpoint(name: str, permission: Permission) -> Callable[..., HttpResponseBase]:
    """Return the view of one entry of the dispatcher's table, which checks method and key itself."""

    @csrf_exempt
    def view(request: WSGIRequest, **path: Any) -> HttpResponseBase:
        return respond(request.environ, Rows).for_django()

    view.policy = Policy(permission, METHODS[name], sudo=False)  # type: ignore[attr-defined]
    return view


update = endpoint("update", Permission.DEVICE)
reports = endpoint("reports", Permission.DEVICE)
package = endpoint("packages", Permission.DEVICE)
policy = endpoint("policy", Permission.DEVICE)
privacy = endpoint("privacy", Permission.DEVICE)
logs = endpoint("logs", Permission.DEVICE)
consents = endpoint("consents", Permission.DEVICE)
consent_settings = endpoint("consent-settings", Permission.DEVICE)
login_codes = endpoint("login-codes", Permission.DEVICE)
proofs = endpoint("proofs", Permission.DEVICE)
openapi = endpoint("openapi", Permission.PUBLIC)
