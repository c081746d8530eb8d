"""What a version changes against the one that is online, for its developers (V-9)."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render

from console.base.accounts.access import SignedInRequest, route
from console.base.accounts.permissions import Permission
from releases.access import version_for
from releases.models import Version
from releases.presenters.changes import file as file_shown
from releases.presenters.changes import tree
from releases.presenters.report import of_version
from releases.report.comparison import base_of


@route(Permission.VIEW, load=version_for)
def changes(request: SignedInRequest, version: Version) -> HttpResponse:
    """Which files differ from the online version, as a tree."""
    return render(request, "releases/changes.html", of_version(version) | tree(request.GET, version, base_of(version)))


@route(Permission.VIEW, load=version_for)
def file(request: SignedInRequest, version: Version) -> HttpResponse:
    """One file, before and after, side by side."""
    return file_page(request, version, base_of(version), of_version(version), template="releases/file.html")


def file_page(
    request: SignedInRequest, version: Version, online: Version | None, context: dict[str, Any], *, template: str
) -> HttpResponse:
    """Show one file of the packages; the part alone inside the tree's page."""
    if not request.GET.get("path"):
        return redirect(context["changes_url"])
    context |= file_shown(request.GET, version, online)
    alone = request.headers.get("HX-Target") == "file"
    return render(request, "releases/report/file_pane.html" if alone else template, context)
