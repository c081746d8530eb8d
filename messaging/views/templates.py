"""Stub."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from console.accounts.access import route
from console.accounts.permissions import Permission
from messaging.access import template_for
from miniprograms.access import mini_program_for


@route(Permission.VIEW, load=mini_program_for)
def templates(request: HttpRequest, *loaded: Any) -> HttpResponse:
    """To be written."""
    return HttpResponse("")


@route(Permission.DEVELOP, load=template_for, methods="GET POST")
def delete_template(request: HttpRequest, *loaded: Any) -> HttpResponse:
    """To be written."""
    return HttpResponse("")
