"""Grayscale tasks: list, create, change, and every move of the pages (A-2, G-1 to G-10)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, cast

from django import forms
from django.conf import settings
from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from ninja import Body, Field, File, Form, Query, Schema, Status
from ninja.files import UploadedFile

from console.api.manage.api import api
from console.api.manage.endpoint import ApiRequest, endpoint
from console.api.manage.operations.checking import Reason, checked, reason_of
from console.api.manage.operations.task_forms import (
    AppRange,
    Guardrail,
    PlatformRange,
    TaskChange,
    TaskEdit,
    TaskNew,
    copied_task,
    edited_task,
    new_task,
)
from console.api.manage.paging import Asked, Page, page_of
from console.api.manage.states import Scope
from console.base.accounts.permissions import Permission
from console.base.core.uploads import UploadField
from grayscale import actions, importing
from grayscale.access import object_list_for, task_for, task_of
from grayscale.forms.editing import ResumeForm
from grayscale.models import GrayscaleTask, ObjectList
from grayscale.presenters.tasks import with_facts
from grayscale.states import ObjectKind, TaskState
from miniprograms.access import mini_program_for
from miniprograms.models import MiniProgram

TAGS = ["Grayscale"]
ALL = "/programs/{app_id}/grayscale"
LISTS = f"{ALL}/lists"
ONE = f"{ALL}/{{task_id}}"
TEXT = "text/plain; charset=utf-8"


class TasksAsked(Asked):
    """Which tasks."""

    state: Literal["", "pending", "delivering", "suspended", "ended"] = Field("", description="empty: all")


class ReachedApplication(AppRange):
    """A host app that the task reaches."""

    name: str


class ObjectListOut(Schema):
    """A list of objects: devices, ids or accounts."""

    id: int
    kind: str
    filename: str
    count: int = Field(description="values, without duplicates")


class InvalidLine(Schema):
    """A line that is none of the kind."""

    number: int
    text: str


class ObjectListRead(ObjectListOut):
    """What was read of a list, to be accepted when a task takes it."""

    lines: int
    blanks: int
    duplicates: int
    invalid: int
    invalid_lines: list[InvalidLine] = Field(description="the first ones")


class Task(Schema):
    """A grayscale task."""

    id: int
    name: str
    version: str
    state: str
    state_reason: str = Field(description="why it is in the state, where it did not simply start")
    state_changed_at: datetime
    starts_at: datetime
    ends_at: datetime
    user_limit: int
    delivered: int = Field(description="devices that have a place")
    applications: list[ReachedApplication]
    platforms: list[PlatformRange] = Field(description="empty: any")
    networks: list[str] = Field(description="empty: any")
    objects: list[ObjectListOut]
    guardrail: Guardrail | None
    revision: int = Field(description="to be sent with a change")
    created_by: str
    created_at: datetime
    url: str = Field(description="its page in the console")


class Resuming(Reason):
    """Why, and whether that the guardrail had suspended it is known."""

    anyway: bool = Field(False, description="resume what the guardrail suspended; needs a reason")


class Ending(Reason):
    """Why, and what becomes of the devices that run the version."""

    pull_back: bool = Field(False, description="they return to the online version; else they keep it")


class ListForm(forms.Form):
    """A txt of values, one a line."""

    kind = forms.ChoiceField(choices=ObjectKind.choices)
    file = UploadField(allow_empty_file=True)


@endpoint(api.get, ALL, Scope.READ, Permission.VIEW, load=mini_program_for, response=Page[Task], tags=TAGS)
def list_tasks(request: ApiRequest, program: MiniProgram, asked: Annotated[TasksAsked, Query()]) -> dict[str, Any]:
    """List a program's grayscale tasks, newest first."""
    at, rows = timezone.now(), program.grayscale_tasks.all()
    found = getattr(rows, asked.state)(at=at) if asked.state else rows
    return page_of(with_facts(found).select_related("created_by"), asked, lambda task: task_out(task, at=at))


@endpoint(api.post, ALL, Scope.ROLLOUT, Permission.MANAGE, load=mini_program_for, response={201: Task}, tags=TAGS)
def create_task(request: ApiRequest, program: MiniProgram, body: Annotated[TaskNew, Body()]) -> Status[dict[str, Any]]:
    """Create a task; it delivers immediately if its start time has passed (G-1)."""
    chosen = new_task(program, body, by=request.user)
    return Status(201, _read(actions.create(program, by=request.user, settings=chosen)))


@endpoint(
    api.post, LISTS, Scope.ROLLOUT, Permission.MANAGE, load=mini_program_for, response={201: ObjectListRead}, tags=TAGS
)
def upload_object_list(
    request: ApiRequest,
    program: MiniProgram,
    file: Annotated[UploadedFile, File(description="txt, one value a line")],
    kind: Annotated[str, Form(description="guid, device_id or account")],
    task_id: Annotated[str, Form(description="id of a task that has started, to drop what its lists have")] = "",
) -> Status[dict[str, Any]]:
    """Upload a txt list of up to a million values; use its ID in a task within a day (G-3).

    Of one kind the token's newest five lists wait for a task; older ones are deleted.
    """
    data = checked(ListForm({"kind": kind}, MultiValueDict({"file": [file]})))
    started = task_of(program, task_id)
    if started and started.state_at(timezone.now()) == TaskState.PENDING:
        started = None  # its lists may still go
    name = data["file"].name or ""
    facts = {"program": program, "kind": data["kind"], "by": request.user, "filename": name, "task": started}
    row = importing.read_list(data["file"], **facts)
    importing.discard_drafts_before(row)
    lines = [{"number": number, "text": text} for number, text, _why in row.invalid_lines]
    counts = {name: getattr(row, name) for name in ("lines", "blanks", "duplicates", "invalid")}
    return Status(201, {**_list_out(row), **counts, "invalid_lines": lines})


