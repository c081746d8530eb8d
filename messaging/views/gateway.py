"""Stub."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from console.accounts.access import route
from console.accounts.permissions import Permission
from console.hosts.access import application_for


@route(Permission.VIEW_APPLICATION, load=application_for)
def gateway(request: HttpRequest, *loaded: Any) -> HttpResponse:
    """To be written."""
    return HttpResponse("")


@route(Permission.EDIT_APPLICATION, load=application_for, methods="GET POST", sudo=True)
def set_gateway(request: HttpRequest, *loaded: Any) -> HttpResponse:
    """To be written."""
    return HttpResponse("")


@route(Permission.EDIT_APPLICATION, load=application_for, methods="POST")
def send_test(request: HttpRequest, *loaded: Any) -> HttpResponse:
    """To be written."""
    return HttpResponse("")


@route(Permission.EDIT_APPLICATION, load=application_for, methods="GET POST", sudo=True)
def generate_server_secret(request: HttpRequest, *loaded: Any) -> HttpResponse:
    """To be written."""
    return HttpResponse("")


@route(Permission.EDIT_APPLICATION, load=application_for, methods="GET POST", sudo=True)
def reset_server_secret(request: HttpRequest, *loaded: Any) -> HttpResponse:
    """To be written."""
    return HttpResponse("")


@route(Permission.EDIT_APPLICATION, load=application_for, methods="GET POST")
def replay_failed(request: HttpRequest, *loaded: Any) -> HttpResponse:
    """To be written."""
    return HttpResponse("")
