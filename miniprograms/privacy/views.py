"""The pages of the privacy agreement."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from console.accounts.access import SignedInRequest, route
from console.accounts.permissions import Permission
from miniprograms.access import mini_program_for
from miniprograms.models import MiniProgram


@route(Permission.SIGNED_IN)
def overview(request: SignedInRequest) -> HttpResponse:
    """All my programs: agreement online, draft, what a package uses and the agreement does not name."""
    return HttpResponse()


@route(Permission.VIEW, load=mini_program_for)
def agreement(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """What is online, the draft, the versions, and what the newest package uses (S-2, S-3)."""
    return HttpResponse()


@route(Permission.MANAGE, load=mini_program_for, methods="GET POST")
def edit(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """Facts and text side by side (S-1)."""
    return HttpResponse()


@route(Permission.MANAGE, load=mini_program_for, methods="POST")
def preview(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """The text as users will see it, of what is typed."""
    return HttpResponse()


@route(Permission.MANAGE, load=mini_program_for, methods="GET POST", sudo=True)
def publish(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """Put the draft online as a new version (S-2)."""
    return HttpResponse()


@route(Permission.VIEW, load=mini_program_for)
def version(request: SignedInRequest, program: MiniProgram, agreement_number: int) -> HttpResponse:
    """One published version."""
    return HttpResponse()


@route(Permission.VIEW, load=mini_program_for)
def changes(request: SignedInRequest, program: MiniProgram, agreement_number: int) -> HttpResponse:
    """What a version changed against an earlier one (S-2)."""
    return HttpResponse()


@route(Permission.PUBLIC)
def public(request: HttpRequest, app_id: str, agreement_number: int = 0) -> HttpResponse:
    """The agreement for everybody (S-4)."""
    return HttpResponse()
