"""Stub."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from console.accounts.access import route
from console.accounts.permissions import Permission
from messaging.access import message_for
from miniprograms.access import mini_program_for


@route(Permission.VIEW, load=mini_program_for)
def log(request: HttpRequest, *loaded: Any) -> HttpResponse:
    """To be written."""
    return HttpResponse("")


@route(Permission.VIEW, load=message_for)
def message(request: HttpRequest, *loaded: Any) -> HttpResponse:
    """To be written."""
    return HttpResponse("")


@route(Permission.DEVELOP, load=message_for, methods="GET POST")
def replay(request: HttpRequest, *loaded: Any) -> HttpResponse:
    """To be written."""
    return HttpResponse("")
