"""The pages of offline packages."""

from __future__ import annotations

from django.http import HttpResponse

from console.accounts.access import SignedInRequest, route
from console.accounts.permissions import Permission
from miniprograms.access import mini_program_for
from miniprograms.models import MiniProgram


@route(Permission.SIGNED_IN)
def overview(request: SignedInRequest) -> HttpResponse:
    """All my programs: package, size, downloads, stale presets."""
    return HttpResponse()


@route(Permission.VIEW, load=mini_program_for)
def package(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """The package, how to build it in, who downloaded it, which presets are stale (O-2)."""
    return HttpResponse()


@route(Permission.DEVELOP, load=mini_program_for, methods="GET POST")
def download(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """The online bytes under their name, on record (O-1)."""
    return HttpResponse()
