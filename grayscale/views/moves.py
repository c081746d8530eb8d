"""The confirmations of what moves a task: start, suspend, resume, end (G-4, G-6)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.base.accounts.access import SignedInRequest, route
from console.base.accounts.permissions import Permission
from console.base.core import times
from console.base.core.pages import NoteForm, form_page, posted
from grayscale import actions
from grayscale.access import task_for
from grayscale.forms.editing import EndForm
from grayscale.models import GrayscaleTask
from grayscale.states import TaskState


@route(Permission.MANAGE, load=task_for, methods="GET POST")
def start(request: SignedInRequest, task: GrayscaleTask) -> HttpResponse:
    """Deliver now, before the start time."""
    effects = [
        (
            "device-mobile",
            _("Devices that meet the conditions get %(number)s at their next start.") % {"number": task.version},
        ),
        ("users", _users(task, 0)),
        ("calendar-x", _("It ends on %(end)s, as planned.") % {"end": times.exact(task.ends_at)}),
    ]
    return _dialog(
        request,
        task,
        forms.Form(posted(request)),
        save=lambda data: actions.start(task, by=request.user),
        toast=_("“%(task)s” delivers."),
        title=_("Start “%(task)s” now?") % {"task": task},
        change=[(_("Start time"), times.exact(task.starts_at)), (_("After this"), _("Now"))],
        effects=effects,
        verb=_("Start now"),
        icon="player-play",
    )


@route(Permission.MANAGE, load=task_for, methods="GET POST")
def suspend(request: SignedInRequest, task: GrayscaleTask) -> HttpResponse:
    """Take no new users for now."""
    delivered = task.places_taken()
    keep = ngettext(
        "%(count)s device that has %(number)s keeps it.", "%(count)s devices that have %(number)s keep it.", delivered
    )
    return _dialog(
        request,
        task,
        NoteForm(posted(request)),
        save=lambda data: actions.suspend(task, by=request.user, reason=data["note"]),
        toast=_("“%(task)s” is suspended."),
        title=_("Suspend “%(task)s”?") % {"task": task},
        change=[_state(task), (_("After this"), str(TaskState.SUSPENDED.label))],
        effects=[
            ("user-off", _("At once no new device gets %(number)s.") % {"number": task.version}),
            ("device-mobile", keep % {"count": f"{delivered:,}", "number": task.version}),
            ("player-play", _("It can be resumed until its end, %(end)s.") % {"end": times.exact(task.ends_at)}),
        ],
        verb=_("Suspend"),
        icon="player-pause",
    )


@route(Permission.MANAGE, load=task_for, methods="GET POST")
def resume(request: SignedInRequest, task: GrayscaleTask) -> HttpResponse:
    """Take new users again."""
    effects = [
        (
            "device-mobile",
            _("Devices that meet the conditions get %(number)s at their next start.") % {"number": task.version},
        ),
        ("users", _users(task, task.places_taken())),
    ]
    if task.guardrail:
        effects.append(("shield", _guarded_anew(task.guardrail.devices)))
    return _dialog(
        request,
        task,
        NoteForm(posted(request)),
        save=lambda data: actions.resume(task, by=request.user, reason=data["note"]),
        toast=_("“%(task)s” delivers again."),
        title=_("Resume “%(task)s”?") % {"task": task},
        change=[_state(task), (_("After this"), str(TaskState.DELIVERING.label))],
        effects=effects,
        verb=_("Resume"),
        icon="player-play",
    )


@route(Permission.MANAGE, load=task_for, methods="GET POST")
def end(request: SignedInRequest, task: GrayscaleTask) -> HttpResponse:
    """Give the version to nobody any more; who has it keeps it or is pulled back (G-6)."""
    form = EndForm(posted(request), task=task, delivered=task.places_taken())
    effects = [
        ("user-off", _("From this task no other device gets %(number)s.") % {"number": task.version}),
        ("lock", _("The end is final. To go on, copy the task.")),
    ]
    same_version = GrayscaleTask.objects.running(at=timezone.now()).filter(version=task.version).exclude(pk=task.pk)
    if same_version.exists():
        words = _("Another task of %(number)s still runs: who has a place there keeps it.")
        effects.append(("users", words % {"number": task.version}))
    return _dialog(
        request,
        task,
        form,
        save=lambda data: actions.end(task, by=request.user, reason=data["note"], pull_back=form.pulls_back),
        toast=_("“%(task)s” has ended."),
        title=_("End “%(task)s”?") % {"task": task},
        change=[_state(task), (_("After this"), str(TaskState.ENDED.label))],
        effects=effects,
        verb=_("End task"),
        icon="player-stop",
        danger=True,
    )


def _state(task: GrayscaleTask) -> tuple[str, str]:
    return _("Now"), str(TaskState(task.state_at(timezone.now())).label)


def _guarded_anew(devices: int) -> str:
    words = ngettext(
        "The guardrail forgets what it has seen. It acts again from %(count)s device with news on.",
        "The guardrail forgets what it has seen. It acts again from %(count)s devices with news on.",
        devices,
    )
    return words % {"count": f"{devices:,}"}


def _users(task: GrayscaleTask, delivered: int) -> str:
    left = max(task.user_limit - delivered, 0)
    words = ngettext("At most %(count)s user gets it.", "At most %(count)s users get it.", left)
    if delivered:
        words = ngettext("At most %(count)s more user gets it.", "At most %(count)s more users get it.", left)
    return words % {"count": f"{left:,}"}


def _dialog(
    request: SignedInRequest, task: GrayscaleTask, form: forms.Form, *, toast: str, **context: Any
) -> HttpResponse:
    applications = [row.application for row in task.applications.select_related("application")]
    count = len(applications)
    return form_page(
        request,
        form,
        success=lambda moved: (toast % {"task": moved}, _back(request, task)),
        template="core/confirm.html",
        applications=applications,
        devices=ngettext("%(count)d application", "%(count)d applications", count) % {"count": count},
        cancel=task.get_absolute_url(),
        mini_program=task.mini_program,
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
