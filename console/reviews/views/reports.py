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
from console.hosts.models import HostApplication
from console.reviews import actions, rules
from console.reviews.access import open_review_for
from console.reviews.models import Report
from console.reviews.overview import Reading, read
from console.reviews.report import Content
from releases.access import audit_for, version_for
from releases.models import Audit, ReviewDecision, Version


@route(Permission.VIEW, load=version_for)
def report(request: SignedInRequest, version: Version) -> HttpResponse:
    """The newest report on a version; before the first one, how to ask for it."""
    bound = list(version.mini_program.bindings.bound().applications())
    return _developers(request, version, version.reports.all(), bound, template="releases/report.html")


@route(Permission.UPLOAD, load=version_for, methods="POST")
def check(request: SignedInRequest, version: Version) -> HttpResponse:
    """Ask for a report: check my package."""
    actions.request_report(version, by=request.user)
    return redirect("releases:report", version.mini_program.app_id, version.number)


@route(Permission.VIEW, load=audit_for)
def audit_report(request: SignedInRequest, audit: Audit) -> HttpResponse:
    """The report that an audit was decided with."""
    asked = list(HostApplication.objects.filter(pk__in=audit.decisions.values("application")))
    return _developers(
        request, audit.version, audit.reports.all(), asked, template="releases/audit_report.html", audit=audit
    )


def _developers(
    request: SignedInRequest,
    version: Version,
    reports: QuerySet[Report],
    applications: Sequence[HostApplication],
    *,
    template: str,
    **more: Any,
) -> HttpResponse:
    program = version.mini_program
    names = [program.app_id, version.number]
    context = {
        "mini_program": program,
        "version": version,
        "developer": True,
        "compares": True,
        "file_url": reverse("releases:file", args=names),
        "changes_url": reverse("releases:changes", args=names),
        "again_url": reverse("releases:check", args=names),
        "why_not_again": lacking(program.held, Permission.UPLOAD),
        "sees_keys": Permission.ADMINISTER in program.held,
        "applications": applications,
        **shown(reports, applications),
        **more,
    }
    return render(request, template, context)


@route(Permission.DECIDE, load=open_review_for)
def review_report(request: SignedInRequest, decision: ReviewDecision) -> HttpResponse:
    """The report, for who decides."""
    context = {
        "decision": decision,
        "audit": decision.audit,
        "program": decision.audit.mini_program,
        "version": decision.audit.version,
        "application": decision.application,
        **report_context(decision),
    }
    return render(request, "reviews/report.html", context)


@route(Permission.DECIDE, load=open_review_for, methods="POST")
def review_again(request: SignedInRequest, decision: ReviewDecision) -> HttpResponse:
    """Compare again, with what is granted and declared now."""
    if refusal := rules.why_not_compare_again(decision.audit):
        messages.error(request, refusal)
    else:
        actions.request_report(decision.audit.version, audit=decision.audit, by=request.user)
        messages.success(request, _("The report is written again."))
    return redirect("reviews:report", decision.pk)


def report_context(decision: ReviewDecision) -> dict[str, Any]:
    """Return what the pages of a review show of the report: the standing for the decision's application alone."""
    audit = decision.audit
    return {
        "file_url": reverse("reviews:file", args=[decision.pk]),
        "changes_url": reverse("reviews:changes", args=[decision.pk]),
        "again_url": reverse("reviews:report_again", args=[decision.pk]),
        "why_not_again": rules.why_not_compare_again(audit),
        # What came online since is no business of an application that the program is not bound to any more.
        "compares": is_bound(decision),
        **shown(audit.reports.all(), [decision.application]),
    }


def is_bound(decision: ReviewDecision) -> bool:
    """Whether the program is bound to the application that decides."""
    bindings = decision.audit.mini_program.bindings.bound()
    return bool(bindings.filter(application=decision.application).exists())


def shown(reports: QuerySet[Report], applications: Sequence[HostApplication]) -> dict[str, Any]:
    """Return the newest report that is written, as its reader sees it, and the newest of all: it may be on its way."""
    newest = reports.select_related("requested_by").first()
    written = newest if newest is None or newest.written_at else reports.exclude(written_at=None).first()
    reading: Reading | None = None
    if written is not None:
        reading = read(msgspec.convert(written.content, Content), applications)
    return {
        "report": written,
        "reading": reading,
        "is_writing": bool(newest and not newest.written_at and not newest.failed),
        "has_failed": bool(newest and newest.failed),
    }
