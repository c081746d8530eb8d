"""The pages of the mini program list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import copy
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.base.accounts.access import SignedInRequest, held_by_team, route, teams_for
from console.base.accounts.filters import url_with_team
from console.base.accounts.models import Team
from console.base.accounts.permissions import Permission, lacking
from console.base.activity.models import ActivityEntry
from console.base.activity.rehearsal import Follows
from console.base.activity.views import activity_page
from console.base.core.errors import Conflict
from console.base.core.pages import NoteForm, confirm_page, form_page, named, page_of, posted
from console.base.core.sheets import is_asked, sheet
from console.base.hosts.models import HostApplication
from console.base.hosts.states import DecisionState
from miniprograms import actions
from miniprograms.access import binding_for, mini_program_for
from miniprograms.events import MiniProgramEdited
from miniprograms.filters import MiniProgramFilter, ProgramFilter
from miniprograms.forms import BindingForm, CreateForm, EditForm
from miniprograms.models import Binding, IdeDownload, MiniProgram
from miniprograms.sheets import PROGRAMS

SHOWN_ACTIVITY = 6
# What concerns devices now comes first.
BINDING_ORDER = [
    DecisionState.WAITING,
    DecisionState.APPROVED,
    DecisionState.REJECTED,
    DecisionState.ENDED,
    DecisionState.WITHDRAWN,
]


@route(Permission.SIGNED_IN)
def program_list(request: SignedInRequest) -> HttpResponse:
    """The user's mini programs, with filters, order and pages in the URL (L-2)."""
    if url := url_with_team(request):
        return redirect(url)
    held = held_by_team(request.user)
    filters = MiniProgramFilter(request)
    rows = filters.rows.select_related("team", "category")
    if is_asked(request):
        return sheet(request, rows, PROGRAMS, name="mini-programs")
    page = page_of(request, rows, count=filters.count)
    for program in page.object_list:
        program.refusal = lacking(held[program.team_id], Permission.MANAGE)
    creates = any(Permission.MANAGE in permissions for permissions in held.values())
    context = {
        "filter": filters,
        "page": page,
        "total": ngettext("%(count)d mini program", "%(count)d mini programs", filters.count)
        % {"count": filters.count},
        "create_refusal": "" if creates else lacking(frozenset(), Permission.MANAGE),
        **_newest_ide(),
    }
    return render(request, "miniprograms/list.html", context)


def programs_page(
    request: SignedInRequest,
    template: str,
    filters: ProgramFilter,
    *,
    summaries: Callable[[Iterable[MiniProgram]], Sequence[Any]],
    remembers: bool = True,
    **context: Any,
) -> HttpResponse:
    """Show a section across the user's mini programs, team filter on top: `summaries` makes the rows of a page.

    With `remembers` the team that was chosen last comes back.
    """
    if remembers and (url := url_with_team(request)):
        return redirect(url)
    page = page_of(request, filters.rows.select_related("team"), count=filters.count)
    words = ngettext("%(count)d mini program", "%(count)d mini programs", filters.count)
    total = words % {"count": filters.count}
    context |= {"filter": filters, "page": page, "rows": summaries(page.object_list), "total": total}
    return render(request, template, context)


def _newest_ide() -> dict[str, Any]:
    """Return the downloads to offer, and the newest of them for the title (L-5)."""
    systems = IdeDownload.Platform.values
    downloads = sorted(IdeDownload.objects.newest_of_each_platform(), key=lambda row: systems.index(row.platform))
    newest = max(downloads, key=lambda row: (row.released_on, row.pk), default=None)
    return {"downloads": downloads, "newest_ide": newest}


@route(Permission.MANAGE, load=teams_for, methods="GET POST")
def create(request: SignedInRequest, teams: QuerySet[Team]) -> HttpResponse:
    """Create a mini program in a team of the user's (L-1)."""
    initial = {"team": request.GET.get("team", request.session.get("team", "")), **_asked(request)}
    return form_page(
        request,
        CreateForm(posted(request), request.FILES or None, teams=teams, initial=initial),
        save=lambda data: actions.create(by=request.user, **data),
        success=lambda program: (
            _("%(program)s created. Its App ID is %(app_id)s.") % {"program": program, "app_id": program.app_id},
            program.get_absolute_url(),
        ),
        template="miniprograms/form.html",
        cancel=reverse("miniprograms:list"),
    )


def _asked(request: SignedInRequest) -> dict[str, HostApplication | None]:
    """Return the application that the link came from, if the person sees it, as the one to ask for a binding."""
    application_id = named(request, "application")
    seen = HostApplication.objects.visible_to(request.user).filter(application_id=application_id)
    return {"application": seen.first()} if application_id else {}


