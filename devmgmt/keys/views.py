"""The pages of key management (K-1, K-2): team administrators only."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.db.models import Max, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.base.accounts.access import SignedInRequest, check, route, teams_for
from console.base.accounts.models import Team
from console.base.accounts.permissions import Permission
from console.base.activity.filters import EntriesFilter
from console.base.activity.rehearsal import Follows
from console.base.core import times
from console.base.core.pages import NoteForm, Shown, confirm_page, page_of, posted, secret_page
from console.base.core.states import badge_of
from console.base.core.text import all_of
from devmgmt.keys import actions, rules
from devmgmt.keys.filters import OverviewFilter
from devmgmt.keys.forms import ResetForm
from devmgmt.keys.models import AccessToken, AppSecret
from devmgmt.keys.presenters import figures_of, history_of, moves, summaries
from devmgmt.keys.states import Overlap
from miniprograms.access import mini_program_for
from miniprograms.models import MiniProgram
from miniprograms.views import programs_page


@route(Permission.ADMINISTER, load=teams_for)
def overview(request: SignedInRequest, teams: QuerySet[Team]) -> HttpResponse:
    """The programs of the teams that I administer: state of the secret, last use, older ones that still work."""
    administered = {str(row.team_id): row.may(Permission.ADMINISTER) for row in request.user.team_roles}
    check(administered.get(request.GET.get("team", ""), True))
    # A team that the user remembers from another section may be one that they don't administer.
    comes_back = "team" in request.GET or administered.get(request.session.get("team", ""), False)
    at = timezone.now()
    return programs_page(
        request,
        "keys/overview.html",
        OverviewFilter(request),
        summaries=lambda programs: summaries(programs, at=at),
        remembers=comes_back,
    )


@route(Permission.ADMINISTER, load=mini_program_for)
def keys(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """The program's secret without the secret itself, its uses, its tokens, and what was done with it."""
    [summary] = summaries([program], at=timezone.now())
    filters = EntriesFilter(request.GET, history_of(program), request=request)
    current, history = summary.current, page_of(request, filters.qs)
    total = history.paginator.count
    context = {
        "mini_program": program,
        "summary": summary,
        "figures": figures_of(summary),
        "filter": filters,
        "history": moves(history),
        "page": history,
        "total": ngettext("%(count)d entry", "%(count)d entries", total) % {"count": total},
        "why_not_generate": rules.why_not_generate(current),
        "why_not_reset": rules.why_not_reset(current),
        "why_not_freeze": rules.why_not_freeze(current),
    }
    return render(request, "keys/keys.html", context)


@route(Permission.ADMINISTER, load=mini_program_for, methods="GET POST", sudo=True)
def generate(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """Make the first secret; the answer shows it once."""
    return _secret_dialog(
        request,
        program,
        NoteForm(posted(request)),
        template="keys/confirm/generate.html",
        make=lambda data: actions.generate(program, by=request.user, reason=data["note"]),
    )


@route(Permission.ADMINISTER, load=mini_program_for, methods="GET POST", sudo=True)
def reset(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """Replace the secret; the answer shows the new one once."""
    current = _current(program)
    return _secret_dialog(
        request,
        program,
        ResetForm(posted(request), initial={"seen": current.pk if current else 0}),
        template="keys/confirm/reset.html",
        make=lambda data: actions.reset(
            program, seen=data["seen"], overlap=data["overlap"], reason=data["note"], by=request.user
        ),
        current=current,
        stop_now=Overlap.NONE.label,
        **_at_stake(program),
    )


@route(Permission.ADMINISTER, load=mini_program_for, methods="GET POST", sudo=True)
def freeze(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """Refuse every use immediately."""
    return _confirm(
        request,
        program,
        NoteForm(posted(request), needed=True, help_text=_("The team’s other administrators will see it.")),
        template="keys/confirm/freeze.html",
        save=lambda data: actions.freeze(program, reason=data["note"], by=request.user),
        toast=_("Secret frozen. Requests that use it are now rejected."),
        follows=Follows(lambda: actions.freeze(program, reason="-", by=request.user)),
        **_at_stake(program),
    )


@route(Permission.ADMINISTER, load=mini_program_for, methods="GET POST", sudo=True)
def unfreeze(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """Let it work again."""
    return _confirm(
        request,
        program,
        NoteForm(posted(request)),
        template="keys/confirm/unfreeze.html",
        save=lambda data: actions.unfreeze(program, reason=data["note"], by=request.user),
        toast=_("Secret unfrozen. It works again."),
        follows=Follows(lambda: actions.unfreeze(program, reason="-", by=request.user)),
    )


def _current(program: MiniProgram) -> AppSecret | None:
    return AppSecret.objects.current().filter(mini_program=program).first()


def _address(program: MiniProgram) -> str:
    return reverse("keys:keys", args=[program.app_id])


def _confirm(
    request: SignedInRequest, program: MiniProgram, form: forms.Form, *, toast: str, **context: Any
) -> HttpResponse:
    """Ask in a dialog, run the verb, and return to the program's page."""
    state = rules.state_of(_current(program))
    return confirm_page(
        request,
        form,
        toast=lambda _row: toast,
        back=_address(program),
        mini_program=program,
        state=_("None") if state == rules.NONE_YET else badge_of(state)[1],
        **context,
    )


def _secret_dialog(
    request: SignedInRequest,
    program: MiniProgram,
    form: forms.Form,
    *,
    make: Callable[[dict[str, Any]], actions.Made],
    **context: Any,
) -> HttpResponse:
    """Ask in a dialog, then show the secret."""
    return secret_page(
        request,
        form,
        make=make,
        shown=partial(_shown, program),
        mini_program=program,
        cancel=_address(program),
        **context,
    )


def _shown(program: MiniProgram, made: actions.Made) -> Shown:
    old = AppSecret.objects.exclude(ends_at=None).usable(at=timezone.now()).filter(mini_program=program)
    ends_at = old.order_by("ends_at").values_list("ends_at", flat=True).last()
    words = _("The old secret works until %(time)s. Issued access tokens expire at their own time.")
    warnings = [words % {"time": times.full(ends_at)}] if ends_at else []
    if made.row.frozen_at:
        warnings.append(_("The new secret is frozen like the old one. Unfreeze it before you use it."))
    return Shown(
        title=_("New secret of %(program)s") % {"program": program},
        value=made.secret,
        file_name=f"{program.app_id}-secret.txt",
        done=_address(program),
        warning=" ".join(warnings),
    )


def _at_stake(program: MiniProgram) -> dict[str, Any]:
    """Return what a move ends: the access tokens that live, and the first applications whose users are cut off."""
    names = [application.name for application in program.bindings.bound().applications()[:5]]
    at = timezone.now()
    tokens = AccessToken.objects.filter(mini_program=program).active(at=at)
    older = AppSecret.objects.exclude(ends_at=None).usable(at=at).filter(mini_program=program)
    return {
        "live_tokens": tokens.count(),
        "last_token": tokens.aggregate(last=Max("expires_at"))["last"],
        "older": older.count(),
        "cut_off": all_of(names),
    }
