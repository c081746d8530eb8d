"""The guardrail's preview."""

from __future__ import annotations

from django.http import HttpResponse

from console.accounts.access import SignedInRequest, route
from console.accounts.permissions import Permission
from miniprograms.access import mini_program_for
from miniprograms.models import MiniProgram


@route(Permission.MANAGE, load=mini_program_for, methods="POST")
def preview(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """How the guardrail that is typed would have acted on the last days of the online version (G-13)."""
    return HttpResponse()
