"""What developers do with exemptions and interface permissions: apply, withdraw, give up (D-2, D-3)."""

from __future__ import annotations

from copy import copy
from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from console.base.accounts.access import SignedInRequest, route
from console.base.accounts.permissions import Permission
from console.base.activity.rehearsal import Follows
from console.base.core.pages import confirm_page, form_page, named, posted
from console.base.core.states import badge_of
from devmgmt import actions
from devmgmt.access import exemption_for, permission_for
from devmgmt.forms.grants import ExemptionForm
from devmgmt.models import ApiPermission, DomainExemption, ProgramGrant
from devmgmt.querysets import GrantQuerySet
from miniprograms.access import mini_program_for
from miniprograms.models import MiniProgram


@route(Permission.DEVELOP, load=mini_program_for, methods="GET POST")
def apply_for_exemption(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """Ask a bound application to let the program skip domain verification (D-2)."""
    own = DomainExemption.objects.filter(mini_program=program)
    bound = program.bindings.bound().applications().exclude(pk__in=own.not_renewable().values("application"))
    url = reverse("devmgmt:domains", args=[program.app_id])
    return form_page(
        request,
        ExemptionForm(posted(request), applications=bound, initial=_before(own, named(request, "application"))),
        save=lambda data: actions.apply_for_exemption(program, by=request.user, **data),
        success=lambda grant: (_("Request sent to %(application)s. Its reviewers will decide.") % _names(grant), url),
        template="devmgmt/exemption_form.html",
        cancel=url,
        mini_program=program,
    )


def _before(own: GrantQuerySet, application_id: str) -> dict[str, Any]:
    """Return application and reason of the exemption that is asked for again; nothing where there is none (D-10)."""
    old = own.approved().filter(application__application_id=application_id, expires_at__isnull=False).first()
    return {"application": old.application_id, "reason": old.reason} if old else {}


@route(Permission.DEVELOP, load=exemption_for, methods="GET POST")
def withdraw_exemption(request: SignedInRequest, grant: DomainExemption) -> HttpResponse:
    """Take back the request to skip domain verification (D-2)."""
    return _withdraw(request, grant)


@route(Permission.DEVELOP, load=permission_for, methods="GET POST")
def withdraw_permission(request: SignedInRequest, grant: ApiPermission) -> HttpResponse:
    """Take back the request for one API (D-3)."""
    return _withdraw(request, grant)


@route(Permission.DEVELOP, load=exemption_for, methods="GET POST")
def give_up_exemption(request: SignedInRequest, grant: DomainExemption) -> HttpResponse:
    """Let the application's devices verify the program's hosts again (D-2)."""
    return _give_up(request, grant)


@route(Permission.DEVELOP, load=permission_for, methods="GET POST")
def give_up_permission(request: SignedInRequest, grant: ApiPermission) -> HttpResponse:
    """Do without an API that the application granted (D-3)."""
    return _give_up(request, grant)


def _withdraw(request: SignedInRequest, grant: ProgramGrant) -> HttpResponse:
    return _dialog(
        request,
        grant,
        template="devmgmt/confirm/withdraw.html",
        save=lambda data: actions.withdraw(grant, by=request.user),
        toast=_("Request to %(application)s withdrawn.") % _names(grant),
    )


def _give_up(request: SignedInRequest, grant: ProgramGrant) -> HttpResponse:
    return _dialog(
        request,
        grant,
        template="devmgmt/confirm/give_up.html",
        save=lambda data: actions.give_up(grant, by=request.user),
        follows=Follows(lambda: actions.give_up(copy(grant), by=request.user)),
        toast=_("Ended. %(application)s has been notified.") % _names(grant),
    )


def _dialog(request: SignedInRequest, grant: ProgramGrant, *, toast: str, **context: Any) -> HttpResponse:
    return confirm_page(
        request,
        forms.Form(posted(request)),
        toast=lambda _grant: toast,
        back=grant.developer_url(),
        mini_program=grant.mini_program,
        grant=grant,
        api=grant.api if isinstance(grant, ApiPermission) else "",
        state=badge_of(grant.shown_state)[1],
        applications=[grant.application],
        **context,
    )


def _names(grant: ProgramGrant) -> dict[str, Any]:
    return {"application": grant.application, "program": grant.mini_program}
