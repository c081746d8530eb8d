"""Review reports: what a package is and does, for its developers and for reviewers (V-9)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from console.accounts.access import SignedInRequest, route
from console.accounts.permissions import Permission, lacking
from console.core.errors import Refused
from console.hosts.models import HostApplication
from console.reviews import actions, querysets, rules
from console.reviews.access import open_review_for
from console.reviews.models import Report
from console.reviews.overview import read
from console.reviews.report import Content
from releases.access import audit_for, version_for
from releases.models import Audit, ReviewDecision, Version


@route(Permission.VIEW, load=version_for)
def report(request: SignedInRequest, version: Version) -> HttpResponse:
    """The newest report on a version; before the first one, how to ask for it."""
    program = version.mini_program
    context = {
        "again_url": reverse("releases:check", args=[program.app_id, version.number]),
        "why_not_again": lacking(program.held, Permission.UPLOAD),
        **_developers_shown(version, version.reports.all(), program.bindings.bound().applications()),
    }
    return render(request, "releases/report.html", context)


@route(Permission.UPLOAD, load=version_for, methods="POST")
def check(request: SignedInRequest, version: Version) -> HttpResponse:
    """Ask for a report: check my package."""
    actions.request_report(version, by=request.user)
    return redirect("releases:report", version.mini_program.app_id, version.number)


@route(Permission.VIEW, load=audit_for)
def audit_report(request: SignedInRequest, audit: Audit) -> HttpResponse:
    """The report that an audit was decided with; its reviewers alone can have it written again."""
    asked = HostApplication.objects.filter(pk__in=audit.decisions.values("application"))
    context = _developers_shown(audit.version, audit.reports.all(), asked)
    return render(request, "releases/audit_report.html", {"audit": audit, **context})


def _developers_shown(
    version: Version, reports: QuerySet[Report], applications: QuerySet[HostApplication]
) -> dict[str, Any]:
    return {
        **of_version(version),
        "developer": True,
        "sees_keys": Permission.ADMINISTER in version.mini_program.held,
        **shown(reports, list(applications)),
    }


@route(Permission.DECIDE, load=open_review_for)
def review_report(request: SignedInRequest, decision: ReviewDecision) -> HttpResponse:
    """The report, for who decides."""
    return render(request, "reviews/report.html", {**of_review(decision), **review_shown(decision)})


@route(Permission.DECIDE, load=open_review_for, methods="POST")
def review_again(request: SignedInRequest, decision: ReviewDecision) -> HttpResponse:
    """Compare again, with what is granted and declared now."""
    try:
        actions.compare_again(decision, by=request.user)
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, _("The report is written again."))
    return redirect("reviews:report", decision.pk)


def of_version(version: Version) -> dict[str, Any]:
    """Return what every page on a version's code needs, for its developers."""
    names = [version.mini_program.app_id, version.number]
    return {
        "mini_program": version.mini_program,
        "version": version,
        "compares": True,
        "report_url": reverse("releases:report", args=names),
        "changes_url": reverse("releases:changes", args=names),
        "file_url": reverse("releases:file", args=names),
    }


def of_review(decision: ReviewDecision) -> dict[str, Any]:
    """Return what every page on a version's code needs, for who decides."""
    program = decision.audit.mini_program
    return {
        "decision": decision,
        "application": decision.application,
        "audit": decision.audit,
        "program": program,
        "version": decision.audit.version,
        # What came online since is no business of an application that the program is not bound to any more.
        "compares": querysets.is_bound(program, decision.application),
        "report_url": reverse("reviews:report", args=[decision.pk]),
        "changes_url": reverse("reviews:changes", args=[decision.pk]),
        "file_url": reverse("reviews:file", args=[decision.pk]),
    }


def review_shown(decision: ReviewDecision) -> dict[str, Any]:
    """Return the report of an audit, with the standing for the decision's application alone."""
    return {
        "again_url": reverse("reviews:report_again", args=[decision.pk]),
        "why_not_again": rules.why_not_compare_again(decision.audit),
        **shown(decision.audit.reports.all(), [decision.application]),
    }


def shown(reports: QuerySet[Report], applications: Sequence[HostApplication]) -> dict[str, Any]:
    """Return the newest report that is written, as its reader sees it, and the newest of all: it may be on its way."""
    newest = reports.select_related("requested_by").first()
    written = newest if newest is None or newest.written_at else reports.exclude(written_at=None).first()
    return {
        "report": written,
        "reading": read(msgspec.convert(written.content, Content), applications) if written else None,
        "is_writing": bool(newest and not newest.written_at and not newest.failed),
        "has_failed": bool(newest and newest.failed),
    }
