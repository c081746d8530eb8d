"""The pages of grayscale tasks: across programs, of one program, and the form (G-1, G-8, G-10)."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.base.accounts.access import SignedInRequest, held_by_team, route
from console.base.accounts.filters import url_with_team
from console.base.accounts.permissions import Permission, lacking
from console.base.core.errors import Conflict
from console.base.core.pages import form_page, page_of, posted
from console.base.core.sheets import is_asked, sheet
from grayscale import actions, rules
from grayscale.access import task_for, task_of
from grayscale.diagram import pictures
from grayscale.filters import OverviewFilter, TaskFilter
from grayscale.forms.editing import EditTaskForm
from grayscale.forms.preview import Preview
from grayscale.forms.task import TaskForm, values_for_copy
from grayscale.history import edits_of
from grayscale.models import GrayscaleTask
from grayscale.presenters.tasks import rows_of, with_facts
from grayscale.sheets import TASKS
from miniprograms.access import mini_program_for
from miniprograms.models import MiniProgram

TEMPLATE = "grayscale/form.html"


@route(Permission.SIGNED_IN)
def overview(request: SignedInRequest) -> HttpResponse:
    """The tasks of all my programs, newest first."""
    if url := url_with_team(request):
        return redirect(url)
    at = timezone.now()
    filters = OverviewFilter(request, at=at)
    if is_asked(request):
        return _sheet(request, filters, name="grayscale-tasks")
    page = page_of(request, with_facts(filters.rows), count=filters.count)
    context = {
        "filter": filters,
        "page": page,
        "rows": rows_of(page, at=at, held=held_by_team(request.user)),
        "total": _total(filters.count),
        "across": True,
    }
    return render(request, "grayscale/overview.html", context)


def _sheet(request: SignedInRequest, filters: TaskFilter | OverviewFilter, *, name: str) -> HttpResponse:
    rows = with_facts(filters.rows)
    return sheet(request, rows, TASKS, name=name, of=lambda batch: rows_of(batch, at=filters.at, held={}))


@route(Permission.VIEW, load=mini_program_for)
def tasks(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """One program's tasks, newest first, and how a task moves (G-10)."""
    at, candidates = timezone.now(), _candidates(program)
    filters = TaskFilter(request, program.grayscale_tasks.all(), at=at)
    if is_asked(request):
        return _sheet(request, filters, name=f"grayscale-tasks-{program.app_id}")
    page = page_of(request, with_facts(filters.rows), count=filters.count)
    context = {
        "mini_program": program,
        "filter": filters,
        "page": page,
        "rows": rows_of(page, at=at, held={program.team_id: program.held}),
        "total": _total(filters.count),
        "why_not_create": _why_not_create(program, candidates),
        "needs": Permission.MANAGE,
        "candidates": candidates,
        "diagram": pictures(),
    }
    return render(request, "grayscale/tasks.html", context)


def _total(count: int) -> str:
    return ngettext("%(count)d task", "%(count)d tasks", count) % {"count": count}


def _candidates(program: MiniProgram) -> int:
    """How many versions may be tried."""
    found: int = program.versions.ahead().count()
    return found


def _why_not_create(program: MiniProgram, candidates: int) -> str:
    return lacking(program.held, Permission.MANAGE) or rules.why_not_create(program, candidates=candidates)


def tasks_url(program: MiniProgram) -> str:
    """The address of a program's tasks."""
    return reverse("grayscale:tasks", args=[program.app_id])


# The form ---------------------------------------------------------------------------------------------------------


@route(Permission.MANAGE, load=mini_program_for, methods="GET POST")
def create(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """A new task (G-1); `?version=2.5.0` chooses the version."""
    chosen = program.versions.numbered(request.GET.get("version", "")).first()
    impossible = ""
    if chosen:
        impossible = rules.why_not_version(program, chosen, online=program.versions.online().first())
    return _new(request, program, {"version": chosen.pk} if chosen else {}, impossible=impossible)


@route(Permission.MANAGE, load=task_for, methods="GET POST")
def copy(request: SignedInRequest, task: GrayscaleTask) -> HttpResponse:
    """A new task, from the settings of an old one (G-8)."""
    return _new(request, task.mini_program, values_for_copy(task), copied=task)


def _new(
    request: SignedInRequest,
    program: MiniProgram,
    initial: dict[str, Any],
    *,
    copied: GrayscaleTask | None = None,
    impossible: str = "",
) -> HttpResponse:
    form = TaskForm(
        posted(request), request.FILES or None, program=program, by=request.user, initial=initial, copy_of=copied
    )
    return form_page(
        request,
        form,
        impossible=_why_not_create(program, _candidates(program)) or impossible,
        save=lambda data: actions.create(program, by=request.user, settings=form.settings()),
        success=lambda task: (_created(task), tasks_url(program)),
        template=TEMPLATE,
        cancel=tasks_url(program),
        preview=Preview(form, at=timezone.now()),
        preview_url=reverse("grayscale:preview", args=[program.app_id]) + (f"?copy={copied.pk}" if copied else ""),
        mini_program=program,
        copied=copied,
    )


def _created(task: GrayscaleTask) -> str:
    if task.starts_at <= timezone.now():
        return _("“%(task)s” created. It is delivering now.") % {"task": task}
    return _("“%(task)s” created. It starts at its start time.") % {"task": task}


@route(Permission.MANAGE, load=task_for, methods="GET POST")
def edit(request: SignedInRequest, task: GrayscaleTask) -> HttpResponse:
    """Change a task; who comes second sees what changed (G-8, L-3)."""
    program = task.mini_program
    form = EditTaskForm(posted(request), request.FILES or None, task=task, by=request.user)

    def save(data: dict[str, Any]) -> GrayscaleTask:
        try:
            confirmed = {"anyway": data["anyway"], "reason": data["note"]}
            return actions.edit(task, by=request.user, revision=data["revision"], settings=form.settings(), **confirmed)
        except Conflict:
            current = GrayscaleTask.objects.get(pk=task.pk)
            form.show_conflict(current, edits_of(task))
            raise

    return form_page(
        request,
        form,
        save=save,
        impossible=rules.why_not_edit(task, at=timezone.now()),
        success=lambda edited: (_("“%(task)s” saved.") % {"task": edited}, edited.get_absolute_url()),
        template=TEMPLATE,
        cancel=task.get_absolute_url(),
        preview=Preview(form, at=timezone.now()),
        preview_url=f"{reverse('grayscale:preview', args=[program.app_id])}?task={task.pk}",
        mini_program=program,
        task=task,
    )


@route(Permission.MANAGE, load=mini_program_for, methods="POST")
def preview(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """The side column of the form for what is typed so far; nothing is kept, nothing refused."""
    form: TaskForm
    if task := task_of(program, request.GET.get("task", "")):
        form = EditTaskForm(request.POST, None, task=task, by=request.user)
    else:
        copied = task_of(program, request.GET.get("copy", ""))
        form = TaskForm(request.POST, None, program=program, by=request.user, copy_of=copied)
    context = {"form": form, "preview": Preview(form, at=timezone.now()), "mini_program": program, "live": True}
    return render(request, "grayscale/preview.html", context)
