"""Stub."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from console.accounts.access import route, teams_for
from console.accounts.permissions import Permission
from miniprograms.access import mini_program_for


@route(Permission.ADMINISTER, load=teams_for)
def overview(request: HttpRequest, *loaded: Any) -> HttpResponse:
    """To be written."""
    return HttpResponse("")


@route(Permission.ADMINISTER, load=mini_program_for)
def keys(request: HttpRequest, *loaded: Any) -> HttpResponse:
    """To be written."""
    return HttpResponse("")


@route(Permission.ADMINISTER, load=mini_program_for, methods="GET POST", sudo=True)
def generate(request: HttpRequest, *loaded: Any) -> HttpResponse:
    """To be written."""
    return HttpResponse("")


@route(Permission.ADMINISTER, load=mini_program_for, methods="GET POST", sudo=True)
def reset(request: HttpRequest, *loaded: Any) -> HttpResponse:
    """To be written."""
    return HttpResponse("")


@route(Permission.ADMINISTER, load=mini_program_for, methods="GET POST", sudo=True)
def freeze(request: HttpRequest, *loaded: Any) -> HttpResponse:
    """To be written."""
    return HttpResponse("")


@route(Permission.ADMINISTER, load=mini_program_for, methods="GET POST", sudo=True)
def unfreeze(request: HttpRequest, *loaded: Any) -> HttpResponse:
    """To be written."""
    return HttpResponse("")
