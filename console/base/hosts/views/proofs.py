"""The pages of an application's installation proof (R-9)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from console.base.accounts.access import SignedInRequest, route
from console.base.accounts.permissions import Permission, lacking
from console.base.core.pages import confirm_page, form_page, posted
from console.base.hosts import rules
from console.base.hosts.access import application_for
from console.base.hosts.actions import proving
from console.base.hosts.forms import EndProofsForm, ProofForm
from console.base.hosts.models import HostApplication
from console.base.hosts.proof_words import WORDS, limit_words


@route(Permission.VIEW_APPLICATION, load=application_for)
def proofs(request: SignedInRequest, application: HostApplication) -> HttpResponse:
    """What needs a proof since when, what bounds the others, and how an app gets one."""
    may_not = lacking(application.held, Permission.EDIT_APPLICATION)  # type: ignore[attr-defined]
    has_secret = application.server_secrets.filter(ends_at=None).exists()
    context = {
        "application": application,
        "uses": [(words, getattr(application, f"{use}_proved_since")) for use, words in WORDS.items()],
        "has_secret": has_secret,
        "all_required": all(application.proofs_required.values()),
        "days": max(round(settings.PROOF_SECONDS / 86_400), 1),
        "per_address": limit_words(settings.UNPROVEN_PLACES_PER_ADDRESS),
        "per_application": limit_words(settings.UNPROVEN_PLACES_PER_APPLICATION),
        "calls": limit_words(settings.UNPROVEN_RATE_LIMIT),
        "why_not_edit": may_not,
        "needs": Permission.EDIT_APPLICATION,
        "why_not_require": may_not or rules.why_not_require_proofs({"any": True}, has_secret),
    }
    return render(request, "hosts/proofs.html", context)


@route(Permission.EDIT_APPLICATION, load=application_for, methods="GET POST", sudo=True)
def require(request: SignedInRequest, application: HostApplication) -> HttpResponse:
    """Choose what needs a proof."""
    required = [use for use, is_required in application.proofs_required.items() if is_required]
    form = ProofForm(posted(request), initial={"uses": required, "seen": ",".join(required)})

    def save(data: dict[str, Any]) -> HostApplication:
        return proving.require_proofs(application, by=request.user, **data)

    return form_page(
        request,
        form,
        save=save,
        success=lambda changed: (_("Installation proof settings saved. They take effect immediately."), _page(changed)),
        template="hosts/require_proofs.html",
        application=application,
        cancel=_page(application),
    )


@route(Permission.EDIT_APPLICATION, load=application_for, methods="GET POST", sudo=True)
def end(request: SignedInRequest, application: HostApplication) -> HttpResponse:
    """Make all proofs void that were issued so far."""
    return confirm_page(
        request,
        EndProofsForm(posted(request), initial={"seen": application.proof_series}),
        template="hosts/confirm/end_proofs.html",
        save=lambda data: proving.end_proofs(application, seen=data["seen"], by=request.user, reason=data["note"]),
        toast=lambda _changed: _("All proofs issued so far are no longer valid."),
        back=_page(application),
        application=application,
    )


def _page(application: HostApplication) -> str:
    return reverse("hosts:proofs", args=[application.application_id])
