"""The pages of an application's signing keys (R-8)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from console.base.accounts.access import SignedInRequest, route
from console.base.accounts.permissions import Permission, lacking
from console.base.activity.models import ActivityEntry
from console.base.core.pages import NoteForm, confirm_page, posted
from console.base.hosts import events, rules
from console.base.hosts.access import application_for, signing_key_for
from console.base.hosts.actions import sealed
from console.base.hosts.models import HostApplication, SigningKey


@route(Permission.VIEW_APPLICATION, load=application_for)
def keys(request: SignedInRequest, application: HostApplication) -> HttpResponse:
    """Which keys sign, since when, and how a new one takes over."""
    found = list(application.signing_keys.select_related("created_by", "retired_by").defer("sealed"))
    active = [key for key in found if key.retired_at is None]
    exported = _exported(application)
    may_not = lacking(application.held, Permission.EDIT_APPLICATION)  # type: ignore[attr-defined]
    context = {
        "application": application,
        "keys": found,
        "exported": exported,
        "step": _step(active, exported),
        "why_not_edit": may_not,
        "why_not_add": may_not or rules.why_not_add_signing_key(len(active)),
        "why_not_retire": may_not or rules.why_not_retire_signing_key(len(active)),
    }
    return render(request, "hosts/signing_keys.html", context)


def _exported(application: HostApplication) -> ActivityEntry | None:
    """Return the last download of the configuration file, which carries the public keys into the app."""
    entries = ActivityEntry.objects.of_application(application.application_id)
    return entries.filter(verb=events.ConfigurationDownloaded.name).first()


def _step(active: list[SigningKey], exported: ActivityEntry | None) -> int:
    """Return the step of a rotation that comes next; `active` has the newest key first."""
    if len(active) < 2:
        return 1
    return 3 if exported and exported.at > active[0].created_at else 2


@route(Permission.EDIT_APPLICATION, load=application_for, methods="GET POST", sudo=True)
def add(request: SignedInRequest, application: HostApplication) -> HttpResponse:
    """Make another key, which signs at once."""
    return _dialog(
        request,
        application,
        forms.Form(posted(request)),
        template="hosts/confirm/add_signing_key.html",
        save=lambda _data: sealed.add_signing_key(application, by=request.user),
        toast=lambda key: _("Key %(key)s is now signing. Download the configuration file.") % {"key": key},
        active=application.signing_keys.active().count(),
    )


@route(Permission.EDIT_APPLICATION, load=signing_key_for, methods="GET POST", sudo=True)
def retire(request: SignedInRequest, key: SigningKey) -> HttpResponse:
    """Sign with a key no more."""
    application = key.application
    others = application.signing_keys.active().exclude(pk=key.pk).order_by("id")
    exported = _exported(application)
    return _dialog(
        request,
        application,
        NoteForm(posted(request), needed=True, help_text=_("The app’s other administrators see this.")),
        template="hosts/confirm/retire_signing_key.html",
        save=lambda data: sealed.retire_signing_key(key, by=request.user, reason=data["note"]),
        toast=lambda retired: _("Key %(key)s retired.") % {"key": retired},
        key=key,
        active=application.signing_keys.active().count(),
        others=others.count(),
        in_apps=not others or bool(exported and exported.at > others[0].created_at),
    )


def _dialog(
    request: SignedInRequest, application: HostApplication, form: forms.Form, *, toast: Any, **context: Any
) -> HttpResponse:
    """Ask in a dialog, run the verb, and return to the keys."""
    back = reverse("hosts:signing_keys", args=[application.application_id])
    return confirm_page(request, form, toast=toast, back=back, application=application, **context)
