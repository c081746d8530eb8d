"""The pages of version management."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Page
from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.base.accounts.access import SignedInRequest, held_by_team, route
from console.base.accounts.models import User
from console.base.accounts.permissions import Permission, lacking
from console.base.activity.rehearsal import Follows
from console.base.core.errors import ActionRefused, Conflict
from console.base.core.pages import NoteForm, confirm_page, form_page, page_of, posted, show
from console.base.core.sheets import is_asked, sheet
from console.base.hosts.states import DecisionState
from miniprograms.access import mini_program_for
from miniprograms.models import MiniProgram
from miniprograms.views import programs_page
from releases import actions, rules
from releases.access import audit_for, version_for
from releases.filters import DECISION_ORDER, VERSION_ORDER, AuditFilter, OverviewFilter, UploadFilter
from releases.forms import PublishForm, RollBackForm, UploadForm
from releases.inspection import PackageRefused
from releases.models import Audit, Release, ReviewDecision, Version
from releases.presenters.consequences import Consequences
from releases.presenters.versions import Overview, overview_of, overviews
from releases.sheets import DECISIONS, IN_SHEET, VERSIONS

SHOWN_RELEASES = 7
SHOWN_AUDITS = 6


@route(Permission.SIGNED_IN)
def overview(request: SignedInRequest) -> HttpResponse:
    """All my programs: online, audit, development, possible now (V-8)."""
    held = held_by_team(request.user)

    def summaries(programs: Iterable[MiniProgram]) -> list[Overview]:
        rows = overviews(programs)
        for row in rows:
            row.may = _may(held[row.program.team_id])
        return rows

    creates = any(Permission.MANAGE in permissions for permissions in held.values())
    filters = OverviewFilter(request)
    if is_asked(request):
        rows = Version.objects.light().filter(mini_program__in=filters.rows.order_by().values("pk"))
        rows = VERSION_ORDER.filter(rows.select_related(*IN_SHEET), filters.order)
        newest_first = rows.order_by(*rows.query.order_by, "-major", "-minor", "-patch")
        return sheet(request, newest_first, VERSIONS, name="versions")
    return programs_page(
        request,
        "releases/overview.html",
        filters,
        summaries=summaries,
        csv=_("Download all versions as CSV"),
        in_a_team=bool(held),
        why_not_create="" if creates else lacking(frozenset(), Permission.MANAGE),
    )


def _total(page: Page, words: str) -> str:
    return words % {"count": page.paginator.count}


@route(Permission.VIEW, load=mini_program_for)
def versions(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """One program: the three cards, release history and audit records (V-8, V-11, V-15)."""
    releases = program.releases.select_related("from_version", "to_version", "by")
    audits = program.audits.select_related("version", "submitted_by").prefetch_related("decisions__application")
    context = {
        "mini_program": program,
        "overview": overview_of(program),
        "releases": releases[:SHOWN_RELEASES],
        "release_count": releases.count(),
        "shown_releases": SHOWN_RELEASES,
        "audits": audits[:SHOWN_AUDITS],
        "audit_count": audits.count(),
        "may": _may(program.held),
    }
    return render(request, "releases/versions.html", context)


def _may(held: frozenset[Permission]) -> dict[str, str]:
    """Why the user's role may not: for the actions of a program's pages."""
    return {"not_upload": lacking(held, Permission.UPLOAD), "not_manage": lacking(held, Permission.MANAGE)}


@route(Permission.UPLOAD, load=mini_program_for, methods="GET POST")
def upload(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """New version: all findings together, what was typed is kept (V-1 to V-6)."""
    form = UploadForm(posted(request), request.FILES or None, program=program)

    def save(data: dict[str, Any]) -> Version:
        try:
            version = actions.upload(program, by=request.user, **data)
        except PackageRefused as refused:
            form.inspection = refused.inspection
            raise
        if warning := rules.warn_below(version, program.versions.online().first()):
            messages.warning(request, warning)
        return version

    applications = list(program.bindings.bound().applications())
    return form_page(
        request,
        form,
        save=save,
        success=lambda version: _uploaded(request, version),
        template="releases/upload.html",
        upload=True,
        cancel=_versions_url(program),
        mini_program=program,
        applications=applications,
        asked=program.asked_applications(),
        may_submit=applications and not program.in_audit_number,
    )


def _uploaded(request: SignedInRequest, version: Version) -> tuple[str, str]:
    """Return what to say of a new version, and its page; submit it, where that was asked for."""
    words = _("%(number)s uploaded and checked.")
    if "audit" in request.POST:
        if reason := _not_submitted(version, by=request.user):
            messages.warning(request, reason)
        else:
            words = _("%(number)s uploaded, checked and submitted for audit. The reviewers have been notified.")
    return words % {"number": version}, reverse("releases:detail", args=[version.mini_program.app_id, version.number])


def _not_submitted(version: Version, *, by: User) -> str:
    """Submit what was uploaded a moment ago; returns why not, where somebody should look first or the verb refuses."""
    if doubts := len(version.doubts):
        return ngettext(
            "%(number)s has not been submitted. Read its warning first.",
            "%(number)s has not been submitted. Read its %(count)d warnings first.",
            doubts,
        ) % {"number": version, "count": doubts}
    try:
        actions.submit(version, by=by)
    except ActionRefused as refused:
        return refused.message
    return ""


def _versions_url(program: MiniProgram) -> str:
    return reverse("releases:versions", args=[program.app_id])


@route(Permission.VIEW, load=mini_program_for)
def uploads(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """Every version of the program, highest number first."""
    filters = UploadFilter(request.GET, program.versions.light().select_related("uploaded_by"), request=request)
    if is_asked(request):
        rows = filters.qs.select_related(*IN_SHEET)
        return sheet(request, rows, VERSIONS, name=f"versions-{program.app_id}")
    page = page_of(request, filters.qs)
    total = _total(page, ngettext("%(count)d version", "%(count)d versions", page.paginator.count))
    context = {"mini_program": program, "filter": filters, "page": page, "total": total, "may": _may(program.held)}
    return render(request, "releases/uploads.html", context)


@route(Permission.VIEW, load=mini_program_for)
def history(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """Every publish and roll back (V-15)."""
    page = page_of(request, program.releases.select_related("from_version", "to_version", "by"))
    total = _total(page, ngettext("%(count)d release", "%(count)d releases", page.paginator.count))
    return render(request, "releases/history.html", {"mini_program": program, "page": page, "total": total})


@route(Permission.VIEW, load=mini_program_for)
def audits(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """Every submission (V-11)."""
    decisions = ReviewDecision.objects.select_related("application", "decided_by")
    rows = program.audits.select_related("version", "submitted_by")
    filters = AuditFilter(request.GET, rows.prefetch_related(Prefetch("decisions", decisions)), request=request)
    if is_asked(request):
        of_program = DECISION_ORDER.filter(decisions.filter(audit__mini_program=program), filters.order)
        loaded = of_program.select_related("audit__version", "audit__submitted_by", "application", "decided_by")
        return sheet(request, loaded, DECISIONS, name=f"audits-{program.app_id}")
    page = page_of(request, filters.qs)
    total = _total(page, ngettext("%(count)d audit record", "%(count)d audit records", page.paginator.count))
    context = {"mini_program": program, "filter": filters, "page": page, "total": total}
    return render(request, "releases/audits.html", context)


@route(Permission.VIEW, load=audit_for)
def audit(request: SignedInRequest, audit: Audit) -> HttpResponse:
    """One audit record: what was submitted, who decided what (V-11)."""
    program = audit.mini_program
    context = {
        "mini_program": program,
        "audit": audit,
        "decisions": audit.decisions.select_related("application", "decided_by"),
        "why_not_withdraw": lacking(program.held, Permission.UPLOAD) or rules.why_not_withdraw(audit.version),
    }
    return render(request, "releases/audit.html", context)


@route(Permission.VIEW, load=version_for)
def detail(request: SignedInRequest, version: Version) -> HttpResponse:
    """One version: its package, its warnings, its way so far, and what can be done with it now."""
    program = version.mini_program
    online = program.versions.online().first()
    rejections = ReviewDecision.objects.filter(audit__version=version, state=DecisionState.REJECTED)
    context = {
        "mini_program": program,
        "version": version,
        "rejections": rejections.select_related("application", "decided_by"),
        "audits": version.audits.select_related("submitted_by").prefetch_related("decisions__application"),
        "releases": version.releases.select_related("from_version", "by"),
        "why_not_submit": lacking(program.held, Permission.UPLOAD)
        or rules.why_not_submit(
            program, version, bound=program.bindings.bound().count(), asked=program.asked_applications()
        ),
        "may_not_manage": lacking(program.held, Permission.MANAGE),
        "why_not_publish": lacking(program.held, Permission.MANAGE)
        or rules.why_not_publish(program, version, online=online),
    }
    return render(request, "releases/detail.html", context)


@route(Permission.UPLOAD, load=version_for, methods="GET POST")
def submit(request: SignedInRequest, version: Version) -> HttpResponse:
    """Submit for audit: who will decide (V-9)."""
    program = version.mini_program
    applications = list(program.bindings.bound().applications())
    return confirm_page(
        request,
        forms.Form(posted(request)),
        template="releases/confirm/submit.html",
        impossible=rules.why_not_submit(program, version, bound=len(applications), asked=program.asked_applications()),
        save=lambda data: actions.submit(version, by=request.user),
        toast=lambda audit: _("%(number)s is in audit. The reviewers have been notified.") % {"number": version},
        back=_versions_url(program),
        mini_program=program,
        version=version,
        applications=applications,
        warning=rules.warn_below(version, program.versions.online().first()),
    )


@route(Permission.UPLOAD, load=version_for, methods="GET POST")
def withdraw(request: SignedInRequest, version: Version) -> HttpResponse:
    """Take a version back from the reviewers (V-10)."""
    program = version.mini_program
    return confirm_page(
        request,
        NoteForm(posted(request)),
        template="releases/confirm/withdraw.html",
        impossible=rules.why_not_withdraw(version),
        save=lambda data: actions.withdraw(version, by=request.user, reason=data["note"]),
        toast=lambda audit: _("%(number)s withdrawn.") % {"number": version},
        back=_versions_url(program),
        mini_program=program,
        version=version,
    )


@route(Permission.MANAGE, load=version_for, methods="GET POST", sudo=True)
def publish(request: SignedInRequest, version: Version) -> HttpResponse:
    """Publish: what every device will get, and whether it is wise (V-12, G-13)."""
    program = version.mini_program
    online = program.versions.online().first()
    doubts = actions.doubts_about(version)
    applications = list(program.bindings.bound().applications())
    consequences = Consequences(program, version, online, applications, timezone.now())
    return confirm_page(
        request,
        PublishForm(posted(request), doubts=doubts, meet=consequences.meet if doubts else None),
        template="releases/confirm/publish.html",
        impossible=rules.why_not_publish(program, version, online=online),
        save=lambda data: actions.publish(
            version, by=request.user, note=data["note"], anyway=data.get("anyway", False)
        ),
        toast=lambda release: _("%(number)s is online.") % {"number": version},
        back=_versions_url(program),
        mini_program=program,
        version=version,
        online=online,
        consequences=consequences,
        doubts=doubts,
        follows=Follows(lambda: actions.publish(version, by=request.user, anyway=True, note="-")),
    )


@route(Permission.MANAGE, load=mini_program_for, methods="GET POST", sudo=True)
def roll_back(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """Roll back: which release, and what every device will get (V-13).

    The page describes the chosen release; `?version=` is what is chosen so far.
    """
    now = overview_of(program)
    if request.method == "POST" and (reason := now.why_no_longer_roll_back):
        context = {"mini_program": program, "reason": reason, "cancel": _versions_url(program)}
        return show(request, "releases/confirm/not_rolled_back.html", context, status=422)
    seen = {"seen": now.online.pk if now.online else 0}
    form = RollBackForm(posted(request), program=program, chosen=request.GET.get("version", ""), initial=seen)
    target = form.chosen

    def save(data: dict[str, Any]) -> Release:
        try:
            return actions.roll_back(data["version"], by=request.user, note=data["note"], seen=data["seen"])
        except Conflict:
            if now.online:
                form.show_conflict(now.online)
            raise

    return confirm_page(
        request,
        form,
        template="releases/confirm/roll_back.html",
        impossible=now.why_not_roll_back,
        save=save,
        toast=lambda release: _("Rolled back: %(number)s is online.") % {"number": release.to_version},
        back=_versions_url(program),
        mini_program=program,
        version=target,
        online=now.online,
        consequences=target and Consequences(program, target, now.online, now.applications, timezone.now()),
        follows=target and Follows(lambda: actions.roll_back(target, by=request.user)),
    )
