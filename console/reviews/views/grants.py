"""What an application has granted to mini programs, and taking it back (D-2, D-3)."""

from __future__ import annotations

from copy import copy
from typing import Any

import msgspec
from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from console.base.accounts.access import SignedInRequest, route
from console.base.accounts.permissions import Permission, lacking
from console.base.activity.rehearsal import Follows
from console.base.core.pages import NoteForm, confirm_page, posted
from console.base.hosts.access import application_for
from console.base.hosts.models import HostApplication
from console.reviews import querysets
from console.reviews.access import exemption_of, permission_of
from console.reviews.filters import GrantFilter
from devmgmt import actions as devmgmt
from devmgmt.models import ApiPermission, DomainExemption, ProgramGrant
from releases.field.spread import spread_of
from releases.report.content import Content


@route(Permission.VIEW_APPLICATION, load=application_for)
def grants(request: SignedInRequest, application: HostApplication) -> HttpResponse:
    """Exemptions and interface permissions of all mini programs, in force and past."""
    filters = GrantFilter(request, querysets.grants_of(application))
    line = querysets.in_line(filters.shown, order=filters.order, closed=querysets.ENDED)
    page = Paginator(line, settings.PAGE_SIZE).get_page(request.GET.get("page"))
    held = application.held  # type: ignore[attr-defined]
    context = {
        "application": application,
        "filter": filters,
        "page": page,
        "lines": querysets.lines(list(page.object_list)),
        "reviews": Permission.DECIDE in held,
        "why_not_revoke": lacking(held, Permission.EDIT_APPLICATION),
        "needs": Permission.EDIT_APPLICATION,
    }
    return render(request, "hosts/grants.html", context)


@route(Permission.EDIT_APPLICATION, load=exemption_of, methods="GET POST", sudo=True)
def revoke_exemption(request: SignedInRequest, exemption: DomainExemption) -> HttpResponse:
    """Let devices check the program's hosts again."""
    return _revoke(request, exemption)


@route(Permission.EDIT_APPLICATION, load=permission_of, methods="GET POST", sudo=True)
def revoke_permission(request: SignedInRequest, permission: ApiPermission) -> HttpResponse:
    """Take a restricted API from a program."""
    restricted = permission.application.apis.filter(name=permission.api, restricted=True).exists()
    online = permission.mini_program.versions.online().first()
    report = online.reports.exclude(content=None).values_list("content", flat=True).first() if online else None
    return _revoke(
        request,
        permission,
        api=permission.api,
        restricted=restricted,
        online=online,
        is_read=report is not None,
        calls=report and msgspec.convert(report, Content).calls(permission.api),
    )


def _devices(grant: ProgramGrant) -> tuple[int, bool]:
    """Return how many devices of the application asked for the program in the last 30 days, and whether exactly.

    Where not, the newest of all applications were sampled: 0 does not mean that there is none.
    """
    online = grant.mini_program.versions.online().first()
    if online is None:
        return 0, True
    found = spread_of(online, online=online, at=timezone.now())
    return found.seen.get(grant.application_id, 0), found.exact


def _revoke(request: SignedInRequest, grant: ProgramGrant, **context: Any) -> HttpResponse:
    seen, exact = _devices(grant)
    return confirm_page(
        request,
        NoteForm(posted(request), needed=True, help_text=_("Shown to the mini program’s team.")),
        template="hosts/confirm/revoke_grant.html",
        save=lambda data: devmgmt.revoke(grant, by=request.user, reason=data["note"]),
        toast=lambda revoked: _("Revoked: %(subject)s.") % {"subject": revoked.subject()},
        back=reverse("hosts:grants", args=[grant.application.application_id]),
        application=grant.application,
        program=grant.mini_program,
        seen=seen,
        exact=exact,
        follows=Follows(lambda: devmgmt.revoke(copy(grant), by=request.user, reason="-")),
        **context,
    )
