"""Review reports: what a package is and does, for its developers (V-9)."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from console.base.accounts.access import SignedInRequest, route
from console.base.accounts.permissions import Permission, lacking
from console.base.hosts.models import HostApplication
from releases.access import audit_for, version_for
from releases.actions import report as actions
from releases.models import Audit, Report, Version
from releases.presenters.report import deciding, of_version, shown


@route(Permission.VIEW, load=version_for)
def report(request: SignedInRequest, version: Version) -> HttpResponse:
    """The newest report on a version; before the first one, how to ask for it."""
    program = version.mini_program
    context = {
        "again_url": reverse("releases:check", args=[program.app_id, version.number]),
        "why_not_again": lacking(program.held, Permission.UPLOAD),
        **_shown(version, version.reports.all(), list(program.bindings.bound().applications())),
    }
    return render(request, "releases/report/page.html", context)


@route(Permission.UPLOAD, load=version_for, methods="POST")
def check(request: SignedInRequest, version: Version) -> HttpResponse:
    """Ask for a report: check my package."""
    actions.request_report(version, by=request.user)
    return redirect("releases:report", version.mini_program.app_id, version.number)


@route(Permission.VIEW, load=audit_for)
def audit_report(request: SignedInRequest, audit: Audit) -> HttpResponse:
    """The report that an audit was decided with; its reviewers alone can have it written again."""
    context = _shown(audit.version, audit.reports.all(), deciding(audit))
    return render(request, "releases/audit_report.html", {"audit": audit, **context})


def _shown(version: Version, reports: QuerySet[Report], applications: list[HostApplication]) -> dict[str, Any]:
    return {
        **of_version(version),
        "developer": True,
        "settles": True,
        "why_not_settle": lacking(version.mini_program.held, Permission.UPLOAD),
        "needs": Permission.UPLOAD,
        "sees_keys": Permission.ADMINISTER in version.mini_program.held,
        **shown(reports, applications),
    }
