"""The inbox, the pages on which reviewers decide, and the applications with what is bound to them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from console.accounts.access import SignedInRequest, route
from console.accounts.models import Team, User
from console.accounts.permissions import ApplicationRole, Permission, lacking
from console.core.pages import NoteForm, form_page, page_of, posted
from console.hosts.access import application_for
from console.hosts.actions import why_not_decide
from console.hosts.models import Decision, HostApplication
from console.hosts.states import DecisionState
from console.reviews import querysets
from console.reviews.access import binding_for, bound_program_for
from console.reviews.comparison import Comparison, compare
from console.reviews.filters import ApplicationFilter, BoundProgramFilter, InboxFilter
from console.reviews.forms import APPROVE, DecisionForm
from miniprograms import actions as miniprograms
from miniprograms.models import Binding
from releases import actions as releases
from releases.access import review_for
from releases.models import ReviewDecision, Version
from releases.states import VersionState

FILES_SHOWN = 200


@route(Permission.SIGNED_IN)
def inbox(request: SignedInRequest) -> HttpResponse:
    """Every request of the applications in which the user decides."""
    filters = InboxFilter(request)
    line = querysets.in_line(filters.shown)  # of two tables: no page_of
    page = Paginator(line, settings.PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "filter": filters,
        "page": page,
        "lines": querysets.lines(list(page.object_list)),
        "reviews": HostApplication.objects.where(request.user, Permission.DECIDE).exists(),
    }
    return render(request, "reviews/inbox.html", context)


@route(Permission.DECIDE, load=review_for, methods="GET POST", sudo=True)
def audit(request: SignedInRequest, decision: ReviewDecision) -> HttpResponse:
    """Decide a version audit for one application (V-10)."""
    version = decision.audit.version
    program = version.mini_program
    # What came online since is no business of an application that the program is not bound to any more.
    bound = program.bindings.bound().filter(application=decision.application).exists()
    online = program.versions.online().select_related("package").exclude(pk=version.pk).first() if bound else None
    was_online = version.state in (VersionState.ONLINE, VersionState.RETIRED)
    comparison = None if was_online else compare(version.package, online.package if online else None)
    others = decision.audit.decisions.exclude(pk=decision.pk)
    known = others.filter(application__in=HostApplication.objects.visible_to(request.user))
    return _decide(
        request,
        decision,
        releases.decide,
        template="reviews/audit.html",
        audit=decision.audit,
        program=program,
        version=version,
        package=version.package,
        others=known.select_related("application", "decided_by"),
        elsewhere=others.exclude(pk__in=known).count(),
        online=online,
        comparison=comparison,
        file_groups=_file_groups(comparison) if comparison else [],
    )


def _file_groups(comparison: Comparison) -> list[dict[str, Any]]:
    """Return what differs as the page lists it; a long list is cut."""
    groups = (
        (_("Changed"), "file-diff", comparison.changed),
        (_("Added"), "file-plus", comparison.added),
        (_("Removed"), "file-minus", comparison.removed),
    )
    return [
        {
            "label": label,
            "icon": icon,
            "count": len(files),
            "files": files[:FILES_SHOWN],
            "more": max(len(files) - FILES_SHOWN, 0),
        }
        for label, icon, files in groups
        if files
    ]


@route(Permission.DECIDE, load=binding_for, methods="GET POST", sudo=True)
def binding(request: SignedInRequest, decision: Binding) -> HttpResponse:
    """Decide a binding (L-6)."""
    program = decision.mini_program
    live = decision.state in (DecisionState.WAITING, DecisionState.APPROVED)
    online = program.versions.online().select_related("package").first() if live else None
    approved = program.versions.approved().overtaking(Version.objects.online()).first() if live else None
    return _decide(
        request,
        decision,
        miniprograms.decide_binding,
        template="reviews/binding.html",
        program=program,
        online=online,
        approved=approved,
        package=online.package if online else None,
    )


def _decide(request: SignedInRequest, decision: Decision, verb: Any, **context: Any) -> HttpResponse:
    """Show a request with its decision card; on POST run `verb` and return to the inbox."""
    user: User = request.user

    def success(decided: Decision) -> tuple[str, str]:
        words = {"subject": decided.subject(), "state": decided.get_state_display().lower()}
        return _("%(subject)s: %(state)s.") % words, reverse("reviews:list")

    return form_page(
        request,
        DecisionForm(posted(request)),
        save=lambda data: verb(decision, approve=data["decision"] == APPROVE, by=user, note=data["note"]),
        success=success,
        decision=decision,
        application=decision.application,
        why_not=why_not_decide(decision, by=user),
        **context,
    )


@route(Permission.DECIDE, load=review_for)  # type: ignore[arg-type]  # a streaming response
def package(request: SignedInRequest, decision: ReviewDecision) -> FileResponse:
    """The canonical bytes of the version in audit: what would be served (V-6); each download is on record (P-5)."""
    if decision.state == DecisionState.WITHDRAWN:
        raise Http404  # Taken back: the code is the other team's alone.
    version = decision.audit.version
    response = FileResponse(
        releases.export_package(decision, by=request.user).file.open("rb"),
        as_attachment=True,
        filename=f"{version.mini_program.app_id}_{version}.apkg",
        content_type="application/octet-stream",
    )
    response["Cache-Control"] = "no-store"
    return response


@route(Permission.SIGNED_IN)
def applications(request: SignedInRequest) -> HttpResponse:
    """The applications of the user's teams."""
    user: User = request.user
    filters = ApplicationFilter(request, HostApplication.objects.visible_to(user))
    page = page_of(request, querysets.with_counts(filters.qs.select_related("team"), user))
    for application in page:
        role = application.own_role
        application.own_role_label = ApplicationRole(role).label if role else ""
    administers = Team.objects.where(user, Permission.ADMINISTER).exists()
    held = frozenset({Permission.ADMINISTER} if administers else ())
    context = {
        "filter": filters,
        "page": page,
        "why_not_create": lacking(held, Permission.ADMINISTER),
    }
    return render(request, "reviews/applications.html", context)


