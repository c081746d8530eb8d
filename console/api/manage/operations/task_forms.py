"""From what a script sends of a grayscale task to the form of the page, and back to the script's words (G-1, G-8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from django.http import QueryDict
from django.utils import timezone
from ninja import Field
from pydantic import AwareDatetime

from console.api.manage.operations.checking import checked
from console.api.manage.problems import Problem, wrong_fields
from console.api.manage.reading import Sent
from console.base.accounts.models import User
from console.base.core.moments import TO_THE_MINUTE
from grayscale.actions import TaskSettings
from grayscale.forms.editing import EditTaskForm
from grayscale.forms.guardrail import GUARD
from grayscale.forms.objects import TYPE, UPLOAD, ObjectsForm
from grayscale.forms.task import TaskForm, values_for_copy, values_of
from grayscale.models import GrayscaleTask, ObjectList
from grayscale.states import ObjectKind, TaskState
from miniprograms.models import MiniProgram


class Range(Sent):
    """Versions, both ends included."""

    lowest: str = Field("", max_length=40, description="numbers with dots; empty: open")
    highest: str = Field("", max_length=40, description="numbers with dots; empty: open")


class AppRange(Range):
    """A host app with the versions of the app that the task reaches."""

    application_id: str = Field(max_length=40)


class PlatformRange(Range):
    """A platform with the versions of the system that the task reaches."""

    platform: str = Field(max_length=10, description="android or ios")


class Guardrail(Sent):
    """When the task suspends itself: one limit or both, from a number of devices on (G-13)."""

    rate: Decimal | None = Field(None, description="percent of the devices with errors")
    points: Decimal | None = Field(None, description="percentage points above the online version's rate")
    devices: int | None = Field(None, description="from how many devices on")


class Objects(Sent):
    """Devices, ids or accounts that alone get the version: values, or a list that was uploaded."""

    kind: Literal["guid", "device_id", "account"]
    values: list[str] = Field([], max_length=100_000, description="up to 100,000 characters together")
    list_id: int | None = Field(None, description="of an uploaded list, in place of `values`")
    accept: bool = Field(False, description="take the list's valid lines although it has invalid ones")


class TaskChange(Sent):
    """What a task shall be; what is left out stays as it is."""

    version: str | None = Field(None, max_length=14)
    name: str | None = Field(None, max_length=200)
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None
    user_limit: int | None = Field(None, description="how many devices get the version at most")
    applications: list[AppRange] | None = Field(None, max_length=1000)
    platforms: list[PlatformRange] | None = Field(None, max_length=10, description="empty: any")
    networks: list[str] | None = Field(None, max_length=20, description="wifi, 5g, 4g, 3g, 2g; empty: any")
    objects: list[Objects] = Field([], max_length=3, description="lists to add, one of a kind")
    remove_lists: list[int] = Field([], max_length=1000, description="ids of lists to drop")
    guardrail: Guardrail | None = Field(None, description="{}: none")


class TaskNew(TaskChange):
    """A new task."""

    version: str = Field(max_length=14)
    name: str = Field(max_length=200, description="up to 20 words")
    starts_at: AwareDatetime | None = Field(None, description="null: now")
    ends_at: AwareDatetime
    user_limit: int = Field(description="how many devices get the version at most")
    applications: list[AppRange] = Field(max_length=1000)
    platforms: list[PlatformRange] = Field([], max_length=10, description="empty: any")
    networks: list[str] = Field([], max_length=20, description="wifi, 5g, 4g, 3g, 2g; empty: any")


class TaskEdit(TaskChange):
    """A change of a task."""

    revision: int = Field(description="of the task that was read; 409 when it is an older one")
    anyway: bool = Field(False, description="raise although the version is over its guardrail's limit")
    reason: str = Field("", max_length=500)


def new_task(program: MiniProgram, body: TaskNew, *, by: User) -> TaskSettings:
    """Return the settings of a new task; raises Problem 422 beside the fields that are wrong."""
    data = _sent(program, body, {"starts_at": timezone.now()})
    return _settings(TaskForm(data, None, program=program, by=by))


def copied_task(task: GrayscaleTask, body: TaskChange, *, by: User) -> TaskSettings:
    """Return the settings of a copy, which starts now and is as long unless `body` says otherwise."""
    lists = list(task.object_lists.defer("hashes"))
    data = _sent(task.mini_program, body, values_for_copy(task), lists=lists)
    return _settings(TaskForm(data, None, program=task.mini_program, by=by, copy_of=task))


def edited_task(task: GrayscaleTask, body: TaskEdit, *, by: User) -> tuple[TaskSettings, dict[str, Any]]:
    """Return the settings of a task that changes, and the form's other answers: revision, anyway and note."""
    lists, is_fixed = list(task.object_lists.defer("hashes")), task.state_at(timezone.now()) != TaskState.PENDING
    if is_fixed and body.remove_lists:
        raise _wrong("remove_lists", "The task has started. You can only add objects.")
    data = _sent(task.mini_program, body, values_of(task), lists=lists, is_fixed=is_fixed)
    data.update({"revision": str(body.revision), "note": body.reason, **({"anyway": "on"} if body.anyway else {})})
    form = EditTaskForm(data, None, task=task, by=by)
    if any(section.impossible and _added(body, section.kind) for section in form.objects.sections):
        raise _wrong("objects", form.objects.why_not_add)
    settings = _settings(form, note="reason")
    return settings, {name: form.cleaned_data[name] for name in ("revision", "anyway", "note")}


