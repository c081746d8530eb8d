"""An application's list of sensitive APIs (D-3)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.base.accounts.access import SignedInRequest, route
from console.base.accounts.permissions import Permission, lacking
from console.base.core.pages import confirm_page, page_of, posted
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
        save=lambda data: actions.add_api(application, by=request.user, **data),
        toast=lambda api: _("%(api)s is in the list, restricted.") % {"api": api},
        title=_("Add an API to the list of %(application)s") % {"application": application},
        lead=_("One that only this application offers, or that it guards as well."),
        effects=[
            ("lock", _("It is restricted: only mini programs that you grant it may call it.")),
            ("send", _("Developers can apply for it at once.")),
        ],
        verb=_("Add API"),
        icon="plus",
    )


@route(Permission.EDIT_APPLICATION, load=api_for, methods="GET POST", sudo=True)
def restrict_api(request: SignedInRequest, api: SensitiveApi) -> HttpResponse:
    """Keep an API for the mini programs that were granted it."""
    names = {"api": api, "application": api.application}
    keep, lose = querysets.holders_of(api), querysets.others_than_holders_of(api)
    effects = [("device-mobile-off", _blocked(lose) or _("No bound mini program loses it."))]
    if keep:
        words = ngettext("%(count)d keeps it: it was granted it.", "%(count)d keep it: they were granted it.", keep)
        effects.append(("check", words % {"count": keep}))
    effects.append(("send", _("Developers apply for it; their requests come to the reviews.")))
    return _dialog(
        request,
        api.application,
        forms.Form(posted(request)),
        save=lambda _data: actions.restrict_api(api, by=request.user),
        toast=lambda changed: _("%(api)s is restricted.") % {"api": changed},
        title=_("Restrict %(api)s in %(application)s?") % names,
        change=[(_("Now"), _("Public")), (_("After this"), _("Restricted"))],
        effects=effects,
        verb=_("Restrict API"),
        icon="lock",
        danger=True,
    )


def _blocked(programs: list[str]) -> str:
    """Say which mini programs can't call an API any more; the first by name. \"\" for none."""
    if not programs:
        return ""
    words = ngettext(
        "%(count)d bound mini program may not call it from its next policy on: %(names)s.",
        "%(count)d bound mini programs may not call it from their next policy on: %(names)s.",
        len(programs),
    )
    names = programs[:NAMES_SHOWN]
    if more := len(programs) - len(names):
        names.append(ngettext("%(count)d more", "%(count)d more", more) % {"count": more})
    return words % {"count": len(programs), "names": get_text_list(names, _("and"))}


@route(Permission.EDIT_APPLICATION, load=api_for, methods="GET POST", sudo=True)
def open_api(request: SignedInRequest, api: SensitiveApi) -> HttpResponse:
    """Let every bound mini program call an API."""
    names = {"api": api, "application": api.application}
    effects = [("device-mobile", _("Every bound mini program may call it from its next policy on."))]
    if keep := querysets.holders_of(api):
        words = ngettext(
            "%(count)d grant stays. It counts again when you restrict the API.",
            "%(count)d grants stay. They count again when you restrict the API.",
            keep,
        )
        effects.append(("history", words % {"count": keep}))
    effects += _waiting(api)
    return _dialog(
        request,
        api.application,
        forms.Form(posted(request)),
        save=lambda _data: actions.open_api(api, by=request.user),
        toast=lambda changed: _("%(api)s is public.") % {"api": changed},
        title=_("Make %(api)s public in %(application)s?") % names,
        change=[(_("Now"), _("Restricted")), (_("After this"), _("Public"))],
        effects=effects,
        verb=_("Make public"),
        icon="lock-open",
    )


def _waiting(api: SensitiveApi) -> list[tuple[str, str]]:
    """Say how many requests stay in the inbox."""
    count = querysets.waiting_for_api(api)
    words = ngettext(
        "%(count)d request still waits in the reviews.", "%(count)d requests still wait in the reviews.", count
    )
    return [("clipboard-check", words % {"count": count})] if count else []


@route(Permission.EDIT_APPLICATION, load=api_for, methods="GET POST", sudo=True)
def remove_api(request: SignedInRequest, api: SensitiveApi) -> HttpResponse:
    """Take an API of the application's own out of the list."""
    effects = [
        (
            "device-mobile-off",
            _("It leaves the policy of every mini program: where the app guards it, none may call it."),
        )
    ]
    if keep := querysets.holders_of(api):
        words = ngettext(
            "%(count)d grant stays, without effect until the API is in the list again.",
            "%(count)d grants stay, without effect until the API is in the list again.",
            keep,
        )
        effects.append(("history", words % {"count": keep}))
    effects += _waiting(api)
    return _dialog(
        request,
        api.application,
        forms.Form(posted(request)),
        save=lambda _data: actions.remove_api(api, by=request.user),
        toast=lambda _none: _("%(api)s is not in the list any more.") % {"api": api},
        title=_("Remove %(api)s from the list of %(application)s?") % {"api": api, "application": api.application},
        effects=effects,
        verb=_("Remove API"),
        danger=True,
    )


def _dialog(
    request: SignedInRequest, application: HostApplication, form: forms.Form, *, toast: Any, **context: Any
) -> HttpResponse:
    """Ask in a dialog, run the verb, and return to the list."""
    back = reverse("hosts:apis", args=[application.application_id])
    return confirm_page(request, form, toast=toast, back=back, application=application, **context)
