"""The applications, and the mini programs that each of them serves."""

from __future__ import annotations

from copy import copy
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.base.accounts.access import SignedInRequest, route
from console.base.accounts.models import Team, User
from console.base.accounts.permissions import ApplicationRole, Permission, lacking
from console.base.activity.rehearsal import Follows
from console.base.core.pages import NoteForm, confirm_page, page_of, posted
from console.base.core.sheets import is_asked, sheet
from console.base.core.text import all_of
from console.base.hosts.access import application_for
from console.base.hosts.models import HostApplication
from console.reviews import querysets
from console.reviews.access import bound_program_for
from console.reviews.filters import ApplicationFilter, BoundProgramFilter
from console.reviews.sheets import APPLICATIONS, BOUND
from miniprograms import actions as miniprograms
from miniprograms.models import Binding


@route(Permission.SIGNED_IN)
def applications(request: SignedInRequest) -> HttpResponse:
    """The applications of the user's teams."""
    user: User = request.user
    filters = ApplicationFilter(request, HostApplication.objects.visible_to(user))
    rows = querysets.with_counts(filters.qs.select_related("team"), user)
    if is_asked(request):
        return sheet(request, rows, APPLICATIONS, name="applications")
    page = page_of(request, rows)
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
    filters = BoundProgramFilter(request.GET, rows.order_by("-decided_at", "-pk"), request=request)
    if is_asked(request):
        return sheet(request, filters.qs, BOUND, name=f"mini-programs-{application.application_id}")
    context = {
        "application": application,
        "filter": filters,
        "page": page_of(request, filters.qs),
        "why_not_remove": lacking(application.held, Permission.EDIT_APPLICATION),  # type: ignore[attr-defined]
        "needs": Permission.EDIT_APPLICATION,
    }
    return render(request, "reviews/programs.html", context)


@route(Permission.EDIT_APPLICATION, load=bound_program_for, methods="GET POST", sudo=True)
def remove_program(request: SignedInRequest, binding: Binding) -> HttpResponse:
    """End a binding from the application's side (L-6)."""
    program, application = binding.mini_program, binding.application
    return confirm_page(
        request,
        NoteForm(posted(request), needed=True, help_text=_("Shown to the mini program’s team.")),
        template="hosts/confirm/remove_program.html",
        save=lambda data: miniprograms.remove_from_application(binding, by=request.user, reason=data["note"]),
        toast=lambda _binding: _("%(program)s removed.") % {"program": program},
        back=reverse("hosts:programs", args=[application.application_id]),
        application=application,
        program=program,
        granted=_granted(binding),
        follows=Follows(
            lambda: miniprograms.remove_from_application(copy(binding), by=request.user, reason="-"),
            only=lambda event: _is_shown(event.belongs(), application, request.user),
        ),
    )


def _is_shown(belongs: dict[str, Any], application: HostApplication, user: User) -> bool:
    """Whether an event is shown to `user` on a page of the application: grayscale tasks are their team's (P-1)."""
    if belongs.get("application_id") == application.application_id:
        return True
    return belongs.get("team_id") in {role.team_id for role in user.team_roles}


def _granted(binding: Binding) -> str:
    """Name what the application granted the program; "" for nothing."""
    counts = querysets.granted_counts(binding)
    words = {
        querysets.EXEMPTION: ngettext(
            "%(count)d grant to skip domain verification",
            "%(count)d grants to skip domain verification",
            counts[querysets.EXEMPTION],
        ),
        querysets.PERMISSION: ngettext(
            "%(count)d interface permission", "%(count)d interface permissions", counts[querysets.PERMISSION]
        ),
    }
    return all_of([words[kind] % {"count": count} for kind, count in counts.items() if count])
