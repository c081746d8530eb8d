"""The operators' pages."""

from __future__ import annotations

from django.db import OperationalError
from django.db.models.functions import Lower
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from console.base.accounts.access import SignedInRequest, operator, route
from console.base.accounts.models import Team, User
from console.base.accounts.permissions import Permission
from console.base.core import sheets, times
from console.base.core.pages import page_of
from console.platform.overview import catalogue, counts, needs, newest_people, newest_teams, system
from console.platform.sheets import SIZE_COLUMNS
from console.platform.sizes import sizes as sizes_now
from console.platform.status import known
from console.platform.status import status as status_now
from console.platform.teams import PlatformTeamFilter, team_rows

SHOWN = 20  # tables, of some eighty


@route(Permission.OPERATOR, load=operator)
def overview(request: SignedInRequest, user: User) -> HttpResponse:
    """What needs an operator first, then teams, people, the system and the catalogue, in short (P-12)."""
    status = known()
    context = {
        "status": status,
        "system": system(status),
        "needs": needs(status, at=timezone.now()),
        "counts": counts(),
        "teams": newest_teams(),
        "people": newest_people(),
        "catalogue": catalogue(),
    }
    return render(request, "platform/overview.html", context)


@route(Permission.OPERATOR, load=operator)
def teams(request: SignedInRequest, user: User) -> HttpResponse:
    """All teams."""
    filters = PlatformTeamFilter(request.GET, Team.objects.order_by(Lower("name")), request=request)
    page = page_of(request, filters.rows, count=filters.count)
    context = {"filter": filters, "page": page, "rows": team_rows(page.object_list)}
    return render(request, "platform/teams.html", context)


@route(Permission.OPERATOR, load=operator)
def status(request: SignedInRequest, user: User) -> HttpResponse:
    """Whether every part of the console works, and how what does not is mended."""
    return render(request, "platform/status.html", {"status": status_now()})


@route(Permission.OPERATOR, load=operator)
def sizes(request: SignedInRequest, user: User) -> HttpResponse:
    """How large the tables are, how they grow, and whether old rows are deleted in time; as a file, too."""
    try:
        found = sizes_now(at=times.of_the_database())
    except OperationalError:
        return render(request, "platform/sizes.html", status=503)
    if sheets.is_asked(request):
        return sheets.short_sheet(request, found.tables, SIZE_COLUMNS, name="tables")
    shown = found.tables if request.GET.get("show") == "all" else found.tables[:SHOWN]
    return render(request, "platform/sizes.html", {"sizes": found, "tables": shown})
