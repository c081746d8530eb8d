"""The activity page: the same for the user, a team, a mini program and an application."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from console.base.activity.filters import ActivityFilter
from console.base.activity.models import ActivityEntry
from console.base.activity.presenters import readable
from console.base.activity.querysets import ActivityQuerySet
from console.base.activity.sheets import ENTRIES
from console.base.core.sheets import is_asked, sheet

PAGE = 50


def activity_page(request: HttpRequest, entries: ActivityQuerySet, **context: Any) -> HttpResponse:
    """Show `entries`, newest first, with filters and keyset paging (`before` is the id of the last one seen)."""
    filters = ActivityFilter(request.GET, entries, request=request)
    rows = filters.qs
    if is_asked(request):
        return sheet(request, rows.order_by("-pk"), ENTRIES, name="activity", of=partial(_readable, request.user))
    if (before := request.GET.get("before", "")).isdecimal() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before))
    found = list(rows.order_by("-pk")[: PAGE + 1])
    older = found[PAGE - 1].pk if len(found) > PAGE else None
    return render(
        request, "core/activity_page.html", {"filter": filters, "entries": found[:PAGE], "older": older, **context}
    )


def _readable(user: Any, entries: list[ActivityEntry]) -> list[ActivityEntry]:
    return [readable(entry, user) for entry in entries]
