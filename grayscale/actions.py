"""The verbs of grayscale tasks. Each locks the mini program first, so they happen one after the other.

What the clock has decided is written down before anything else, so that no verb starts from a state that is over.
A refusal names the field of `TaskSettings` that it is about, where it is about one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from console.base.accounts.models import User
from console.base.activity.events import emit
from console.base.core.errors import ActionRefused, Conflict, refuse_if
from console.base.hosts.models import HostApplication
from grayscale import claims, events, lifecycle, rules
from grayscale.conditions import CHOICES
from grayscale.guardrail import Guardrail
from grayscale.models import ApplicationCondition, GrayscaleTask, ObjectList, PlatformCondition
from grayscale.states import Reason, TaskState
from miniprograms.actions import lock
from miniprograms.models import MiniProgram
from releases.models import Version


@dataclass(frozen=True, kw_only=True)
class TaskSettings:
    """All that people choose about a task (G-1).

    `applications` and `platforms` come with their lowest and highest version, "" for open; an empty condition does not
    restrict. `object_lists` are drafts to take in and lists that the task has; one that it has and that is not named is
    dropped.
    """

    version: Version
    name: str
    starts_at: datetime
    ends_at: datetime
    user_limit: int
    applications: list[tuple[HostApplication, str, str]]
    platforms: list[tuple[str, str, str]]
    networks: list[str] = field(default_factory=list)
    object_lists: list[ObjectList]
    guardrail: Guardrail | None = None


def settings_of(task: GrayscaleTask) -> TaskSettings:
    """Return what the task's settings are now."""
    return TaskSettings(
        version=task.version,
        name=task.name,
        starts_at=task.starts_at,
        ends_at=task.ends_at,
        user_limit=task.user_limit,
        applications=[
            (row.application, row.lowest, row.highest) for row in task.applications.select_related("application")
        ],
        platforms=[(row.platform, row.lowest, row.highest) for row in task.platforms.all()],
        object_lists=list(task.object_lists.defer("hashes")),
        guardrail=task.guardrail,
        **{one.of_task: list(getattr(task, one.of_task)) for one in CHOICES},
    )


@transaction.atomic
def create(program: MiniProgram, *, by: User, settings: TaskSettings, at: datetime | None = None) -> GrayscaleTask:
    """Make a task (G-1). Where its start has come already it delivers immediately."""
    program, at = lock(program), at or timezone.now()
    refuse_if(rules.why_not_create(program, candidates=1))
    _check(program, settings, at=at)
    started = settings.starts_at <= at
    task = GrayscaleTask.objects.create(
        mini_program=program,
        state=TaskState.DELIVERING if started else TaskState.PENDING,
        state_since=at,
        created_by=by,
        created_at=at,
        **_own_values(settings),
    )
    _write_conditions(task, settings)
    _take_in(task, settings.object_lists)
    claims.make_shards(task)
    after = {name: value for name, value in {"state": task.state, **_described(task)}.items() if value}
    emit(events.TaskCreated(task, by=by, at=at, after=after))
    return task


@transaction.atomic
def edit(
    task: GrayscaleTask,
    *,
    by: User,
    revision: int,
    settings: TaskSettings,
    anyway: bool = False,
    reason: str = "",
    at: datetime | None = None,
) -> GrayscaleTask:
    """Change everything while pending; later the end, the limit, the name, added objects and the guardrail only (G-8).

    Saving what is there already changes nothing. `revision` is the one that the editor saw; raises Conflict when it
    is old. Over its guardrail's limit, that or the number of users is raised only `anyway`, with a `reason` (G-13).
    """
    task, at = _locked(task, at=at)
    if task.revision != revision:
        raise Conflict(_("Someone else changed this task while you were editing."))
    refuse_if(rules.why_not_edit(task, at=at))
    if task.state == TaskState.PENDING:
        _check(task.mini_program, settings, at=at)
    else:
        settings = _check_later(task, settings, at=at)
        raised: dict[str, Any] = {"guardrail": settings.guardrail, "users": settings.user_limit}
        refuse_if(*rules.why_confirm_raise(task, anyway=anyway, reason=reason, **raised))
    if _comparable(settings) == _comparable(settings_of(task)):
        return task
    before = {"state": task.state, **_described(task)}
    if settings.user_limit != task.user_limit:
        claims.resize(task, settings.user_limit)
    for name, value in _own_values(settings).items():
        setattr(task, name, value)
    if task.state == TaskState.PENDING:
        _write_conditions(task, settings)
    _take_in(task, settings.object_lists)
    after = {"state": task.state, **_described(task)}
    task.revision += 1
    task.save()
    emit(events.TaskEdited(task, by=by, at=at, before=before, after=after, reason=reason.strip()))
    if task.state == TaskState.PENDING and task.starts_at <= at:  # a start that was moved to the past has come
        lifecycle.begin(task, on_shelf=task.mini_program.on_shelf, at=at)
    return task


