"""Stub."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from console.accounts.access import route
from console.accounts.permissions import Permission


@route(Permission.SIGNED_IN)
def overview(request: HttpRequest, *loaded: Any) -> HttpResponse:
    """To be written."""
    return HttpResponse("")
