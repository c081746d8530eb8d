"""The page of subscription messages across programs."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import ngettext

from console.accounts.access import SignedInRequest, route
from console.accounts.filters import url_with_team
from console.accounts.permissions import Permission
from console.core.pages import page_of
from messaging.filters import OverviewFilter
from messaging.overview import standings


@route(Permission.SIGNED_IN)
def overview(request: SignedInRequest) -> HttpResponse:
    """All my programs: templates, what was sent, what failed, what waits."""
    if url := url_with_team(request):
        return redirect(url)
    filters = OverviewFilter(request)
    page = page_of(request, filters.rows.select_related("team"), count=filters.count)
    words = ngettext("%(count)d mini program", "%(count)d mini programs", filters.count)
    context = {
        "filter": filters,
        "page": page,
        "rows": standings(page, at=timezone.now()),
        "total": words % {"count": filters.count},
    }
    return render(request, "messaging/overview.html", context)
