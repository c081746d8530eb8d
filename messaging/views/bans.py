"""Stub."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from console.accounts.access import route
from console.accounts.permissions import Permission
from console.hosts.access import application_for
from messaging.access import ban_for


@route(Permission.EDIT_APPLICATION, load=application_for, methods="GET POST", sudo=True)
def ban(request: HttpRequest, *loaded: Any) -> HttpResponse:
    """To be written."""
    return HttpResponse("")


@route(Permission.EDIT_APPLICATION, load=ban_for, methods="GET POST", sudo=True)
def lift(request: HttpRequest, *loaded: Any) -> HttpResponse:
    """To be written."""
    return HttpResponse("")
