"""Settling a finding of a report, and undoing that (V-17)."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from console.base.accounts.access import SignedInRequest, route
from console.base.accounts.permissions import Permission
from console.base.core.pages import NoteForm, confirm_page, posted
from releases.access import Settled, VersionFinding, finding_for, settled_for
from releases.actions import settling as verbs
from releases.forms import SettleForm
from releases.models import Version
from releases.presenters.report_lines import is_public, secret_label


@route(Permission.UPLOAD, load=finding_for, methods="GET POST")
def settle(request: SignedInRequest, found: VersionFinding) -> HttpResponse:
    """Say that a finding is none, or is taken care of, with the reason."""
    version, finding = found

    def save(data: dict[str, Any]) -> Any:
        return verbs.settle_finding(version, finding=finding, by=request.user, **data)

    return confirm_page(
        request,
        SettleForm(posted(request)),
        template="releases/confirm/settle_finding.html",
        save=save,
        toast=lambda settled: _("%(secret)s dismissed.") % {"secret": settled.hint},
        back=_back(version),
        mini_program=version.mini_program,
        finding=finding,
        label=secret_label(finding.kind),
        is_public=is_public(finding.kind),
    )


@route(Permission.UPLOAD, load=settled_for, methods="GET POST")
def reopen(request: SignedInRequest, found: Settled) -> HttpResponse:
    """Undo it."""
    version, settled = found
    return confirm_page(
        request,
        NoteForm(posted(request)),
        template="releases/confirm/reopen_finding.html",
        save=lambda data: verbs.reopen_finding(version, settled=settled, by=request.user, reason=data["note"]),
        toast=lambda _none: _("%(secret)s reopened.") % {"secret": settled.hint},
        back=_back(version),
        mini_program=version.mini_program,
        settled=settled,
        label=secret_label(settled.kind),
    )


def _back(version: Version) -> str:
    return reverse("releases:report", args=[version.mini_program.app_id, version.number]) + "#secrets"
