"""What an application has granted to mini programs, and taking it back (D-2, D-3)."""

from __future__ import annotations

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from console.base.accounts.access import SignedInRequest, route
from console.base.accounts.permissions import Permission, lacking
from console.base.core.pages import NoteForm, form_page, posted
from console.base.hosts.access import application_for
from console.base.hosts.models import HostApplication
from console.reviews import querysets
from console.reviews.access import exemption_of, permission_of
from console.reviews.filters import GrantFilter
from devmgmt import actions as devmgmt
from devmgmt.models import ApiPermission, DomainExemption, ProgramGrant


@route(Permission.VIEW_APPLICATION, load=application_for)
def grants(request: SignedInRequest, application: HostApplication) -> HttpResponse:
    """Exemptions and interface permissions of all mini programs, in force and past."""
    filters = GrantFilter(request, querysets.grants_of(application))
    line = querysets.in_line(filters.shown, closed=querysets.ENDED)
    page = Paginator(line, settings.PAGE_SIZE).get_page(request.GET.get("page"))
    held = application.held  # type: ignore[attr-defined]
    context = {
        "application": application,
        "filter": filters,
        "page": page,
        "lines": querysets.lines(list(page.object_list)),
        "reviews": Permission.DECIDE in held,
        "why_not_revoke": lacking(held, Permission.EDIT_APPLICATION),
    }
    return render(request, "hosts/grants.html", context)


@route(Permission.EDIT_APPLICATION, load=exemption_of, methods="GET POST", sudo=True)
def revoke_exemption(request: SignedInRequest, exemption: DomainExemption) -> HttpResponse:
    """Let devices check the program's hosts again."""
    names = {"program": exemption.mini_program, "application": exemption.application}
    effect = _("From its next policy on, devices check every host that it calls against its server domains.")
    return _revoke(
        request,
        exemption,
        title=_("Stop %(program)s from skipping domain verification in %(application)s?") % names,
        effect=("world", effect),
        verb=_("Revoke exemption"),
    )


@route(Permission.EDIT_APPLICATION, load=permission_of, methods="GET POST", sudo=True)
def revoke_permission(request: SignedInRequest, permission: ApiPermission) -> HttpResponse:
    """Take a restricted API from a program."""
    names = {"api": permission.api, "program": permission.mini_program, "application": permission.application}
    restricted = permission.application.apis.filter(name=permission.api, restricted=True).exists()
    effect = (
        _("From its next policy on, it may not call %(api)s.")
        if restricted
        else _("%(api)s is not restricted now, so nothing changes on devices until it is.")
    )
    return _revoke(
        request,
        permission,
        title=_("Take %(api)s from %(program)s in %(application)s?") % names,
        effect=("lock", effect % names),
        verb=_("Revoke permission"),
    )


def _revoke(
    request: SignedInRequest, grant: ProgramGrant, *, title: str, effect: tuple[str, str], verb: str
) -> HttpResponse:
    back = reverse("hosts:grants", args=[grant.application.application_id])
    team = grant.mini_program.team
    return form_page(
        request,
        NoteForm(posted(request), needed=True, help_text=_("The mini program’s team reads it.")),
        save=lambda data: devmgmt.revoke(grant, by=request.user, reason=data["note"]),
        success=lambda revoked: (_("Revoked: %(subject)s.") % {"subject": revoked.subject()}, back),
        template="core/confirm.html",
        application=grant.application,
        title=title,
        change=[(_("Now"), _("Granted")), (_("After this"), _("Revoked"))],
        effects=[
            effect,
            ("message", _("%(team)s is told, with the reason.") % {"team": team}),
            ("send", _("Its developers can apply again; the reviewers decide anew.")),
        ],
        verb=verb,
        icon="x",
        danger=True,
        cancel=back,
    )
