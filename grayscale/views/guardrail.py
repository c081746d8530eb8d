"""The guardrail's preview."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from console.base.accounts.access import SignedInRequest, route
from console.base.accounts.permissions import Permission
from grayscale.backtest import past
from grayscale.forms.guardrail import GuardrailForm
from grayscale.presenters.guardrail import Tried
from miniprograms.access import mini_program_for
from miniprograms.models import MiniProgram


@route(Permission.MANAGE, load=mini_program_for, methods="POST")
def preview(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """How the guardrail that is typed would have acted on the last days (G-13); nothing is kept, nothing refused.

    A part of the task form; without scripts a page of its own.
    """
    form = GuardrailForm(request.POST)
    context: dict[str, Any] = {"mini_program": program, "form": form}
    if form.is_valid() and (guardrail := form.guardrail()):
        context["tried"] = Tried(guardrail, past(program, at=timezone.now()))
    is_part = bool(request.headers.get("HX-Request"))
    return render(request, "grayscale/guardrail_past.html" if is_part else "grayscale/guardrail_preview.html", context)