def _settings(form: TaskForm, **names: str) -> TaskSettings:
    """Return what a valid form chose; errors of a range name the list that it is in."""
    for name in form.fields:
        if name.startswith(("applications_", "platforms_")):
            names[name] = name.partition("_")[0]
    names |= dict.fromkeys(GUARD, "guardrail")
    checked(form, **names)
    return form.settings()


def _sent(
    program: MiniProgram,
    body: TaskChange,
    values: Mapping[str, Any],
    *,
    lists: Sequence[ObjectList] = (),
    is_fixed: bool = False,
) -> QueryDict:
    """Return what the page would send: `values` of the form's fields, what `body` names in their place, and lists."""
    bound = dict(program.bindings.bound().applications().values_list("application_id", "pk"))
    values = {**values, **_chosen(program, body, bound)}
    if not is_fixed and body.applications is None:  # as on the page, where those that are gone are not offered
        values["applications"] = [pk for pk in values.get("applications", []) if pk in bound.values()]
    data = QueryDict(mutable=True)
    for name, value in values.items():
        if isinstance(value, datetime):
            # A form shows the minute: that is what an unchanged start of a task that has started is compared by.
            by_minute = is_fixed and name == "starts_at"
            data[name] = timezone.localtime(value).strftime(TO_THE_MINUTE) if by_minute else value.isoformat()
        elif isinstance(value, list):
            data.setlist(name, [str(each) for each in value])
        else:
            data[name] = "" if value is None else str(value)
    _add_lists(data, body, lists)
    return data


def _chosen(program: MiniProgram, body: TaskChange, bound: Mapping[str, int]) -> dict[str, Any]:
    """Return what `body` names, by the form's fields; 0 for a version or a host app that is not there."""
    plain = {name: getattr(body, name) for name in ("name", "starts_at", "ends_at", "user_limit", "networks")}
    values = {name: value for name, value in plain.items() if value is not None}
    if body.version is not None:
        version = program.versions.numbered(body.version).first()
        values["version"] = version.pk if version else 0
    ranges: dict[str, list[tuple[Any, AppRange | PlatformRange]]] = {}
    if body.applications is not None:
        ranges["applications"] = [(bound.get(row.application_id, 0), row) for row in body.applications]
    if body.platforms is not None:
        ranges["platforms"] = [(row.platform, row) for row in body.platforms]
    for name, rows in ranges.items():
        values[name] = [value for value, _row in rows]
        for value, row in rows:
            values |= {f"{name}_{value}_lowest": row.lowest, f"{name}_{value}_highest": row.highest}
    if body.guardrail is not None:
        values |= {name: getattr(body.guardrail, name.removeprefix("guard_")) for name in GUARD}
    return values


def _add_lists(data: QueryDict, body: TaskChange, lists: Sequence[ObjectList]) -> None:
    """Add the lists that stay and those that come, a part of the form for each kind."""
    if set(body.remove_lists) - {row.pk for row in lists}:
        raise _wrong("remove_lists", "The task has no such list.")
    for kind in ObjectKind:
        name = f"{ObjectsForm.prefix}-{kind}"
        stay = [str(row.pk) for row in lists if row.kind == kind and row.pk not in body.remove_lists]
        added = _added(body, kind)
        data.setlist(f"{name}_keep", stay)
        if stay or added:
            data[f"{name}_use"] = "on"
        if added and added.list_id is not None:
            accepted = {f"{name}_accept": str(added.list_id)} if added.accept else {}
            data.update({f"{name}_mode": UPLOAD, f"{name}_draft": str(added.list_id), **accepted})
        elif added:
            data.update({f"{name}_mode": TYPE, f"{name}_typed": "\n".join(added.values)})


def _added(body: TaskChange, kind: str) -> Objects | None:
    found = [one for one in body.objects if one.kind == kind]
    if len(found) > 1:
        raise _wrong("objects", "Add one list of a kind.")
    return found[0] if found else None


def _wrong(field: str, message: str) -> Problem:
    return wrong_fields([(field, message)])
