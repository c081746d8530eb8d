"""The inbox, and the pages on which reviewers decide."""

from __future__ import annotations

from collections.abc import Collection, Sequence
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
from console.base.core.errors import ActionRefused, Conflict
from console.base.core.pages import form_page, posted
from console.base.hosts.models import Decision, HostApplication
from console.base.hosts.rules import why_not_decide, why_not_own
from console.base.hosts.states import DecisionState
from console.reviews import querysets
from console.reviews.access import binding_for, exemption_for, permission_for
from console.reviews.filters import InboxFilter
from console.reviews.forms import APPROVE, BindingDecisionForm, DecisionForm, GrantDecisionForm, TogetherForm
from console.reviews.views.code import of_binding, of_decision, report_shown, tree_shown
from devmgmt import actions as devmgmt
from devmgmt import submissions
from devmgmt.models import ApiPermission, DomainExemption, ProgramGrant
from devmgmt.states import DomainType
from miniprograms.models import Binding
from releases import actions as releases
from releases import rules
from releases.access import review_for
from releases.actions.binding import decide_binding
from releases.models import ReviewDecision, Version
from releases.states import Accepted

FILES_SHOWN = 200
OTHERS_SHOWN = 20


@route(Permission.SIGNED_IN)
def inbox(request: SignedInRequest) -> HttpResponse:
    """Every request of the applications in which the user decides."""
    filters = InboxFilter(request)
    line = querysets.in_line(filters.shown, order=filters.order)  # of several tables: no page_of
    page = Paginator(line, settings.PAGE_SIZE).get_page(request.GET.get("page"))
    lines = querysets.item_lines(list(page.object_list))
    context = {
        "filter": filters,
        "page": page,
        "lines": lines,
        "selectable": {line.decision.pk for line in lines if _can_be_selected(line, request.user)},
        "own": [line.decision for line in lines if line.decision.is_own_of(request.user)],
        "buttons": [(reverse("reviews:approve_selected"), {"label": _("Approve"), "icon": "checks"})],
        "reviews": HostApplication.objects.where(request.user, Permission.DECIDE).exists(),
    }
    return render(request, "reviews/inbox.html", context)


def _can_be_selected(line: querysets.Line, user: User) -> bool:
    """Whether it can be approved from the list: an API, which has no more to read than the list shows (P-2)."""
    return line.kind == querysets.PERMISSION and not why_not_decide(line.decision, by=user)


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
    if decision.state == DecisionState.WITHDRAWN:  # Taken back, the code is the other team's alone.
        context["why_withdrawn"] = rules.why_withdrawn(decision, bound=context["compares"])
    else:
        context |= _code(request, decision, bound=context["compares"])
    return _decide(request, decision, releases.decide, template="reviews/audit.html", **context)


def _code(request: SignedInRequest, decision: ReviewDecision, *, bound: bool) -> dict[str, Any]:
    """Return the report and the files that differ, as they are beside the decision (V-9)."""
    tree = tree_shown(request, decision, bound=bound)
    comparison = tree["comparison"]
    return {**report_shown(decision), **tree, "too_many": bool(comparison and comparison.total > FILES_SHOWN)}


@route(Permission.DECIDE, load=binding_for, methods="GET POST", sudo=True)
def binding(request: SignedInRequest, decision: Binding) -> HttpResponse:
    """Decide a binding (L-6); `?version=` is the one to look at of those that its approval accepts (V-18)."""
    accepted = list(querysets.accepted_with(decision))
    asked = [version for version in accepted if version.number == request.GET.get("version")]
    form = BindingDecisionForm(posted(request), accepted=accepted)

    def verb(*args: Any, **kwargs: Any) -> Binding:
        try:
            return decide_binding(*args, **kwargs)
        except Conflict:
            form.show_conflict()
            raise

    context = {
        "program": decision.mini_program,
        "live": decision.is_live,
        "accepted": accepted,
        "online": next(iter(_accepted_as(Accepted.ONLINE, accepted)), None),
        "ahead": _accepted_as(Accepted.AHEAD, accepted),
        "earlier": _accepted_as(Accepted.EARLIER, accepted),
    }
    context |= of_binding(decision, (asked or accepted)[0]) if accepted else {}
    return _decide(request, decision, verb, form, template="reviews/binding.html", **context)


