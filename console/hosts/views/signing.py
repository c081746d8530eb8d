"""The pages of an application's signing keys (R-8)."""

from __future__ import annotations

from django.http import HttpResponse

from console.accounts.access import SignedInRequest, route
from console.accounts.permissions import Permission
from console.hosts.access import application_for, signing_key_for
from console.hosts.models import HostApplication, SigningKey


@route(Permission.VIEW_APPLICATION, load=application_for)
def keys(request: SignedInRequest, application: HostApplication) -> HttpResponse:
    """Which keys sign, since when, and how a new one takes over."""
    return HttpResponse()


@route(Permission.EDIT_APPLICATION, load=application_for, methods="GET POST", sudo=True)
def add(request: SignedInRequest, application: HostApplication) -> HttpResponse:
    """Make another key, which signs at once."""
    return HttpResponse()


@route(Permission.EDIT_APPLICATION, load=signing_key_for, methods="GET POST", sudo=True)
def retire(request: SignedInRequest, key: SigningKey) -> HttpResponse:
    """Sign with a key no more."""
    return HttpResponse()
