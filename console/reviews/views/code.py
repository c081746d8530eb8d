"""The code of a version in audit, for who decides: its report, and what it changes (V-9)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from console.base.accounts.access import SignedInRequest, route
from console.base.accounts.permissions import Permission
from console.base.core.errors import ActionRefused
from console.reviews import querysets
from console.reviews.access import open_review_for
from releases import rules
from releases.actions import report as actions
from releases.models import ReviewDecision, Version
from releases.presenters.changes import tree
from releases.presenters.report import shown
from releases.report.comparison import base_of
from releases.states import VersionState
from releases.views.changes import file_page

WAS_ONLINE = (VersionState.ONLINE, VersionState.RETIRED)


@route(Permission.DECIDE, load=open_review_for)
def report(request: SignedInRequest, decision: ReviewDecision) -> HttpResponse:
    return render(request, "reviews/report.html", {**of_decision(decision), **report_shown(decision)})


@route(Permission.DECIDE, load=open_review_for, methods="POST")
def compare_again(request: SignedInRequest, decision: ReviewDecision) -> HttpResponse:
    """Compare again, with what is granted and declared now."""
    try:
        actions.compare_again(decision, by=request.user)
    except ActionRefused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, _("The report is written again."))
    return redirect("reviews:report", decision.pk)


@route(Permission.DECIDE, load=open_review_for)
def changes(request: SignedInRequest, decision: ReviewDecision) -> HttpResponse:
    """Which files differ from the online version."""
    context = of_decision(decision)
    return render(request, "reviews/changes.html", context | tree_shown(request, decision, bound=context["compares"]))


@route(Permission.DECIDE, load=open_review_for)
def file(request: SignedInRequest, decision: ReviewDecision) -> HttpResponse:
    """One file, before and after."""
    context = of_decision(decision)
    version = decision.audit.version
    online = base_of(version) if context["compares"] and version.state not in WAS_ONLINE else None
    return file_page(request, version, online, context, template="reviews/file.html")


def of_decision(decision: ReviewDecision) -> dict[str, Any]:
    """Return what every page on the code needs."""
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


def report_shown(decision: ReviewDecision) -> dict[str, Any]:
    """Return the report of an audit, with what is granted in the decision's application alone."""
    return {
        "again_url": reverse("reviews:report_again", args=[decision.pk]),
        "why_not_again": rules.why_not_compare_again(decision.audit),
        **shown(decision.audit.reports.all(), [decision.application]),
    }


def tree_shown(request: SignedInRequest, decision: ReviewDecision, *, bound: bool) -> dict[str, Any]:
    """Return the files that differ; a version is compared until it is published."""
    version: Version = decision.audit.version
    if version.state in WAS_ONLINE:
        return {"comparison": None, "online": None}
    return tree(request.GET, version, base_of(version) if bound else None)
