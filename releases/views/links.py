"""What a browser shows that opens a link to a mini program (releases/links.py)."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from console.base.accounts.access import route
from console.base.accounts.permissions import Permission
from miniprograms.models import MiniProgram


@route(Permission.PUBLIC)
def landing(request: HttpRequest, app_id: str) -> HttpResponse:
    """Which program it is: scan it with the app. Says nothing of one that no app serves, not even that it exists."""
    program = MiniProgram.objects.on_shelf().filter(app_id=app_id).exclude(online_number="").first()
    if program is None:
        raise Http404
    return render(request, "releases/landing.html", {"program": program})
