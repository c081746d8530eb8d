"""How far a task is, and what a device runs and why (G-11, G-12)."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from console.base.accounts.access import SignedInRequest, route
from console.base.accounts.permissions import Permission, lacking
from grayscale import rules
from grayscale.access import task_for
from grayscale.conditions import APPLICATION, CHOICES, LISTED, PLATFORM
from grayscale.forms.device import DeviceForm
from grayscale.models import GrayscaleTask
from grayscale.presenters.explanation import explain as explanation_of
from grayscale.presenters.progress import Progress
from grayscale.presenters.reach import ranged
from miniprograms.access import mini_program_for
from miniprograms.models import MiniProgram
from releases.field.models import SeenDevice
from releases.field.states import Platform

SEEN_SHOWN = 8


@route(Permission.VIEW, load=task_for)
def progress(request: SignedInRequest, task: GrayscaleTask) -> HttpResponse:
    """One task: its numbers, curve, splits, timeline, and the box that explains a device."""
    form = DeviceForm(request.GET, program=task.mini_program)
    context = {**_live(task), "conditions": _conditions(task), "form": form}
    if form.is_bound and form.is_valid():
        context["explanation"] = explanation_of(task.mini_program, form.device(), at=timezone.now(), task=task)
    return render(request, "grayscale/progress.html", context)


@route(Permission.VIEW, load=task_for)
def live(request: SignedInRequest, task: GrayscaleTask) -> HttpResponse:
    """The parts of the page that change by themselves."""
    return render(request, "grayscale/progress_live.html", _live(task))


def _live(task: GrayscaleTask) -> dict[str, Any]:
    """The facts of what changes by itself, and why which action is impossible now."""
    at = timezone.now()
    progress = Progress(task, at)
    missing = lacking(task.mini_program.held, Permission.MANAGE)
    return {
        "mini_program": task.mini_program,
        "task": task,
        "progress": progress,
        "chart": "" if progress.is_forgotten else json.dumps(progress.chart),
        "why_not_edit": missing or rules.why_not_edit(task, at=at),
        "why_not_start": missing or rules.why_not_start(task, at=at),
        "why_not_suspend": missing or rules.why_not_suspend(task, at=at),
        "why_not_resume": missing or rules.why_not_resume(task, at=at),
        "why_not_end": missing or rules.why_not_end(task, at=at),
        "why_not_copy": missing,
        "needs": Permission.MANAGE,
    }


def _conditions(task: GrayscaleTask) -> list[tuple[str, list[str]]]:
    """Whom the task reaches, label and words of each condition; no words do not restrict."""
    lists: dict[str, int] = {}
    for kind, count in task.object_lists.values_list("kind", "count"):
        lists[kind] = lists.get(kind, 0) + count
    applications = [
        ranged(str(row.application), row.lowest, row.highest) for row in task.applications.select_related("application")
    ]
    platforms = [
        ranged(str(row), row.lowest, row.highest)
        if row.lowest or row.highest
        else _("any %(platform)s") % {"platform": row}
        for row in task.platforms.all()
    ]
    choices = [(str(one.label), one.words(getattr(task, one.of_task))) for one in CHOICES]
    return [
        (str(APPLICATION.label), applications),
        (str(PLATFORM.label), platforms),
        (_("Objects"), [one.words(lists[kind]) for kind, one in LISTED.items() if kind in lists]),
        *((label, [words] if words else []) for label, words in choices),
    ]


@route(Permission.VIEW, load=mini_program_for)
def explain(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """What a device runs now, by all running and recently ended tasks of the program."""
    form = DeviceForm(request.GET, program=program)
    context: dict[str, Any] = {"mini_program": program, "form": form}
    if not form.is_bound:
        seen = SeenDevice.objects.filter(mini_program=program).select_related("application")
        labels = {str(value): str(label) for value, label in Platform.choices}
        rows = seen.order_by("-seen_at")[:SEEN_SHOWN]
        context["seen"] = [(row, labels.get(row.platform, row.platform)) for row in rows]
    elif form.is_valid():
        context["explanation"] = explanation_of(program, form.device(), at=timezone.now())
    return render(request, "grayscale/explain.html", context)
