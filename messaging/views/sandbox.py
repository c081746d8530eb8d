"""Stub."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from console.accounts.access import route
from console.accounts.permissions import Permission
from miniprograms.access import mini_program_for


@route(Permission.DEVELOP, load=mini_program_for, methods="GET POST")
def sandbox(request: HttpRequest, *loaded: Any) -> HttpResponse:
    """To be written."""
    return HttpResponse("")
