"""The pages of the trial version (V-14)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from console.accounts.access import SignedInRequest, route
from console.accounts.permissions import Permission
from miniprograms.access import mini_program_for
from miniprograms.models import MiniProgram


@route(Permission.VIEW, load=mini_program_for)
def trial(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """The trial version: QR code, link, opening page."""
    return HttpResponse()


@route(Permission.UPLOAD, load=mini_program_for, methods="GET POST")
def set_trial(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """Choose the version and the page on which it opens."""
    return HttpResponse()


@route(Permission.UPLOAD, load=mini_program_for, methods="GET POST")
def cancel_trial(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """End the trial: its link gives nothing any more."""
    return HttpResponse()


@route(Permission.PUBLIC)
def landing(request: HttpRequest, token: str) -> HttpResponse:
    """What a browser shows that opens the link: scan it with the app."""
    return HttpResponse()
