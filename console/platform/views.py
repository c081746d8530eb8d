"""The operators' pages."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from console.accounts.access import SignedInRequest, operator, route
from console.accounts.models import User
from console.accounts.permissions import Permission
from console.platform.models import Heartbeat


@route(Permission.OPERATOR, load=operator)
def status(request: SignedInRequest, user: User) -> HttpResponse:
    """Whether every part of the console works."""
    return render(request, "platform/status.html", {"heartbeats": Heartbeat.objects.all()})
