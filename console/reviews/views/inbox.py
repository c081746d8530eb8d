"""The inbox, and the pages on which reviewers decide."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from console.base.accounts.access import SignedInRequest, route
from console.base.accounts.models import User
from console.base.accounts.permissions import Permission
from console.base.core.pages import form_page, posted
from console.base.hosts.models import Decision, HostApplication
from console.base.hosts.rules import why_not_decide
from console.base.hosts.states import DecisionState
from console.reviews import querysets
from console.reviews.access import binding_for, exemption_for, permission_for
from console.reviews.filters import InboxFilter
from console.reviews.forms import APPROVE, DecisionForm
from console.reviews.views.code import of_binding, of_decision, report_shown, tree_shown
from devmgmt import actions as devmgmt
from devmgmt.models import ApiPermission, DomainExemption, ProgramGrant
from devmgmt.states import DomainType
from miniprograms import actions as miniprograms
from miniprograms.models import Binding
from releases import actions as releases
from releases.access import review_for
from releases.models import ReviewDecision, Version

FILES_SHOWN = 200
OTHERS_SHOWN = 20


@route(Permission.SIGNED_IN)
def inbox(request: SignedInRequest) -> HttpResponse:
    """Every request of the applications in which the user decides."""
    filters = InboxFilter(request)
    line = querysets.in_line(filters.shown)  # of several tables: no page_of
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
    others = decision.audit.decisions.exclude(pk=decision.pk)
    known = others.filter(application__in=HostApplication.objects.visible_to(request.user))
    context = {
        **of_decision(decision),
        "package": version.package,
        "others": known.select_related("application", "decided_by"),
        "elsewhere": others.exclude(pk__in=known).count(),
    }
    if decision.state != DecisionState.WITHDRAWN:  # Taken back, the code is the other team's alone.
        context |= _code(request, decision, bound=context["compares"])
    return _decide(request, decision, releases.decide, template="reviews/audit.html", **context)


def _code(request: SignedInRequest, decision: ReviewDecision, *, bound: bool) -> dict[str, Any]:
    """Return the report and the files that differ, as they stand beside the decision (V-9)."""
    tree = tree_shown(request, decision, bound=bound)
    comparison = tree["comparison"]
    return {**report_shown(decision), **tree, "too_many": bool(comparison and comparison.total > FILES_SHOWN)}


@route(Permission.DECIDE, load=binding_for, methods="GET POST", sudo=True)
def binding(request: SignedInRequest, decision: Binding) -> HttpResponse:
    """Decide a binding (L-6)."""
    program = decision.mini_program
    live = decision.state in (DecisionState.WAITING, DecisionState.APPROVED)
    online = program.versions.online().select_related("package").first() if live else None
    approved = program.versions.approved().overtaking(Version.objects.online()).first() if live else None
    accepted = program.versions.accepted_with_binding().first() if live else None
    context = {"program": program, "online": online, "approved": approved}
    context |= of_binding(decision, accepted) if accepted else {}
    return _decide(request, decision, miniprograms.decide_binding, template="reviews/binding.html", **context)


@route(Permission.DECIDE, load=exemption_for, methods="GET POST", sudo=True)
def exemption(request: SignedInRequest, decision: DomainExemption) -> HttpResponse:
    """Decide whether a program may skip domain verification (D-2)."""
    bound = querysets.is_bound(decision.mini_program, decision.application)
    # What a program calls is no business of an application that it is not bound to any more.
    domains = list(decision.mini_program.server_domains.all()) if bound else []
    by_kind = [(kind, [domain.origin for domain in domains if domain.kind == kind]) for kind in DomainType]
    return _decide(
        request,
        decision,
        devmgmt.decide,
        template="reviews/exemption.html",
        program=decision.mini_program,
        bound=bound,
        domains=[(kind, origins) for kind, origins in by_kind if origins],
        others=_others(decision),
    )


@route(Permission.DECIDE, load=permission_for, methods="GET POST", sudo=True)
def permission(request: SignedInRequest, decision: ApiPermission) -> HttpResponse:
    """Decide whether a program may call a restricted API (D-3)."""
    return _decide(
        request,
        decision,
        devmgmt.decide,
        template="reviews/permission.html",
        program=decision.mini_program,
        bound=querysets.is_bound(decision.mini_program, decision.application),
        api=decision.application.apis.filter(name=decision.api).first(),
        others=_others(decision),
    )


def _others(grant: ProgramGrant) -> list[querysets.Line]:
    """Return what else the program asked of this application: what waits first, then the newest."""
    requests = {
        kind: rows.filter(mini_program=grant.mini_program)
        for kind, rows in querysets.grants_of(grant.application).items()
    }
    own = type(grant)
    kept = {kind: rows.exclude(pk=grant.pk) if rows.model is own else rows for kind, rows in requests.items()}
    return querysets.lines(list(querysets.in_line(kept, closed=querysets.ENDED)[:OTHERS_SHOWN]))


def _decide(request: SignedInRequest, decision: Decision, verb: Any, /, **context: Any) -> HttpResponse:
    """Show a request with its decision card; on POST run `verb` and go on to what waits next, or to the inbox."""
    user: User = request.user

    def success(decided: Decision) -> tuple[str, str]:
        words = {"subject": decided.subject(), "state": decided.get_state_display().lower()}
        waiting = querysets.lines(list(querysets.in_line(querysets.waiting_for(user))[:1]))
        url = waiting[0].decision.get_absolute_url() if waiting else reverse("reviews:list")
        return _("%(subject)s: %(state)s.") % words, url

    return form_page(
        request,
        DecisionForm(posted(request)),
        save=lambda data: verb(decision, approve=data["decision"] == APPROVE, by=user, note=data["note"]),
        success=success,
        why_not=why_not_decide(decision, by=user),
        **{"decision": decision, "application": decision.application, **context},
    )
