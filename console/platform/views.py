"""The operators' pages."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from console.base.accounts.access import SignedInRequest, operator, route
from console.base.accounts.models import User
from console.base.accounts.permissions import Permission
from console.platform.status import status as status_now


@route(Permission.OPERATOR, load=operator)
def status(request: SignedInRequest, user: User) -> HttpResponse:
    """Whether every part of the console works, and how what does not is mended."""
    return render(request, "platform/status.html", {"status": status_now()})
