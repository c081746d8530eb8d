"""An application's list of sensitive APIs (D-3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from console.base.accounts.access import SignedInRequest, route
from console.base.accounts.permissions import Permission, lacking
from console.base.activity.catalogue import Act, Effect, acts_page, buttons
from console.base.core.pages import confirm_page, page_of, posted
from console.base.core.sheets import is_asked, sheet
from console.base.core.text import all_of, listed
from console.base.hosts import actions, rules
from console.base.hosts.access import api_for, application_for
from console.base.hosts.forms import ApiForm
from console.base.hosts.models import HostApplication, SensitiveApi
from console.reviews import querysets
from console.reviews.filters import ApiFilter
from console.reviews.sheets import APIS

NAMES_SHOWN = 5


@route(Permission.VIEW_APPLICATION, load=application_for)
def apis(request: SignedInRequest, application: HostApplication) -> HttpResponse:
    """The list: which are public, which restricted, and to how many mini programs each was granted."""
    filters = ApiFilter(request.GET, application.apis.all(), request=request)
    rows = querysets.with_grants(filters.rows)
    if is_asked(request):
        return sheet(request, rows, APIS, name=f"apis-{application.application_id}")
    page = page_of(request, rows, count=filters.count)
    for api in page.object_list:
        api.why_not_remove = rules.why_not_remove_api(api, api.is_default)
    context = {
        "application": application,
        "filter": filters,
        "page": page,
        "buttons": buttons(API_ACTS, "hosts:selected_apis", application.application_id),
        "why_not_edit": lacking(application.held, Permission.EDIT_APPLICATION),  # type: ignore[attr-defined]
        "needs": Permission.EDIT_APPLICATION,
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
    lose = querysets.others_than_holders([api])
    return _dialog(
        request,
        api.application,
        forms.Form(posted(request)),
        template="hosts/confirm/restrict_api.html",
        save=lambda _data: actions.restrict_api(api, by=request.user),
        toast=lambda changed: _("%(api)s is now restricted.") % {"api": changed},
        api=api,
        keep=querysets.holders([api]),
        lose=len(lose),
        names=_first(lose),
    )


def _first(names: list[str]) -> str:
    """Say the first names of a list, and how many more it has."""
    shown = names[:NAMES_SHOWN]
    if more := len(names) - len(shown):
        words = ngettext("%(names)s and %(count)d more", "%(names)s and %(count)d more", more)
        return words % {"names": listed(shown), "count": more}
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
        lines=_opened([api]),
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
        lines=_removed([api]),
    )


def _restricted(apis: Sequence[SensitiveApi]) -> list[Effect]:
    """Say which bound programs lose one of the APIs, and how many grants stay in force."""
    lose, keep = querysets.others_than_holders(apis), querysets.holders(apis)
    effects: list[Effect] = [("device-mobile-off", _("No bound mini program loses access."))]
    if lose:
        words = ngettext(
            "%(count)d bound mini program loses access after its next policy update: %(names)s.",
            "%(count)d bound mini programs lose access after their next policy update: %(names)s.",
            len(lose),
        )
        effects = [("device-mobile-off", words % {"count": len(lose), "names": _first(lose)})]
    if keep:
        words = ngettext("%(count)d grant takes effect.", "%(count)d grants take effect.", keep)
        effects.append(("check", words % {"count": keep}))
    return [*effects, ("send", _("Developers can apply for it. Their requests appear in Reviews."))]


def _opened(apis: Sequence[SensitiveApi]) -> list[Effect]:
    """Say who can call the APIs then, and what is kept of before."""

    def kept(count: int) -> str:
        return ngettext(
            "%(count)s grant is kept. It takes effect again if you restrict the API.",
            "%(count)s grants are kept. They take effect again if you restrict the API.",
            count,
        )

    words = _("Every bound mini program can call it after its next policy update.")
    return [("device-mobile", words), *_left(apis, kept)]


def _removed(apis: Sequence[SensitiveApi]) -> list[Effect]:
    """Say the same of APIs that are no longer in the list."""

    def kept(count: int) -> str:
        return ngettext(
            "%(count)s grant is kept. It has no effect until you add the API again.",
            "%(count)s grants are kept. They have no effect until you add the API again.",
            count,
        )

    words = _(
        "It is removed from every mini program’s policy. "
        "If the app treats it as protected, no mini program can call it any more."
    )
    return [("device-mobile-off", words), *_left(apis, kept)]


def _left(apis: Sequence[SensitiveApi], kept: Callable[[int], str]) -> list[Effect]:
    """Say how many grants are kept, in these words, and how many requests still wait; nothing of none."""
    holders, waiting = querysets.holders(apis), querysets.waiting_for_apis(apis)
    words = ngettext(
        "%(count)s request is still waiting for a decision in Reviews.",
        "%(count)s requests are still waiting for a decision in Reviews.",
        waiting,
    )
    effects = (("history", kept(holders), holders), ("clipboard-check", words, waiting))
    return [(icon, said % {"count": count}) for icon, said, count in effects if count]


API_ACTS = {
    "restrict": Act(
        label=gettext_lazy("Restrict"),
        icon="lock",
        verb=lambda api, by: actions.restrict_api(api, by=by),
        ask_one=gettext_lazy("Restrict %(name)s?"),
        ask=gettext_lazy("Restrict %(count)d APIs?"),
        done_one=gettext_lazy("%(name)s is now restricted."),
        done=gettext_lazy("%(count)d APIs are now restricted."),
        effects_of=_restricted,
        danger=True,
    ),
    "open": Act(
        label=gettext_lazy("Make public"),
        icon="lock-open",
        verb=lambda api, by: actions.open_api(api, by=by),
        ask_one=gettext_lazy("Make %(name)s public?"),
        ask=gettext_lazy("Make %(count)d APIs public?"),
        done_one=gettext_lazy("%(name)s is now public."),
        done=gettext_lazy("%(count)d APIs are now public."),
        effects_of=_opened,
    ),
    "remove": Act(
        label=gettext_lazy("Remove"),
        icon="trash",
        verb=lambda api, by: actions.remove_api(api, by=by),
        ask_one=gettext_lazy("Remove %(name)s from the list?"),
        ask=gettext_lazy("Remove %(count)d APIs from the list?"),
        done_one=gettext_lazy("%(name)s removed."),
        done=gettext_lazy("%(count)d APIs removed."),
        effects_of=_removed,
        danger=True,
    ),
}


@route(Permission.EDIT_APPLICATION, load=application_for, methods="GET POST", sudo=True)
def selected_apis(request: SignedInRequest, application: HostApplication, act: str) -> HttpResponse:
    """Restrict, open or remove the ticked APIs, each by the same verb as alone."""
    url = reverse("hosts:apis", args=[application.application_id])
    rows = application.apis.select_related("application")
    return acts_page(request, API_ACTS, act, rows, by=request.user, url=url)


def _dialog(
    request: SignedInRequest, application: HostApplication, form: forms.Form, *, toast: Any, **context: Any
) -> HttpResponse:
    """Ask in a dialog, run the verb, and return to the list."""
    back = reverse("hosts:apis", args=[application.application_id])
    return confirm_page(request, form, toast=toast, back=back, application=application, **context)
