"""The page of subscription messages across programs."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone

from console.base.accounts.access import SignedInRequest, route
from console.base.accounts.permissions import Permission
from messaging.filters import OverviewFilter
from messaging.presenters.programs import summaries
from miniprograms.views import programs_page


@route(Permission.SIGNED_IN)
def overview(request: SignedInRequest) -> HttpResponse:
    """All my programs: templates, what was sent, what failed, what waits."""
    at = timezone.now()
    return programs_page(
        request,
        "messaging/overview.html",
        OverviewFilter(request),
        summaries=lambda programs: summaries(programs, at=at),
    )
