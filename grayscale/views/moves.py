"""The confirmations of what moves a task: start, suspend, resume, end (G-4, G-6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from console.base.accounts.access import SignedInRequest, route
from console.base.accounts.permissions import Permission
from console.base.activity.rehearsal import Follows
from console.base.core.pages import NoteForm, form_page, posted
from grayscale import actions, rules
from grayscale.access import task_for
from grayscale.evidence import evidence_now, evidence_of_look
from grayscale.forms.editing import EndForm, ResumeForm
from grayscale.guardrail_words import harm_of
from grayscale.models import GrayscaleTask
from grayscale.states import Reason, TaskState
from releases.field.errors import Evidence


@route(Permission.MANAGE, load=task_for, methods="GET POST")
def start(request: SignedInRequest, task: GrayscaleTask) -> HttpResponse:
    """Deliver now, before the start time."""
    return _dialog(
        request,
        task,
        forms.Form(posted(request)),
        template="grayscale/confirm/start.html",
        impossible=rules.why_not_start(task, at=timezone.now()),
        save=lambda data: actions.start(task, by=request.user),
        toast=_("“%(task)s” is delivering."),
        rehearsed=lambda: actions.start(task, by=request.user),
        left=task.user_limit,
    )


@route(Permission.MANAGE, load=task_for, methods="GET POST")
def suspend(request: SignedInRequest, task: GrayscaleTask) -> HttpResponse:
    """Take no new users for now."""
    return _dialog(
        request,
        task,
        NoteForm(posted(request)),
        template="grayscale/confirm/suspend.html",
        impossible=rules.why_not_suspend(task, at=timezone.now()),
        save=lambda data: actions.suspend(task, by=request.user, reason=data["note"]),
        toast=_("“%(task)s” suspended."),
        rehearsed=lambda: actions.suspend(task, by=request.user),
        delivered=task.places_taken(),
    )


@route(Permission.MANAGE, load=task_for, methods="GET POST")
def resume(request: SignedInRequest, task: GrayscaleTask) -> HttpResponse:
    """Take new users again."""
    delivered = task.places_taken()
    return _dialog(
        request,
        task,
        ResumeForm(posted(request), task=task),
        template="grayscale/confirm/resume.html",
        impossible=rules.why_not_resume(task, at=timezone.now()),
        save=lambda data: actions.resume(task, by=request.user, reason=data["note"], anyway=data.get("anyway", False)),
        toast=_("“%(task)s” is delivering again."),
        rehearsed=lambda: actions.resume(task, by=request.user, reason="-", anyway=True),
        evidence=_evidence(task) if task.state_reason == Reason.GUARDRAIL else None,
        harm=harm_of(task),
        delivered=delivered,
        left=max(task.user_limit - delivered, 0),
    )


@route(Permission.MANAGE, load=task_for, methods="GET POST")
def end(request: SignedInRequest, task: GrayscaleTask) -> HttpResponse:
    """Give the version to nobody any more; who has it keeps it or is pulled back (G-6)."""
    at = timezone.now()
    running = list(task.mini_program.grayscale_tasks.running(at=at).exclude(pk=task.pk).select_related("version"))
    others = [other for other in running if other.state_at(at) != TaskState.PENDING]
    form = EndForm(posted(request), task=task, delivered=task.places_taken(), others=others)
    return _dialog(
        request,
        task,
        form,
        template="grayscale/confirm/end.html",
        impossible=rules.why_not_end(task, at=at),
        save=lambda data: actions.end(task, by=request.user, reason=data["note"], pull_back=form.pulls_back),
        toast=_("“%(task)s” ended."),
        rehearsed=lambda: actions.end(task, by=request.user),
        same_version_runs=any(other.version_id == task.version_id for other in running),
    )


def _evidence(task: GrayscaleTask) -> Evidence | None:
    """Return what its devices tell now; what its guardrail saw last where none does."""
    now = evidence_now(task, at=timezone.now())
    return now if now.ours.figures.devices else evidence_of_look(task, number=task.version.number)


def _dialog(
    request: SignedInRequest,
    task: GrayscaleTask,
    form: forms.Form,
    *,
    toast: str,
    impossible: str,
    rehearsed: Callable[[], Any],
    **context: Any,
) -> HttpResponse:
    """Ask, and say what follows from the verb, which is `rehearsed` unless it is refused anyway."""
    return form_page(
        request,
        form,
        impossible=impossible,
        follows=None if impossible else Follows(rehearsed),
        success=lambda moved: (toast % {"task": moved}, _back(request, task)),
        cancel=task.get_absolute_url(),
        mini_program=task.mini_program,
        task=task,
        version=task.version,
        state=TaskState(task.state_at(timezone.now())).label,
        applications=[row.application for row in task.applications.select_related("application")],
        **context,
    )


def _back(request: SignedInRequest, task: GrayscaleTask) -> str:
    """Return the list that the dialog was opened in, with its filters; else the task's own page."""
    try:
        here = urlsplit(request.headers.get("HX-Current-URL", ""))
    except ValueError:  # an address that is none
        return task.get_absolute_url()
    lists = {reverse("grayscale:overview"), reverse("grayscale:tasks", args=[task.mini_program.app_id])}
    if here.path in lists:
        return f"{here.path}?{here.query}" if here.query else here.path
    return task.get_absolute_url()
