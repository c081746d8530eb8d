"""An application's list of sensitive APIs (D-3)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.base.accounts.access import SignedInRequest, route
from console.base.accounts.permissions import Permission, lacking
from console.base.core.pages import confirm_page, page_of, posted
from console.base.core.text import all_of
from console.base.hosts import actions, rules
from console.base.hosts.access import api_for, application_for
from console.base.hosts.forms import ApiForm
from console.base.hosts.models import HostApplication, SensitiveApi
from console.reviews import querysets
from console.reviews.filters import ApiFilter

NAMES_SHOWN = 5


@route(Permission.VIEW_APPLICATION, load=application_for)
def apis(request: SignedInRequest, application: HostApplication) -> HttpResponse:
    """The list: which are public, which restricted, and to how many mini programs each was granted."""
    filters = ApiFilter(request.GET, application.apis.all())
    page = page_of(request, querysets.with_grants(filters.rows), count=filters.count)
    for api in page.object_list:
        api.why_not_remove = rules.why_not_remove_api(api, api.is_default)
    context = {
        "application": application,
        "filter": filters,
        "page": page,
        "why_not_edit": lacking(application.held, Permission.EDIT_APPLICATION),  # type: ignore[attr-defined]
    }
    return render(request, "hosts/apis.html", context)


@route(Permission.EDIT_APPLICATION, load=application_for, methods="GET POST", sudo=True)
def add_api(request: SignedInRequest, application: HostApplication) -> HttpResponse:
    """Put an API of the application's own into the list."""
    return _dialog(
        request,
        application,
        ApiForm(posted(request)),
        template="hosts/confirm/add_api.html",
        save=lambda data: actions.add_api(application, by=request.user, **data),
        toast=lambda api: _("%(api)s added as restricted.") % {"api": api},
    )


@route(Permission.EDIT_APPLICATION, load=api_for, methods="GET POST", sudo=True)
def restrict_api(request: SignedInRequest, api: SensitiveApi) -> HttpResponse:
    """Keep an API for the mini programs that were granted it."""
    lose = querysets.others_than_holders_of(api)
    return _dialog(
        request,
        api.application,
        forms.Form(posted(request)),
        template="hosts/confirm/restrict_api.html",
        save=lambda _data: actions.restrict_api(api, by=request.user),
        toast=lambda changed: _("%(api)s is now restricted.") % {"api": changed},
        api=api,
        keep=querysets.holders_of(api),
        lose=len(lose),
        names=_first(lose),
    )


def _first(names: list[str]) -> str:
    """Say the first names of a list, and how many more it has."""
    shown = names[:NAMES_SHOWN]
    if more := len(names) - len(shown):
        shown.append(ngettext("%(count)d more", "%(count)d more", more) % {"count": more})
    return all_of(shown)


@route(Permission.EDIT_APPLICATION, load=api_for, methods="GET POST", sudo=True)
def open_api(request: SignedInRequest, api: SensitiveApi) -> HttpResponse:
    """Let every bound mini program call an API."""
    return _dialog(
        request,
        api.application,
        forms.Form(posted(request)),
        template="hosts/confirm/open_api.html",
        save=lambda _data: actions.open_api(api, by=request.user),
        toast=lambda changed: _("%(api)s is now public.") % {"api": changed},
        api=api,
        keep=querysets.holders_of(api),
        waiting=querysets.waiting_for_api(api),
    )


@route(Permission.EDIT_APPLICATION, load=api_for, methods="GET POST", sudo=True)
def remove_api(request: SignedInRequest, api: SensitiveApi) -> HttpResponse:
    """Take an API of the application's own out of the list."""
    return _dialog(
        request,
        api.application,
        forms.Form(posted(request)),
        template="hosts/confirm/remove_api.html",
        save=lambda _data: actions.remove_api(api, by=request.user),
        toast=lambda _none: _("%(api)s removed.") % {"api": api},
        api=api,
        keep=querysets.holders_of(api),
        waiting=querysets.waiting_for_api(api),
    )


def _dialog(
    request: SignedInRequest, application: HostApplication, form: forms.Form, *, toast: Any, **context: Any
) -> HttpResponse:
    """Ask in a dialog, run the verb, and return to the list."""
    back = reverse("hosts:apis", args=[application.application_id])
    return confirm_page(request, form, toast=toast, back=back, application=application, **context)
