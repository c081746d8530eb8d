"""The page of development management across programs."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone

from console.base.accounts.access import SignedInRequest, route
from console.base.accounts.permissions import Permission
from devmgmt.filters import OverviewFilter
from devmgmt.presenters.programs import summaries
from miniprograms.views import programs_page


@route(Permission.SIGNED_IN)
def overview(request: SignedInRequest) -> HttpResponse:
    """All my programs: server domains, exemptions, interface permissions, today's log entries."""
    at = timezone.now()
    return programs_page(
        request,
        "devmgmt/overview.html",
        OverviewFilter(request),
        summaries=lambda programs: summaries(programs, at=at),
    )
