"""The pages of the trial version (V-14)."""

from __future__ import annotations

import re
from typing import Any

import segno
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from console.base.accounts.access import SignedInRequest, route
from console.base.accounts.permissions import Permission, lacking
from console.base.core.errors import Conflict
from console.base.core.pages import NoteForm, confirm_page, form_page, posted, show
from miniprograms.access import mini_program_for
from miniprograms.models import MiniProgram
from releases import rules
from releases.actions import trial as verbs
from releases.forms import TrialForm
from releases.models import TrialVersion, Version

TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


@route(Permission.VIEW, load=mini_program_for)
def trial(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """The trial version: QR code, link, opening page, and who can scan it."""
    current = _trial_of(program)
    may_not = lacking(program.held, Permission.UPLOAD)
    context = {
        "mini_program": program,
        "trial": current,
        "code": _code(current.link) if current else "",
        "applications": program.bindings.bound().applications(),
        "why_not_set": may_not or ("" if program.versions.exists() else rules.nothing_uploaded()),
        "why_not_cancel": may_not,
    }
    answer = render(request, "releases/trial.html", context)
    answer["Cache-Control"] = "no-store"
    return answer


@route(Permission.UPLOAD, load=mini_program_for, methods="GET POST")
def set_trial(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """Choose the version and the page on which it opens; without JavaScript a button shows another version's pages."""
    current = _trial_of(program)
    context: dict[str, Any] = {"cancel": _page_url(program), "mini_program": program, "trial": current}
    template = "releases/trial_form.html"
    if "pages" in request.POST:
        form = TrialForm(None, program=program, initial=request.POST.dict())
        return show(request, template, {"form": form, **context})
    form = TrialForm(posted(request), program=program, initial=_initial(request, program, current))

    def save(data: dict[str, Any]) -> TrialVersion:
        try:
            return verbs.set_trial(program, by=request.user, **data)
        except Conflict:
            form.show_conflict(_trial_of(program))
            raise

    return form_page(
        request,
        form,
        save=save,
        success=lambda saved: (
            _("%(number)s is now the trial version. It opens on %(page)s.")
            % {"number": saved.version, "page": saved.page},
            _page_url(program),
        ),
        template=template,
        **context,
    )


def _initial(request: SignedInRequest, program: MiniProgram, current: TrialVersion | None) -> dict[str, Any]:
    """Return what the form starts with: what is on trial, or the version that the address names, or the newest one."""
    named = program.versions.numbered(request.GET.get("version", "")).select_related("package").first()
    version = named or (current.version if current else None) or _newest(program)
    if version is None:
        return {}
    asked = request.GET.get("page") or (current.page if current else "")
    return {
        "version": version.number,
        "page": asked if asked in version.package.pages else version.package.entry_page,
        "query": current.query if current else "",
        "seen": current.set_at.isoformat() if current else "",
    }


def _newest(program: MiniProgram) -> Version | None:
    return program.versions.select_related("package").order_by("-uploaded_at", "-id").first()


@route(Permission.UPLOAD, load=mini_program_for, methods="GET POST")
def cancel_trial(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """End the trial: its link gives nothing any more."""
    current = _trial_of(program)
    return confirm_page(
        request,
        NoteForm(posted(request)),
        template="releases/confirm/cancel_trial.html",
        impossible=rules.why_not_cancel_trial(current),
        save=lambda data: verbs.cancel_trial(program, by=request.user, reason=data["note"]),
        toast=lambda _none: _("Trial cancelled. The QR code no longer works."),
        back=_page_url(program),
        mini_program=program,
        trial=current,
    )


@route(Permission.PUBLIC)
def landing(request: HttpRequest, token: str) -> HttpResponse:
    """What a browser shows that opens the link: scan it with the app. Says no more than who has the link may know."""
    found = TrialVersion.objects.filter(token=token).select_related("mini_program", "version")
    current = found.first() if TOKEN.fullmatch(token) else None
    if current is None:
        raise Http404
    answer = render(request, "releases/landing.html", {"program": current.mini_program, "version": current.version})
    answer["Cache-Control"] = "no-store"
    answer["X-Robots-Tag"] = "noindex, nofollow"
    answer["Referrer-Policy"] = "no-referrer"
    return answer


def _trial_of(program: MiniProgram) -> TrialVersion | None:
    facts = ("version__package", "set_by")
    return TrialVersion.objects.filter(mini_program=program).select_related(*facts).first()


def _page_url(program: MiniProgram) -> str:
    return reverse("releases:trial", args=[program.app_id])


def _code(link: str) -> SafeString:
    """Draw the QR code, black on white with its quiet zone, so that it can be scanned in dark mode, too."""
    drawn = segno.make(link, error="m", micro=False)
    svg = drawn.svg_inline(border=4, dark="#000", light="#fff", omitsize=True, svgclass="trial-code", lineclass=None)
    return mark_safe(svg)  # noqa: S308 - the library's own SVG, which holds no text