@transaction.atomic
def start(task: GrayscaleTask, *, by: User, at: datetime | None = None) -> GrayscaleTask:
    """Deliver from now on, whatever the start time was (G-4)."""
    task, at = _locked(task, at=at)
    refuse_if(rules.why_not_start(task, at=at))
    before = {"state": task.state, "starts": task.starts_at.isoformat()}
    task.start()
    task.starts_at = task.state_since = at
    task.revision += 1
    task.save()
    after = {"state": task.state, "starts": at.isoformat()}
    emit(events.TaskStarted(task, by=by, at=at, before=before, after=after))
    return task


@transaction.atomic
def suspend(task: GrayscaleTask, *, by: User, reason: str = "", at: datetime | None = None) -> GrayscaleTask:
    """Take no new users; who has the version keeps it (G-6). Once this is committed nobody gets a place."""
    task, at = _locked(task, at=at)
    refuse_if(rules.why_not_suspend(task, at=at))
    lifecycle.suspend(task, Reason.BY_HAND, at=at, by=by, reason=reason)
    return task


@transaction.atomic
def resume(
    task: GrayscaleTask, *, by: User, reason: str = "", anyway: bool = False, at: datetime | None = None
) -> GrayscaleTask:
    """Take new users again (G-4); what the guardrail has suspended only `anyway`, with a reason (G-13)."""
    task, at = _locked(task, at=at)
    refuse_if(rules.why_not_resume(task, at=at))
    refuse_if(*rules.why_confirm_resume(task, anyway=anyway, reason=reason))
    if not lifecycle.reaches_anyone(task):
        raise ActionRefused(_("None of the task’s host apps is bound any more."))
    before = {"state": task.state, "why": task.state_reason}
    task.resume()
    task.state_reason, task.state_since = "", at
    task.save()
    claims.open_shards(task)
    after = {"state": task.state, "why": ""}
    emit(events.TaskResumed(task, by=by, at=at, before=before, after=after, reason=reason.strip()))
    return task


@transaction.atomic
def end(
    task: GrayscaleTask, *, by: User, reason: str = "", pull_back: bool = False, at: datetime | None = None
) -> GrayscaleTask:
    """Give the version to nobody any more; with `pull_back` also who runs it goes to the online version (G-6)."""
    task, at = _locked(task, at=at)
    refuse_if(rules.why_not_end(task, at=at))
    why = Reason.PULLED_BACK if pull_back else Reason.BY_HAND
    event = events.TaskPulledBack if pull_back else events.TaskEnded
    lifecycle.close(task, why, at=at, by=by, reason=reason, pull_back=pull_back, event=event)
    return task


def _locked(task: GrayscaleTask, *, at: datetime | None) -> tuple[GrayscaleTask, datetime]:
    """Lock the program, write down what the clock has decided, and return the task as it is now, and the time."""
    program, at = lock(task.mini_program), at or timezone.now()
    lifecycle.settle(program, at=at)
    current = GrayscaleTask.objects.select_related("version", "created_by").get(pk=task.pk)
    current.mini_program = current.version.mini_program = program
    return current, at


def _check(program: MiniProgram, settings: TaskSettings, *, at: datetime) -> None:
    """Refuse settings that break a rule (G-1), beside the field that does."""
    version = Version.objects.get(pk=settings.version.pk)
    online = program.versions.online().first()
    bound = set(program.bindings.bound().values_list("application", flat=True))
    refuse_if(rules.why_not_version(program, version, online=online), "version")
    _check_free(settings, at=at)
    refuse_if(rules.why_not_applications(settings.applications, bound=bound), "applications")
    refuse_if(rules.why_not_platforms(settings.platforms), "platforms")
    for one in CHOICES:
        refuse_if(rules.why_not_chosen(one, getattr(settings, one.of_task)), one.of_task)


def _check_free(settings: TaskSettings, *, at: datetime) -> None:
    """Refuse what may be changed at any time where it breaks a rule."""
    refuse_if(rules.why_not_name(settings.name), "name")
    refuse_if(rules.why_not_window(settings.starts_at, settings.ends_at, at=at), "ends_at")
    refuse_if(rules.why_not_limit(settings.user_limit), "user_limit")
    refuse_if(*rules.why_not_guardrail(settings.guardrail))


