"""API requests that are selected in the inbox and approved together: all that there is to read is in the list."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.base.accounts.access import SignedInRequest, route
from console.base.accounts.models import User
from console.base.accounts.permissions import Permission
from console.base.activity.catalogue import list_url
from console.base.core.errors import ActionRefused
from console.base.core.pages import confirm_page, posted
from console.base.hosts.states import DecisionState
from console.reviews import querysets
from console.reviews.access import submissions_for
from console.reviews.forms import SelectedForm
from devmgmt import actions as devmgmt
from devmgmt.models import ApiPermission
from devmgmt.submissions import RULING

MOST = 200  # of the items in one dialog; a page of the inbox has fewer


@route(Permission.SIGNED_IN, methods="GET POST", sudo=True)
def approve(request: SignedInRequest) -> HttpResponse:
    """Approve the items that the URL names, each for its application, in which the user decides (P-1, P-2, P-4)."""
    user = request.user
    rows = submissions_for(user, Permission.DECIDE, _named(request))
    names = {f"{RULING}_{row.pk}": row for row in rows}

    def save(data: dict[str, Any]) -> list[ApiPermission]:
        try:
            return devmgmt.approve_together(data["chosen"], by=user, until=data["until"])
        except ActionRefused as refused:
            querysets.read_again(rows)
            row = names.get(refused.field or "")
            raise ActionRefused(f"{row.subject()}: {refused.message}" if row else refused.message) from refused

    return confirm_page(
        request,
        SelectedForm(posted(request), permissions=rows),
        save=save,
        toast=_approved,
        back=list_url(request, reverse("reviews:list")),
        template="reviews/confirm/approve_selected.html",
        impossible="" if rows else _("Select at least one request."),
        items=_Items(rows, without=user),
    )


def _named(request: SignedInRequest) -> list[int]:
    """Return the primary keys in the URL; 404 for what is none, or for more than an inbox shows."""
    named = request.GET.getlist("item")
    if len(named) > MOST or not all(word.isascii() and word.isdigit() and len(word) < 19 for word in named):
        raise Http404
    return [int(word) for word in named]


def _approved(approved: list[ApiPermission]) -> str:
    words = ngettext("%(count)d API granted.", "%(count)d APIs granted.", len(approved))
    return words % {"count": len(approved)}


class _Items:
    """What still waits of the selected items, when a template asks: by submission, without the user's own (P-2)."""

    def __init__(self, rows: list[ApiPermission], *, without: User) -> None:
        self._rows, self._without = rows, without

    def __iter__(self) -> Any:
        found: dict[int, list[ApiPermission]] = {}
        for row in self._rows:
            if row.state == DecisionState.WAITING and not row.is_own_of(self._without):
                found.setdefault(row.item, []).append(row)
        return iter(found.values())
