"""Review reports: what a package is and does, for its developers and for reviewers (V-9)."""

from __future__ import annotations

from django.http import HttpResponse

from console.accounts.access import SignedInRequest, route
from console.accounts.permissions import Permission
from releases.access import audit_for, review_for, version_for
from releases.models import Audit, ReviewDecision, Version


@route(Permission.VIEW, load=version_for)
def report(request: SignedInRequest, version: Version) -> HttpResponse:
    """The newest report on a version; before the first one, how to ask for it."""
    return HttpResponse()


@route(Permission.UPLOAD, load=version_for, methods="POST")
def check(request: SignedInRequest, version: Version) -> HttpResponse:
    """Ask for a report: check my package."""
    return HttpResponse()


@route(Permission.VIEW, load=version_for)
def changes(request: SignedInRequest, version: Version) -> HttpResponse:
    """Which files differ from the online version, as a tree."""
    return HttpResponse()


@route(Permission.VIEW, load=version_for)
def file(request: SignedInRequest, version: Version) -> HttpResponse:
    """One file, before and after, side by side."""
    return HttpResponse()


@route(Permission.VIEW, load=audit_for)
def audit_report(request: SignedInRequest, audit: Audit) -> HttpResponse:
    """The report that an audit was decided with."""
    return HttpResponse()


@route(Permission.DECIDE, load=review_for)
def review_report(request: SignedInRequest, decision: ReviewDecision) -> HttpResponse:
    """The report, for who decides."""
    return HttpResponse()


@route(Permission.DECIDE, load=review_for, methods="POST")
def review_again(request: SignedInRequest, decision: ReviewDecision) -> HttpResponse:
    """Compare again, with what is granted and declared now."""
    return HttpResponse()


@route(Permission.DECIDE, load=review_for)
def review_changes(request: SignedInRequest, decision: ReviewDecision) -> HttpResponse:
    """Which files differ from the online version, for who decides."""
    return HttpResponse()


@route(Permission.DECIDE, load=review_for)
def review_file(request: SignedInRequest, decision: ReviewDecision) -> HttpResponse:
    """One file, before and after, for who decides."""
    return HttpResponse()