def _check_later(task: GrayscaleTask, settings: TaskSettings, *, at: datetime) -> TaskSettings:
    """Refuse what may no longer change once a task has started (G-8); return the settings with its exact start.

    A page shows minutes, and a start by hand has microseconds: within its minute the start counts as unchanged.
    """
    if settings.starts_at.replace(second=0, microsecond=0) == task.starts_at.replace(second=0, microsecond=0):
        settings = replace(settings, starts_at=task.starts_at)
    asked, stored = _conditions_of(settings), settings_of(task)
    for name, value in _conditions_of(stored).items():
        if asked[name] != value:
            raise ActionRefused(
                _("The task has started, so this can no longer change. Copy the task instead."), field=name
            )
    _check_free(settings, at=at)
    kinds = {one.kind for one in stored.object_lists}
    if any(one.kind not in kinds for one in settings.object_lists):
        reason = _("This task has no such list. Adding one would exclude everyone else.")
        raise ActionRefused(reason, field="object_lists")
    if not set(stored.object_lists) <= set(settings.object_lists):
        raise ActionRefused(_("The task has started. You can only add objects."), field="object_lists")
    return settings


def _conditions_of(settings: TaskSettings) -> dict[str, Any]:
    """Return what is fixed from the start on, to be compared, by field."""
    return {
        "version": settings.version.pk,
        "starts_at": settings.starts_at,
        "applications": {(application.pk, *versions) for application, *versions in settings.applications},
        "platforms": set(settings.platforms),
        **{one.of_task: set(getattr(settings, one.of_task)) for one in CHOICES},
    }


def _comparable(settings: TaskSettings) -> dict[str, Any]:
    """Return all of the settings, to be compared, whatever order they were given in."""
    lists = {one.pk for one in settings.object_lists}
    return {**_own_values(settings), **_conditions_of(settings), "object_lists": lists}


def _own_values(settings: TaskSettings) -> dict[str, Any]:
    """Return the values of the task's own row; what is ticked is in the order in which it is offered."""
    guardrail = settings.guardrail
    return {
        "version": settings.version,
        "name": " ".join(settings.name.split()),
        "starts_at": settings.starts_at,
        "ends_at": settings.ends_at,
        "user_limit": settings.user_limit,
        **{one.of_task: one.ordered(getattr(settings, one.of_task)) for one in CHOICES},
        "guard_rate": guardrail.rate if guardrail else None,
        "guard_points": guardrail.points if guardrail else None,
        "guard_devices": guardrail.devices if guardrail else None,
    }


def _write_conditions(task: GrayscaleTask, settings: TaskSettings) -> None:
    """Write the rows of applications and platforms anew."""
    task.applications.all().delete()
    task.platforms.all().delete()
    ApplicationCondition.objects.bulk_create(
        ApplicationCondition(task=task, application=application, lowest=lowest, highest=highest)
        for application, lowest, highest in settings.applications
    )
    PlatformCondition.objects.bulk_create(
        PlatformCondition(task=task, platform=platform, lowest=lowest, highest=highest)
        for platform, lowest, highest in settings.platforms
    )


def _take_in(task: GrayscaleTask, chosen: list[ObjectList]) -> None:
    """Make these the task's object lists; drafts become part of it, and one that was discarded meanwhile is refused."""
    usable = Q(task=None) | Q(task=task)
    rows = ObjectList.objects.filter(usable, pk__in={one.pk for one in chosen}, mini_program=task.mini_program)
    # The sweep of old drafts passes over what is locked here; what it has locked first is missing once it is through.
    counts = dict(rows.select_for_update(of=("self",)).order_by("pk").values_list("pk", "count"))
    if len(counts) < len({one.pk for one in chosen}):
        raise ActionRefused(_("One of the lists no longer exists. Add it again."), field="object_lists")
    refuse_if(rules.why_not_objects(list(counts.values())), "object_lists")
    task.object_lists.exclude(pk__in=counts).defer("hashes", "invalid_lines").delete()
    ObjectList.objects.filter(pk__in=counts, task=None).update(task=task)


def _described(task: GrayscaleTask) -> dict[str, Any]:
    """Return what an entry holds of the task: plain values that people can read."""
    applications = task.applications.select_related("application")
    lists = task.object_lists.values_list("filename", "kind", "count")
    return {
        "name": task.name,
        "version": task.version.number,
        "users": task.user_limit,
        "starts": task.starts_at.isoformat(),
        "ends": task.ends_at.isoformat(),
        "applications": ", ".join(_ranged(str(row.application), row.lowest, row.highest) for row in applications),
        "platforms": ", ".join(_ranged(str(row), row.lowest, row.highest) for row in task.platforms.all()),
        **{one.of_task: ", ".join(getattr(task, one.of_task)) for one in CHOICES},
        "objects": ", ".join(f"{filename or kind}: {count}" for filename, kind, count in lists),
        "guardrail": task.guardrail.plain() if task.guardrail else "",
    }


def _ranged(name: str, lowest: str, highest: str) -> str:
    return f"{name} {lowest or '…'} – {highest or '…'}" if lowest or highest else name
