"""The operators' pages of the sensitive APIs that every application has in its list (P-12, D-3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from console.base.accounts.access import SignedInRequest, operator, route
from console.base.accounts.models import User
from console.base.accounts.permissions import Permission
from console.base.activity.catalogue import Act, Catalogue, Effect, act_page, edit_page, list_page, selected_page
from console.base.core.errors import ActionRefused
from console.base.core.pages import posted
from console.base.hosts import actions
from console.base.hosts.access import default_api_for
from console.base.hosts.forms import DefaultApiForm
from console.base.hosts.models import DefaultApi
from console.reviews import querysets
from console.reviews.filters import DefaultApiFilter
from console.reviews.sheets import DEFAULTS


def _restrict(api: DefaultApi, by: User) -> None:
    _mark(api, by, restricted=True, already=_("Already restricted."))


def _open(api: DefaultApi, by: User) -> None:
    _mark(api, by, restricted=False, already=_("Already public."))


def _mark(api: DefaultApi, by: User, *, restricted: bool, already: str) -> None:
    if api.restricted == restricted:
        raise ActionRefused(already)
    api.restricted = restricted
    actions.keep(api, by=by)


def _gone(rows: Sequence[DefaultApi]) -> list[Effect]:
    new = ngettext("New apps start without it.", "New apps start without them.", len(rows))
    existing = ngettext(
        "Existing apps keep it and can now remove it.", "Existing apps keep them and can now remove them.", len(rows)
    )
    return [("minus", new), ("device-mobile", existing)]


STAYS = ("device-mobile", gettext_lazy("Existing apps don’t change."))
CATALOGUE = Catalogue(
    "api",
    "apis",
    {
        "restrict": Act(
            label=gettext_lazy("Restrict"),
            icon="lock",
            verb=_restrict,
            ask_one=gettext_lazy("Restrict %(name)s in new apps?"),
            ask=gettext_lazy("Restrict %(count)d APIs in new apps?"),
            done_one=gettext_lazy("%(name)s is now restricted in new apps."),
            done=gettext_lazy("%(count)d APIs are now restricted in new apps."),
            effects=(
                ("lock", gettext_lazy("In new apps, only mini programs with a grant can call a restricted API.")),
                STAYS,
            ),
        ),
        "open": Act(
            label=gettext_lazy("Make public"),
            icon="lock-open",
            verb=_open,
            ask_one=gettext_lazy("Make %(name)s public in new apps?"),
            ask=gettext_lazy("Make %(count)d APIs public in new apps?"),
            done_one=gettext_lazy("%(name)s is now public in new apps."),
            done=gettext_lazy("%(count)d APIs are now public in new apps."),
            effects=(
                ("lock-open", gettext_lazy("In new apps, every bound mini program can call a public API.")),
                STAYS,
            ),
        ),
        "delete": Act(
            label=gettext_lazy("Delete"),
            icon="trash",
            verb=lambda row, by: actions.discard(row, by=by),
            ask_one=gettext_lazy("Delete %(name)s?"),
            ask=gettext_lazy("Delete %(count)d APIs?"),
            done_one=gettext_lazy("%(name)s deleted."),
            done=gettext_lazy("%(count)d APIs deleted."),
            effects_of=_gone,
            danger=True,
        ),
    },
)


@route(Permission.OPERATOR, load=operator)
def apis(request: SignedInRequest, user: User) -> HttpResponse:
    """The list that each new application begins with, and how many restrict or were granted each."""
    filters = DefaultApiFilter(request.GET, querysets.with_use(DefaultApi.objects.all()), request=request)
    return list_page(request, CATALOGUE, filters, template="reviews/default_apis.html", columns=DEFAULTS)


@route(Permission.OPERATOR, load=operator, methods="GET POST", sudo=True)
def add_api(request: SignedInRequest, user: User) -> HttpResponse:
    """A new one, which goes into every application's list as public."""
    note = _("Existing apps get it as public, so nothing stops working.")
    return _page(request, DefaultApi(), title=_("Add API"), note=note)


@route(Permission.OPERATOR, load=default_api_for, methods="GET POST", sudo=True)
def edit_api(request: SignedInRequest, api: DefaultApi) -> HttpResponse:
    """Change what is said of it, and how new applications begin."""
    return _page(request, api, title=str(api), row=api)


def _page(request: SignedInRequest, api: DefaultApi, **context: Any) -> HttpResponse:
    return edit_page(
        request,
        CATALOGUE,
        DefaultApiForm(posted(request), instance=api),
        save=lambda row: actions.keep(row, by=request.user),
        **context,
    )


@route(Permission.OPERATOR, load=default_api_for, methods="GET POST", sudo=True)
def delete_api(request: SignedInRequest, api: DefaultApi) -> HttpResponse:
    """Take it from the list of new applications."""
    return act_page(request, CATALOGUE.acts["delete"], [api], by=request.user, back=CATALOGUE.url)


@route(Permission.OPERATOR, load=operator, methods="GET POST", sudo=True)
def selected_apis(request: SignedInRequest, user: User, act: str) -> HttpResponse:
    """Restrict, make public or delete the ticked ones."""
    return selected_page(request, CATALOGUE, act, DefaultApi.objects.all(), by=user)
