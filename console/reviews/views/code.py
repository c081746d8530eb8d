"""The code of a version in audit, for who decides: its report, and what it changes (V-9)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from console.base.accounts.access import SignedInRequest, route
from console.base.accounts.permissions import Permission
from console.base.core.errors import ActionRefused
from console.base.core.files import attachment
from console.reviews import querysets
from console.reviews.access import open_binding_for, open_review_for
from miniprograms.models import Binding
from releases import actions as releases
from releases import rules
from releases.actions import report as actions
from releases.models import ReviewDecision, Version
from releases.presenters.changes import tree
from releases.presenters.report import shown
from releases.report.comparison import base_of
from releases.states import WAS_ONLINE
from releases.views.changes import file_page

Download = StreamingHttpResponse | HttpResponse


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
        messages.success(request, _("Generating the report again."))
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


@route(Permission.DECIDE, load=open_review_for)  # type: ignore[arg-type]  # a streaming response
def package(request: SignedInRequest, decision: ReviewDecision) -> Download:
    """The canonical bytes of the version in audit: what would be served (V-6); each download is on record (P-5)."""
    return _package(request, decision.audit.version, decision=decision, back=decision.get_absolute_url())


def _package(
    request: SignedInRequest, version: Version, *, decision: ReviewDecision | None = None, back: str
) -> Download:
    try:
        file = releases.export_package(version, decision=decision, by=request.user)
    except ActionRefused as refused:
        messages.error(request, refused.message)
        return redirect(back)
    return attachment(file, size=version.package.size, name=f"{version.mini_program.app_id}_{version}.apkg")


# What approving a binding accepts (V-18) ---------------------------------------------------------------------------


@route(Permission.DECIDE, load=open_binding_for)
def binding_report(request: SignedInRequest, accepted: tuple[Binding, Version]) -> HttpResponse:
    """The report on one of the versions, with what is granted in the application that is asked."""
    return render(request, "reviews/report.html", of_binding(*accepted))


@route(Permission.DECIDE, load=open_binding_for, methods="POST")
def binding_report_again(request: SignedInRequest, accepted: tuple[Binding, Version]) -> HttpResponse:
    """Have that report written again, with what is granted and declared now."""
    binding, version = accepted
    actions.request_report(version, by=request.user)
    messages.success(request, _("Generating the report again."))
    return redirect("reviews:binding_report", binding.pk, version.number)


@route(Permission.DECIDE, load=open_binding_for)
def binding_files(request: SignedInRequest, accepted: tuple[Binding, Version]) -> HttpResponse:
    """All files of that version."""
    context = of_binding(*accepted)
    return render(request, "reviews/changes.html", context | tree(request.GET, context["version"], None))


@route(Permission.DECIDE, load=open_binding_for)
def binding_file(request: SignedInRequest, accepted: tuple[Binding, Version]) -> HttpResponse:
    """One of them."""
    return file_page(request, accepted[1], None, of_binding(*accepted), template="reviews/file.html")


@route(Permission.DECIDE, load=open_binding_for)  # type: ignore[arg-type]  # a streaming response
def binding_package(request: SignedInRequest, accepted: tuple[Binding, Version]) -> Download:
    """The canonical bytes of that version: what the application's devices get; each download is on record (P-5)."""
    binding, version = accepted
    return _package(request, version, back=of_binding(binding, version)["decision_url"])


def of_binding(binding: Binding, version: Version) -> dict[str, Any]:
    """Return what every page on a version needs that comes with a binding: no other is that reviewer's."""
    names = [binding.pk, version.number]
    return {
        "decision": binding,
        "application": binding.application,
        "program": binding.mini_program,
        "version": version,
        "package": version.package,
        "compares": False,
        "decision_url": f"{binding.get_absolute_url()}?version={version}",
        "report_url": reverse("reviews:binding_report", args=names),
        "changes_url": reverse("reviews:binding_files", args=names),
        "file_url": reverse("reviews:binding_file", args=names),
        "package_url": reverse("reviews:binding_package", args=names),
        "again_url": reverse("reviews:binding_report_again", args=names),
        **shown(querysets.reports_with(binding, version), [binding.application]),
    }


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
        "decision_url": decision.get_absolute_url(),
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