@route(Permission.MANAGE, load=mini_program_for, methods="GET POST")
def edit(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """Change the descriptive fields; who comes second sees what changed (L-3)."""
    form = EditForm(posted(request), request.FILES or None, program=program)

    def save(data: dict[str, Any]) -> MiniProgram:
        try:
            return actions.edit(program, by=request.user, **data)
        except Conflict:
            current = MiniProgram.objects.select_related("category").get(pk=program.pk)
            edits = ActivityEntry.objects.of_program(program.app_id).filter(verb=MiniProgramEdited.name)
            form.show_conflict(current, edits)
            raise

    return form_page(
        request,
        form,
        save=save,
        success=lambda edited: (_("%(program)s saved.") % {"program": edited}, edited.get_absolute_url()),
        template="miniprograms/form.html",
        cancel=program.get_absolute_url(),
        mini_program=program,
    )


@route(Permission.VIEW, load=mini_program_for)
def detail(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """Everything about a mini program, its applications and its activity (L-5)."""
    bindings = sorted(
        program.bindings.newest_of_each_application().select_related("application", "requested_by", "ended_by"),
        key=lambda binding: (BINDING_ORDER.index(binding.state), -binding.pk),
    )
    refusal = lacking(program.held, Permission.MANAGE)
    ask_refusal = refusal
    if not refusal and not program.askable_applications().exists():
        ask_refusal = _("You have already requested or bound every app that accepts bindings.")
    context = {
        "mini_program": program,
        "bindings": bindings,
        "bound": sum(binding.state == DecisionState.APPROVED for binding in bindings),
        "refusal": refusal,
        "ask_refusal": ask_refusal,
        "needs": Permission.MANAGE,
        **_newest_ide(),
        "entries": ActivityEntry.objects.of_program(program.app_id)[:SHOWN_ACTIVITY],
    }
    return render(request, "miniprograms/detail.html", context)


@route(Permission.VIEW, load=mini_program_for)
def activity(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """Everything that was done with the mini program (P-5)."""
    return activity_page(request, ActivityEntry.objects.of_program(program.app_id), mini_program=program)


@route(Permission.SIGNED_IN)
def ide_downloads(request: SignedInRequest) -> HttpResponse:
    """Every version of the IDE, newest first (L-5)."""
    return render(request, "miniprograms/ide_downloads.html", {"downloads": IdeDownload.objects.all()})


# Shelf ------------------------------------------------------------------------------------------------------------


@route(Permission.MANAGE, load=mini_program_for, methods="GET POST", sudo=True)
def take_off_shelf(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """Take the program from every application (L-4)."""
    return _shelf_dialog(
        request,
        program,
        NoteForm(posted(request), needed=True),
        template="miniprograms/confirm/take_off_shelf.html",
        save=lambda data: actions.take_off_shelf(program, by=request.user, reason=data["note"]),
        toast=_("%(program)s is off the shelf."),
        follows=Follows(lambda: actions.take_off_shelf(program, by=request.user, reason="")),
    )


@route(Permission.MANAGE, load=mini_program_for, methods="GET POST")
def put_on_shelf(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """Let the applications get the program again (L-4)."""
    return _shelf_dialog(
        request,
        program,
        NoteForm(posted(request)),
        template="miniprograms/confirm/put_on_shelf.html",
        save=lambda data: actions.put_on_shelf(program, by=request.user, reason=data["note"]),
        toast=_("%(program)s is on the shelf."),
        follows=Follows(lambda: actions.put_on_shelf(program, by=request.user)),
    )


def _shelf_dialog(
    request: SignedInRequest, program: MiniProgram, form: forms.Form, *, toast: str, **context: Any
) -> HttpResponse:
    return confirm_page(
        request,
        form,
        toast=lambda shelved: toast % {"program": shelved},
        back=program.get_absolute_url(),
        mini_program=program,
        applications=list(program.bindings.bound().applications()),
        **context,
    )


# Bindings ---------------------------------------------------------------------------------------------------------


@route(Permission.MANAGE, load=mini_program_for, methods="GET POST")
def ask_for_binding(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """Ask a host application for a binding (L-6)."""
    return form_page(
        request,
        BindingForm(posted(request), applications=program.askable_applications()),
        save=lambda data: actions.request_binding(program, by=request.user, **data),
        success=lambda binding: (
            _("Request sent to %(application)s. Its reviewers will decide.") % {"application": binding.application},
            program.get_absolute_url(),
        ),
        template="miniprograms/ask_for_binding.html",
        cancel=program.get_absolute_url(),
        mini_program=program,
    )


@route(Permission.MANAGE, load=binding_for, methods="GET POST")
def withdraw_binding(request: SignedInRequest, binding: Binding) -> HttpResponse:
    """Take back a request that waits (L-6)."""
    return confirm_page(
        request,
        forms.Form(posted(request)),
        template="miniprograms/confirm/withdraw_binding.html",
        save=lambda data: actions.withdraw_binding(binding, by=request.user),
        toast=lambda _binding: _("Request to %(application)s withdrawn.") % {"application": binding.application},
        back=binding.mini_program.get_absolute_url(),
        mini_program=binding.mini_program,
        binding=binding,
    )


@route(Permission.MANAGE, load=binding_for, methods="GET POST", sudo=True)
def unbind(request: SignedInRequest, binding: Binding) -> HttpResponse:
    """End a binding: the application no longer gets the program (L-6)."""
    program, application = binding.mini_program, binding.application
    return confirm_page(
        request,
        NoteForm(posted(request)),
        template="miniprograms/confirm/unbind.html",
        save=lambda data: actions.unbind(binding, by=request.user, reason=data["note"]),
        toast=lambda _binding: _("%(application)s unbound.") % {"application": application},
        back=program.get_absolute_url(),
        mini_program=program,
        host=application,
        applications=[application],
        is_last=not program.bindings.bound().exclude(pk=binding.pk).exists(),
        follows=Follows(lambda: actions.unbind(copy(binding), by=request.user)),
    )