@route(Permission.VIEW_APPLICATION, load=application_for)
def programs(request: SignedInRequest, application: HostApplication) -> HttpResponse:
    """The mini programs that the application serves."""
    rows = application.bindings.bound().select_related("mini_program__team", "decided_by")
    filters = BoundProgramFilter(request.GET, rows.order_by("-decided_at", "-pk"))
    context = {
        "application": application,
        "filter": filters,
        "page": page_of(request, filters.qs),
        "why_not_remove": lacking(application.held, Permission.EDIT_APPLICATION),  # type: ignore[attr-defined]
    }
    return render(request, "reviews/programs.html", context)


@route(Permission.EDIT_APPLICATION, load=bound_program_for, methods="GET POST", sudo=True)
def remove_program(request: SignedInRequest, binding: Binding) -> HttpResponse:
    """End a binding from the application's side (L-6)."""
    program, application = binding.mini_program, binding.application
    effects = [
        ("device-mobile-off", _("Devices of %(application)s no longer get it.") % {"application": application}),
        ("message", _("%(team)s is told, with the reason.") % {"team": program.team}),
    ]
    if program.in_audit_number:
        effects.append(
            (
                "clipboard-check",
                _("The audit of %(number)s goes on without %(application)s.")
                % {"number": program.in_audit_number, "application": application},
            )
        )
    back = reverse("hosts:programs", args=[application.application_id])
    return form_page(
        request,
        NoteForm(posted(request), needed=True, help_text=_("The mini program’s team reads it.")),
        save=lambda data: miniprograms.remove_from_application(binding, by=request.user, reason=data["note"]),
        success=lambda _binding: (_("%(program)s is removed.") % {"program": program}, back),
        template="core/confirm.html",
        application=application,
        title=_("Remove %(program)s from %(application)s?") % {"program": program, "application": application},
        change=[(_("Served now"), program.online_number or _("Nothing yet")), (_("After this"), _("Nothing"))],
        effects=effects,
        verb=_("Remove mini program"),
        danger=True,
        cancel=back,
    )