@endpoint(
    api.get,
    f"{LISTS}/{{list_id}}/values",
    Scope.ROLLOUT,
    Permission.MANAGE,
    load=object_list_for,
    sends=TEXT,
    tags=TAGS,
)
def get_object_list_values(request: ApiRequest, object_list: ObjectList) -> StreamingHttpResponse:
    """Download the values of a list, one a line."""
    return StreamingHttpResponse(importing.values_of(object_list), content_type=TEXT)


@endpoint(api.get, ONE, Scope.READ, Permission.VIEW, load=task_for, response=Task, tags=TAGS)
def get_task(request: ApiRequest, task: GrayscaleTask) -> dict[str, Any]:
    """Return a task."""
    return _read(task)


@endpoint(api.patch, ONE, Scope.ROLLOUT, Permission.MANAGE, load=task_for, response=Task, tags=TAGS)
def edit_task(request: ApiRequest, task: GrayscaleTask, body: Annotated[TaskEdit, Body()]) -> dict[str, Any]:
    """Change everything while a task is pending; later its name, end, number of devices, guardrail, and add objects."""
    chosen, data = edited_task(task, body, by=request.user)
    confirmed = {"anyway": data["anyway"], "reason": data["note"]}
    edited = actions.edit(task, by=request.user, revision=data["revision"], settings=chosen, **confirmed)
    return _read(edited)


@endpoint(api.post, f"{ONE}/copy", Scope.ROLLOUT, Permission.MANAGE, load=task_for, response={201: Task}, tags=TAGS)
def copy_task(request: ApiRequest, task: GrayscaleTask, body: Annotated[TaskChange, Body()]) -> Status[dict[str, Any]]:
    """Make a task from the settings of another one, for the same length from now on."""
    chosen = copied_task(task, body, by=request.user)
    return Status(201, _read(actions.create(task.mini_program, by=request.user, settings=chosen)))


@endpoint(api.post, f"{ONE}/start", Scope.ROLLOUT, Permission.MANAGE, load=task_for, response=Task, tags=TAGS)
def start_task(request: ApiRequest, task: GrayscaleTask) -> dict[str, Any]:
    """Deliver now, before the start time."""
    return _read(actions.start(task, by=request.user))


@endpoint(api.post, f"{ONE}/suspend", Scope.ROLLOUT, Permission.MANAGE, load=task_for, response=Task, tags=TAGS)
def suspend_task(request: ApiRequest, task: GrayscaleTask, body: Annotated[Reason, Body()]) -> dict[str, Any]:
    """Suspend a task; enrolled devices keep the version (G-6)."""
    return _read(actions.suspend(task, by=request.user, reason=reason_of(body)))


@endpoint(api.post, f"{ONE}/resume", Scope.ROLLOUT, Permission.MANAGE, load=task_for, response=Task, tags=TAGS)
def resume_task(request: ApiRequest, task: GrayscaleTask, body: Annotated[Resuming, Body()]) -> dict[str, Any]:
    """Resume a task; one suspended by its guardrail needs `anyway` and a reason (G-13)."""
    sent = {"note": body.reason, **({"anyway": "on"} if body.anyway else {})}
    data = checked(ResumeForm(sent, task=task), note="reason")
    anyway = data.get("anyway", False)
    return _read(actions.resume(task, by=request.user, reason=data["note"], anyway=anyway))


@endpoint(api.post, f"{ONE}/end", Scope.ROLLOUT, Permission.MANAGE, load=task_for, response=Task, tags=TAGS)
def end_task(request: ApiRequest, task: GrayscaleTask, body: Annotated[Ending, Body()]) -> dict[str, Any]:
    """End a task; publishing its version also ends it (G-6, G-9)."""
    return _read(actions.end(task, by=request.user, reason=reason_of(body), pull_back=body.pull_back))


def _read(task: GrayscaleTask) -> dict[str, Any]:
    """Return the task as it is now."""
    rows = with_facts(GrayscaleTask.objects.filter(pk=task.pk)).select_related("created_by")
    return task_out(rows.get(), at=timezone.now())


def task_out(task: GrayscaleTask, *, at: datetime) -> dict[str, Any]:
    """Return a task that `with_facts` has loaded, as the API shows it."""
    guardrail = task.guardrail
    applications = [
        {"application_id": row.application.application_id, "name": row.application.name, **_ends(row)}
        for row in task.applications.all()
    ]
    return {
        **{name: getattr(task, name) for name in SAME},
        "version": task.version.number,
        "state": task.state_at(at),
        "state_changed_at": task.state_since,
        "delivered": cast("Any", task).delivered,
        "applications": applications,
        "platforms": [{"platform": row.platform, **_ends(row)} for row in task.platforms.all()],
        "objects": [_list_out(row) for row in task.object_lists.all()],
        "guardrail": {name: getattr(guardrail, name) for name in ("rate", "points", "devices")} if guardrail else None,
        "created_by": str(task.created_by),
        "url": settings.BASE_URL + task.get_absolute_url(),
    }


SAME = ("id", "name", "state_reason", "starts_at", "ends_at", "user_limit", "networks", "revision", "created_at")


def _ends(row: Any) -> dict[str, str]:
    return {"lowest": row.lowest, "highest": row.highest}


def _list_out(row: ObjectList) -> dict[str, Any]:
    return {"id": row.pk, "kind": row.kind, "filename": row.filename, "count": row.count}
