"""What happens to grayscale tasks by itself: the clock, the shelf, releases, bindings (G-4, G-6, G-9).

The clock is read at each decision, so nothing here decides for devices: it writes down decisions, notifies whom it
concerns, and closes the tasks' shares. Everything that moves a task holds its mini program's lock.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from console.base.accounts.models import User
from console.base.activity.events import emit
from grayscale import claims, events
from grayscale.models import GrayscaleTask
from grayscale.querysets import GrayscaleTaskQuerySet
from grayscale.states import Reason, TaskState
from miniprograms.models import MiniProgram
from releases.models import Version


def keep_time(*, at: datetime) -> int:
    """Write down what the clock has decided up to `at`; return how many tasks have moved.

    A program that someone else holds is left to them: each verb settles first, and the next sweep comes soon.
    """
    moved = 0
    for pk in GrayscaleTask.objects.overdue(at=at).order_by().values_list("mini_program", flat=True).distinct():
        with transaction.atomic():
            free = MiniProgram.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
            if program := free.select_related("team").filter(pk=pk).first():
                moved += settle(program, at=at)
    return moved


def settle(program: MiniProgram, *, at: datetime, on_shelf: bool | None = None) -> int:
    """Write down what the clock has decided for the program's tasks; return how many have moved.

    Inside a transaction that holds the program's lock. Each move has its own entry, by nobody, and as `state_since`
    the moment at which the clock made it. `on_shelf` says where the program was until now, when that has just changed.
    """
    on_shelf = program.on_shelf if on_shelf is None else on_shelf
    tasks = _rows(program, _of(program).overdue(at=at))
    for task in tasks:
        if task.state == TaskState.PENDING:
            begin(task, on_shelf=on_shelf, at=at)
        if at >= task.ends_at:
            _end_by_time(task, at=at)
    return len(tasks)


def begin(task: GrayscaleTask, *, on_shelf: bool, at: datetime) -> None:
    """Write down that the start has come: the task delivers, or is suspended off the shelf (G-4)."""
    before = _move(task)
    task.start()
    task.state_reason, task.state_since = "", task.starts_at
    values: dict[str, Any] = {"by": None, "at": at, "before": before, "aside": True}
    if on_shelf:
        task.save()
        emit(events.TaskStarted(task, after=_move(task), **values))
        return
    task.suspend()
    task.state_reason = Reason.OFF_SHELF
    task.save()
    claims.close_shards(task)
    emit(events.TaskNotStarted(task, after=_move(task), **values))


def _end_by_time(task: GrayscaleTask, *, at: datetime) -> None:
    close(task, Reason.END_TIME, at=task.ends_at, written=at, by=None, event=events.TaskEndedByTime, aside=True)


def suspend(
    task: GrayscaleTask,
    why: Reason,
    *,
    at: datetime,
    by: User | None,
    reason: str = "",
    harm: dict[str, Any] | None = None,
    event: type[events.TaskEvent] = events.TaskSuspended,
    aside: bool = False,
) -> None:
    """Take no new users: closed shares give no place, whatever a process still believes of the task (G-6).

    `harm`: what the guardrail saw, for the entry.
    """
    before = _move(task)
    task.suspend()
    task.state_reason, task.state_since = why, at
    task.save()
    claims.close_shards(task)
    after = _move(task) | ({"harm": harm} if harm else {})
    emit(event(task, by=by, at=at, before=before, after=after, reason=reason.strip(), aside=aside))


def suspend_by_guardrail(task: GrayscaleTask, harm: dict[str, Any], *, at: datetime) -> None:
    """Suspend a task whose version does too much `harm` (`grayscale.guardrail.harm`), and notify the team (G-13).

    Inside a transaction that holds the program's lock, like everything that moves a task.
    """
    event = events.TaskSuspendedByGuardrail
    suspend(task, Reason.GUARDRAIL, at=at, by=None, harm=harm, event=event, aside=True)


def suspend_off_shelf(program: MiniProgram, *, by: User, at: datetime) -> None:
    """Suspend what delivers, in the transaction that takes the program off the shelf (L-4)."""
    for task in _rows(program, _of(program).delivering(at=at)):
        suspend(task, Reason.OFF_SHELF, at=at, by=by, aside=True)


def end_overtaken(program: MiniProgram, version: Version, *, by: User, at: datetime) -> None:
    """End the tasks that the release of `version` has reached, and let all devices go to it (G-6, G-9).

    Of what ended before nobody keeps the version any more either: this is the next release.
    """
    for task in _rows(program, _of(program).running(at=at)):
        if task.version.parts <= version.parts:
            same = task.version_id == version.pk
            close(task, Reason.PUBLISHED if same else Reason.OVERTAKEN, at=at, by=by, aside=True)
    _of(program).filter(state=TaskState.ENDED, keeps=True).update(keeps=False)


def end_unbound(program: MiniProgram, *, by: User, at: datetime) -> None:
    """End the tasks of which no application is bound any more."""
    for task in _rows(program, _of(program).running(at=at)):
        if not reaches_anyone(task):
            close(task, Reason.UNBOUND, at=at, by=by, event=events.TaskEndedUnbound, aside=True)


def reaches_anyone(task: GrayscaleTask) -> bool:
    """Return whether any of the task's applications is bound."""
    bound = task.mini_program.bindings.bound()
    return bound.filter(application__in=task.applications.values("application")).exists()


def close(
    task: GrayscaleTask,
    why: Reason,
    *,
    at: datetime,
    by: User | None,
    reason: str = "",
    pull_back: bool = False,
    event: type[events.TaskEvent] = events.TaskEnded,
    aside: bool = False,
    written: datetime | None = None,
) -> None:
    """End the task for good: no new place, and with `pull_back` its devices go to the online version (G-4, G-6).

    `written` is when that is noted, where the clock has decided it before.

    A device may have places in several tasks of the version. None that has ended shall hold it back then.
    """
    before = _move(task)
    task.end()
    task.state_reason, task.state_since = why, at
    task.keeps = not pull_back
    task.save()
    claims.close_shards(task)
    if pull_back:
        _of(task.mini_program).filter(version=task.version, state=TaskState.ENDED).update(keeps=False)
    values: dict[str, Any] = {"before": before, "after": _move(task), "reason": reason.strip(), "aside": aside}
    emit(event(task, by=by, at=written or at, **values))


def _move(task: GrayscaleTask) -> dict[str, Any]:
    """Return what an entry holds of the task's state: plain values, which pages put in words."""
    return {"state": task.state, "why": task.state_reason}


def _of(program: MiniProgram) -> GrayscaleTaskQuerySet:
    return GrayscaleTask.objects.filter(mini_program=program)


def _rows(program: MiniProgram, tasks: GrayscaleTaskQuerySet) -> list[GrayscaleTask]:
    """Return the tasks, oldest first, with the locked program."""
    rows = list(tasks.select_related("version", "created_by").order_by("id"))
    for task in rows:
        task.mini_program = program
    return rows