def _accepted_as(kind: Accepted, versions: list[Version]) -> list[Version]:
    return [version for version in versions if version.accepted_as == kind]  # type: ignore[attr-defined]  # annotated


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
    """Decide whether a program may call a restricted API (D-3), or the APIs that were requested together."""
    together = querysets.submission_of(decision)
    if len(together) > 1:
        return _permissions(request, decision, together)
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


def _permissions(request: SignedInRequest, decision: ApiPermission, together: list[ApiPermission]) -> HttpResponse:
    """Show what was requested together; on POST decide each in one transaction, and go on to what waits next (D-3)."""
    user, application = request.user, decision.application
    waiting = any(permission.state == DecisionState.WAITING for permission in together)

    def save(data: dict[str, Any]) -> list[ApiPermission]:
        try:
            return devmgmt.decide_together(data["rulings"], by=user, until=data["until"])
        except ActionRefused:
            querysets.read_again(together)  # Nothing of it was saved, and someone else may have been first.
            raise

    def success(decided: list[ApiPermission]) -> tuple[str, str]:
        return f"{submissions.counts(decided)}.", _next(user, left={permission.pk for permission in together})

    form = TogetherForm(posted(request), permissions=together)
    apis = {api.name: api for api in application.apis.filter(name__in=[permission.api for permission in together])}
    return form_page(
        request,
        form,
        save=save,
        success=success,
        template="reviews/permissions.html",
        program=decision.mini_program,
        application=application,
        decision=decision,
        title=submissions.asks(together),
        together=together,
        rows=form.rows(apis),
        waiting=waiting,
        why_not=why_not_own(decision, by=user) if waiting else "",
        bound=querysets.is_bound(decision.mini_program, application),
        others=_others(decision, without=together),
    )


def _others(grant: ProgramGrant, *, without: Sequence[ProgramGrant] = ()) -> list[querysets.Line]:
    """Return what else the program asked of this application: what waits first, then the newest."""
    requests = {
        kind: rows.filter(mini_program=grant.mini_program)
        for kind, rows in querysets.grants_of(grant.application).items()
    }
    own, shown = type(grant), [grant.pk, *(other.pk for other in without)]
    kept = {kind: rows.exclude(pk__in=shown) if rows.model is own else rows for kind, rows in requests.items()}
    return querysets.lines(list(querysets.in_line(kept, closed=querysets.ENDED)[:OTHERS_SHOWN]))


def _decide(
    request: SignedInRequest, decision: Decision, verb: Any, form: DecisionForm | None = None, /, **context: Any
) -> HttpResponse:
    """Show a request with its decision card; on POST run `verb` and go on to what waits next, or to the inbox."""
    user: User = request.user
    form = form or (GrantDecisionForm if isinstance(decision, ProgramGrant) else DecisionForm)(posted(request))

    def save(data: dict[str, Any]) -> Decision:
        own = {name: data[name] for name in ("until", "seen") if name in data}
        decided: Decision = verb(decision, approve=data["decision"] == APPROVE, by=user, note=data["note"], **own)
        return decided

    def success(decided: Decision) -> tuple[str, str]:
        words = {"subject": decided.subject(), "state": decided.get_state_display().lower()}
        return _("%(subject)s: %(state)s.") % words, _next(user)

    is_granted = isinstance(decision, ProgramGrant) and decision.shown_state == "granted"
    return form_page(
        request,
        form,
        save=save,
        success=success,
        why_not=why_not_decide(decision, by=user),
        may_revoke=is_granted and Permission.EDIT_APPLICATION in decision.application.held,  # type: ignore[attr-defined]
        **{"decision": decision, "application": decision.application, **context},
    )


def _next(user: User, *, left: Collection[int] = ()) -> str:
    """Return the page of what waits next for the user, without the interface permissions `left`; else the inbox."""
    waiting = dict(querysets.waiting_for(user))
    waiting[querysets.PERMISSION] = waiting[querysets.PERMISSION].exclude(pk__in=left)
    lines = querysets.lines(list(querysets.in_line(waiting)[:1]))
    return lines[0].decision.get_absolute_url() if lines else reverse("reviews:list")
