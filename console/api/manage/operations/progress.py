"""How far a grayscale task is, and what a device runs and why (A-2, G-11, G-12)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from django.http import QueryDict
from django.utils import timezone
from ninja import Body, Field, Schema

from console.api.manage.api import api
from console.api.manage.endpoint import ApiRequest, endpoint
from console.api.manage.operations.checking import checked
from console.api.manage.reading import Sent
from console.api.manage.states import Scope
from console.base.accounts.permissions import Permission
from console.base.hosts.models import HostApplication
from grayscale.access import task_for
from grayscale.forms.device import DeviceForm
from grayscale.history import Step
from grayscale.models import GrayscaleTask
from grayscale.presenters.explanation import TaskExplanation, explain
from grayscale.presenters.progress import Line, Progress
from grayscale.update_reports import Reports
from miniprograms.access import mini_program_for
from miniprograms.models import MiniProgram
from releases.field.errors import ErrorRate

TAGS = ["Grayscale"]
ONE = "/programs/{app_id}/grayscale/{task_id}"


class CurvePoint(Schema):
    """How many devices had a place at a moment."""

    at: datetime
    delivered: int


class DeviceShare(Schema):
    """A part of the devices."""

    label: str
    count: int
    percent: float


class UpdateReports(Schema):
    """What devices reported of the update to a version."""

    version: str
    installed: int
    failed: int
    left_out: int = Field(description="devices whose reports do not count")


class VersionErrors(Schema):
    """The devices of the last hour that ran a version, and how many had an error."""

    version: str
    devices: int
    with_errors: int
    rate: float | None = Field(description="percent; null without devices")
    meaning: str = Field(description="over, nearly, within, few, unguarded, reference or nothing")


class TaskEvent(Schema):
    """A step of the task."""

    at: datetime
    title: str
    by: str = Field(description="empty: the clock or the guardrail")
    reason: str
    state: str = Field(description="after it; empty: as before")


class TaskProgress(Schema):
    """How far a task is."""

    state: str
    user_limit: int
    delivered: int
    left: int
    last_hour: int
    limit_in_seconds: int | None = Field(description="until the limit is reached, if it goes on like the last hour")
    started_at: datetime
    ended_at: datetime | None
    ends_at: datetime
    summary: str
    curve: list[CurvePoint]
    by_application: list[DeviceShare]
    by_platform: list[DeviceShare]
    by_network: list[DeviceShare]
    without: list[DeviceShare] = Field(description="why devices of the last 7 days did not get it")
    errors: list[VersionErrors] = Field(description="of the version and of the online one")
    updates: list[UpdateReports] = Field(description="of the version and of the online one")
    events: list[TaskEvent] = Field(description="newest first")


class DeviceFacts(Sent):
    """A device; what is left out beside its GUID is what it was seen with last.

    In place of the GUID an account or a device id finds the device that was seen with it.
    """

    guid: str = Field(max_length=128)
    application_id: str = Field("", pattern="^[A-Za-z0-9]*$", max_length=40)
    app_version: str = Field("", max_length=40)
    os_version: str = Field("", max_length=40)
    network: str = Field("", max_length=20)
    account: str = Field("", max_length=128)
    device_id: str = Field("", max_length=128)
    local_version: str = Field("", max_length=14, description="the version on the device")


class ConditionOut(Schema):
    """A condition, and what the device has of it."""

    fits: bool
    label: str
    message: str


class ExplainedTask(Schema):
    """What a task means to the device."""

    id: int
    name: str
    version: str
    state: str
    gives: bool = Field(description="the device runs its version because of it")
    message: str
    checks: list[ConditionOut]


class Explanation(Schema):
    """What the device runs now, and why. Nobody is enrolled."""

    status: str = Field(description="as the device is answered when it asks for an update")
    version: str | None
    channel: str | None = Field(description="online or grayscale")
    conclusion: str
    why: str
    tasks: list[ExplainedTask]


@endpoint(api.get, f"{ONE}/progress", Scope.READ, Permission.VIEW, load=task_for, response=TaskProgress, tags=TAGS)
def get_task_progress(request: ApiRequest, task: GrayscaleTask) -> dict[str, Any]:
    """Return a task’s progress: numbers, curve, splits, errors and steps."""
    progress = Progress(task, timezone.now())
    limit_in = progress.limit_in
    return {
        **{name: getattr(progress, name) for name in ("state", "delivered", "left", "last_hour", "summary")},
        "user_limit": task.user_limit,
        "limit_in_seconds": None if limit_in is None else round(limit_in.total_seconds()),
        "started_at": progress.started,
        "ended_at": progress.ended,
        "ends_at": task.ends_at,
        "curve": _curve(progress),
        **_splits(progress),
        "errors": _errors(progress),
        "updates": _updates(progress),
        "events": [_event(one) for one in progress.events],
    }


@endpoint(api.post, f"{ONE}/explain", Scope.READ, Permission.VIEW, load=task_for, response=Explanation, tags=TAGS)
def explain_task(request: ApiRequest, task: GrayscaleTask, body: Annotated[DeviceFacts, Body()]) -> dict[str, Any]:
    """Explain whether a device gets the version by this task, condition by condition."""
    return _explained(task.mini_program, body, task=task)


@endpoint(
    api.post,
    "/programs/{app_id}/explain",
    Scope.READ,
    Permission.VIEW,
    load=mini_program_for,
    response=Explanation,
    tags=TAGS,
)
def explain_device(request: ApiRequest, program: MiniProgram, body: Annotated[DeviceFacts, Body()]) -> dict[str, Any]:
    """Explain what a device runs now, by all tasks that run or ended in the last 7 days."""
    return _explained(program, body)


def _curve(progress: Progress) -> list[dict[str, Any]]:
    if progress.is_forgotten:
        return []
    drawn = progress.chart["whole"]
    pairs = zip(drawn["at"], drawn["had"], strict=True)
    return [{"at": datetime.fromtimestamp(at, UTC), "delivered": had} for at, had in pairs]


def _splits(progress: Progress) -> dict[str, list[Line]]:
    names = ("by_application", "by_platform", "by_network")
    splits = {name: [] if progress.is_forgotten else getattr(progress, name) for name in names}
    return {**splits, "without": [] if progress.is_forgotten else progress.others[0]}


def _errors(progress: Progress) -> list[dict[str, Any]]:
    evidence = progress.evidence
    rates: list[ErrorRate | None] = [evidence.ours, evidence.online] if evidence else []
    return [
        {
            "version": rate.number,
            "devices": rate.figures.devices,
            "with_errors": rate.figures.bad,
            "rate": rate.figures.rate,
            "meaning": rate.meaning,
        }
        for rate in rates
        if rate
    ]


def _event(event: Step) -> dict[str, Any]:
    facts = {name: getattr(event, name) for name in ("at", "title", "by", "state")}
    return {**facts, "reason": event.why}


def _updates(progress: Progress) -> list[dict[str, Any]]:
    found: list[tuple[Any, Reports]] = [(progress.task.version, progress.reports)]
    if progress.is_compared:
        found.append((progress.online, progress.online_reports))
    return [
        {"version": version.number, "installed": one.installed, "failed": one.failed, "left_out": one.left_out}
        for version, one in found
    ]


def _explained(program: MiniProgram, body: DeviceFacts, *, task: GrayscaleTask | None = None) -> dict[str, Any]:
    sent = QueryDict(mutable=True)
    sent.update(body.dict(exclude={"application_id"}))
    if body.application_id:
        named = HostApplication.objects.filter(application_id=body.application_id)
        sent["application"] = str(named.values_list("pk", flat=True).first() or 0)
    form = DeviceForm(sent, program=program, chosen=True)
    checked(form)
    found = explain(program, form.device(), at=timezone.now(), task=task)
    release = found.decision.release
    return {
        "status": found.decision.status,
        "version": release.number if release else None,
        "channel": found.decision.channel,
        "conclusion": found.conclusion,
        "why": found.why,
        "tasks": [_task(one) for one in found.tasks],
    }


def _task(one: TaskExplanation) -> dict[str, Any]:
    checks = [{"fits": check.fits, "label": check.label, "message": check.words} for check in one.checks]
    return {
        "id": one.task.pk,
        "name": one.task.name,
        "version": one.task.version.number,
        "state": one.state,
        "gives": one.gives,
        "message": one.note,
        "checks": checks,
    }
