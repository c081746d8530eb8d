"""A program's interface permissions in the applications that it is bound to (D-3)."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import ngettext

from console.base.accounts.access import SignedInRequest, route
from console.base.accounts.permissions import Permission, lacking
from console.base.core.filters import ranked
from console.base.core.pages import form_page, page_of, posted
from console.base.hosts.models import HostApplication
from console.base.hosts.states import DecisionState
from devmgmt import actions, rules, submissions
from devmgmt.filters import STANDS, PermissionFilter
from devmgmt.forms.permissions import PermissionsForm
from devmgmt.models import ApiPermission
from devmgmt.querysets import EXPIRED
from devmgmt.states import SHOWN_PAST
from miniprograms.access import mini_program_for
from miniprograms.models import MiniProgram

PEOPLE = ("application", "requested_by", "decided_by", "ended_by", "renews")


@route(Permission.VIEW, load=mini_program_for)
def permissions(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """What one bound application restricts, and the program's permissions; below, all requests of the past."""
    bound = list(program.bindings.bound().applications())
    named = request.GET.get("application", "")
    application = _chosen(bound, "" if named in _left(program) else named)
    requests = ApiPermission.objects.filter(mini_program=program).select_related(*PEOPLE)
    past = requests.closed()
    askable = submissions.askable(program, application).count() if application else 0
    missing = lacking(program.held, Permission.DEVELOP)
    context = {
        "mini_program": program,
        "bound": bound,
        "chosen": application,
        "missing": missing,
        "needs": Permission.DEVELOP,
        "why_not_apply": missing or rules.why_not_apply_for_permissions(program, application, askable=askable),
        "past": past[:SHOWN_PAST],
        "past_count": past.count(),
        "shown_past": SHOWN_PAST,
    }
    if application:
        query = {"application": application.application_id}
        context["apply_url"] = reverse("devmgmt:apply_for_permissions", args=[program.app_id], query=query)
        context["all_url"] = reverse("devmgmt:permissions", args=[program.app_id], query=query)
        context |= _list(request, program, application)
    return render(request, "devmgmt/permissions.html", context)


def _chosen(bound: list[HostApplication], application_id: str) -> HostApplication | None:
    """Return the bound application that the URL names, or the first; 404 for any other (P-1)."""
    if not application_id:
        return bound[0] if bound else None
    for application in bound:
        if application.application_id == application_id:
            return application
    raise Http404


def _left(program: MiniProgram) -> set[str]:
    """Return the applications that the program is not bound to any more: notifications still lead to their lists."""
    bound = program.bindings.bound().values("application")
    ended = program.bindings.filter(state=DecisionState.ENDED).exclude(application__in=bound)
    return set(ended.values_list("application__application_id", flat=True))


def _list(request: SignedInRequest, program: MiniProgram, application: HostApplication) -> dict[str, Any]:
    """Return what one application restricts, with the program's newest request for each."""
    own = ApiPermission.objects.filter(mini_program=program, application=application)
    own = own.annotate(now=Case(When(EXPIRED, then=Value(DecisionState.ENDED)), default="state"))
    # What waits says most, then what is granted: a renewal that was rejected leaves the grant in force.
    says_most = Case(When(now=DecisionState.WAITING, then=0), When(now=DecisionState.APPROVED, then=1), default=2)
    newest = own.filter(api=OuterRef("name")).order_by(says_most, "-pk")
    apis = application.apis.annotate(
        stands=Coalesce(Subquery(newest.values("now")[:1]), Value("")), newest=Subquery(newest.values("pk")[:1])
    )
    listed = apis.filter(Q(restricted=True) | Q(name__in=own.live().values("api")))
    filters = PermissionFilter(request.GET, listed.order_by(ranked("stands", STANDS), "name"), request=request)
    page = page_of(request, filters.rows, count=filters.count)
    found = own.select_related(*PEOPLE).in_bulk([api.newest for api in page.object_list if api.newest])
    return {
        "filter": filters,
        "page": page,
        "rows": [(api, found.get(api.newest)) for api in page.object_list],
        "total": submissions.apis(filters.count),
        "restricts": application.apis.filter(restricted=True).exists(),
        "gone": own.live().exclude(api__in=application.apis.values("name")).select_related(*PEOPLE),
    }


def _reason_before(program: MiniProgram, application: HostApplication, apis: list[str]) -> str:
    """Return why the first of these was asked for last time, to ask again with the same words."""
    own = ApiPermission.objects.approved().filter(mini_program=program, application=application, api__in=apis)
    return own.values_list("reason", flat=True).first() or ""


@route(Permission.DEVELOP, load=mini_program_for, methods="GET POST")
def apply(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """Ask one application for restricted APIs, with one reason; `?api=` ticks those that it names."""
    bound = list(program.bindings.bound().applications())
    application = _chosen(bound, request.GET.get("application", ""))
    if application is None:
        return redirect("devmgmt:permissions", program.app_id)
    query = {"application": application.application_id}
    back = reverse("devmgmt:permissions", args=[program.app_id], query=query)
    apis = list(submissions.askable(program, application))
    if request.method == "GET" and rules.why_not_apply_for_permissions(program, application, askable=len(apis)):
        return redirect(back)
    named = [api.name for api in apis if api.name in request.GET.getlist("api")]
    reason = _reason_before(program, application, named) if named else ""
    return form_page(
        request,
        PermissionsForm(posted(request), apis=apis, initial={"apis": named, "reason": reason}),
        save=lambda data: actions.apply_for_permissions(program, application=application, by=request.user, **data),
        success=lambda asked: (_asked(application, asked), back),
        template="devmgmt/permissions_form.html",
        cancel=back,
        mini_program=program,
        chosen=application,
    )


def _asked(application: HostApplication, asked: list[ApiPermission]) -> str:
    words = ngettext(
        "Requested %(count)d API from %(application)s. Its reviewers will decide.",
        "Requested %(count)d APIs from %(application)s. Its reviewers decide on each one.",
        len(asked),
    )
    return words % {"application": application, "count": len(asked)}
