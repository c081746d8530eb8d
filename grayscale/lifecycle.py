"""What happens to grayscale tasks by itself: the clock, the shelf, releases, bindings (G-4, G-6, G-9).

The clock is read at each decision, so nothing here decides for devices: it writes down what was decided, tells whom it
concerns, and closes the tasks' shares. Everything that moves a task holds its mini program's lock.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from console.base.accounts.actions import member_or_managers, members_with, notify
from console.base.accounts.models import User
from console.base.accounts.permissions import Permission
from console.base.accounts.states import NotificationKind
from console.base.activity.actions import record
from console.base.activity.verbs import Verb
from console.base.core import changes
from grayscale import claims
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
            begin(task, on_shelf=on_shelf)
        if at >= task.ends_at:
            close(task, Reason.END_TIME, at=task.ends_at, by=None)
            _tell_creator(task, gettext_lazy("%(program)s: “%(task)s” has ended, its end time has come"))
    return len(tasks)


def begin(task: GrayscaleTask, *, on_shelf: bool) -> None:
    """Write down that the start has come: the task delivers, or stands suspended off the shelf (G-4)."""
    before = _standing(task)
    task.start()
    task.state_reason, task.state_since = "", task.starts_at
    if on_shelf:
        task.save()
        write_entry(Verb.GRAYSCALE_STARTED, task, by=None, before=before, after=_standing(task))
        return
    task.suspend()
    task.state_reason = Reason.OFF_SHELF
    task.save()
    claims.close_shards(task)
    write_entry(Verb.GRAYSCALE_SUSPENDED, task, by=None, before=before, after=_standing(task))
    _tell_creator(task, gettext_lazy("%(program)s: “%(task)s” did not start, the mini program is off the shelf"))


def suspend(
    task: GrayscaleTask,
    why: Reason,
    *,
    at: datetime,
    by: User | None,
    reason: str = "",
    harm: dict[str, Any] | None = None,
) -> None:
    """Take no new users: closed shares give no place, whatever a process still believes of the task (G-6).

    `harm`: what the guardrail saw, for the entry.
    """
    before = _standing(task)
    task.suspend()
    task.state_reason, task.state_since = why, at
    task.save()
    claims.close_shards(task)
    after = _standing(task) | ({"harm": harm} if harm else {})
    write_entry(Verb.GRAYSCALE_SUSPENDED, task, by=by, before=before, after=after, reason=reason.strip())


def suspend_by_guardrail(task: GrayscaleTask, harm: dict[str, Any], *, at: datetime) -> None:
    """Suspend a task whose version does too much `harm` (`grayscale.guardrail.harm`), and tell the team (G-13).

    Inside a transaction that holds the program's lock, like everything that moves a task.
    """
    suspend(task, Reason.GUARDRAIL, at=at, by=None, harm=harm)
    team = task.mini_program.team
    people = {user.pk: user for user in members_with(team, Permission.MANAGE)}
    people |= {user.pk: user for user in member_or_managers(task.created_by, team=team)}
    text = gettext_lazy("%(program)s: the guardrail has suspended “%(task)s”")
    _tell(list(people.values()), task, text, detail=lambda: changes.harm_words(harm))


def suspend_off_shelf(program: MiniProgram, *, by: User, at: datetime) -> None:
    """Suspend what delivers, in the transaction that takes the program off the shelf (L-4)."""
    for task in _rows(program, _of(program).delivering(at=at)):
        suspend(task, Reason.OFF_SHELF, at=at, by=by)


def end_overtaken(program: MiniProgram, version: Version, *, by: User, at: datetime) -> None:
    """End the tasks that the release of `version` has reached, and let all devices go to it (G-6, G-9).

    Of what ended before nobody keeps the version any more either: this is the next release.
    """
    for task in _rows(program, _of(program).running(at=at)):
        if task.version.parts <= version.parts:
            same = task.version_id == version.pk
            close(task, Reason.PUBLISHED if same else Reason.OVERTAKEN, at=at, by=by)
    _of(program).filter(state=TaskState.ENDED, keeps=True).update(keeps=False)


def end_unbound(program: MiniProgram, *, by: User, at: datetime) -> None:
    """End the tasks of which no application is bound any more; tell the team unless one of them did it."""
    told = [] if program.team.memberships.filter(user=by).exists() else members_with(program.team, Permission.MANAGE)
    for task in _rows(program, _of(program).running(at=at)):
        if not reaches_anyone(task):
            close(task, Reason.UNBOUND, at=at, by=by)
            _tell(
                told,
                task,
                gettext_lazy("%(program)s: “%(task)s” has ended, none of its applications is bound any more"),
            )


def reaches_anyone(task: GrayscaleTask) -> bool:
    """Return whether any of the task's applications is bound."""
    bound = task.mini_program.bindings.bound()
    return bound.filter(application__in=task.applications.values("application")).exists()


def close(
    task: GrayscaleTask, why: Reason, *, at: datetime, by: User | None, reason: str = "", pull_back: bool = False
) -> None:
    """End the task for good: no new place, and with `pull_back` its devices go to the online version (G-4, G-6).

    A device may have places in several tasks of the version. None that has ended shall hold it back then.
    """
    before = _standing(task)
    task.end()
    task.state_reason, task.state_since = why, at
    task.keeps = not pull_back
    task.save()
    claims.close_shards(task)
    if pull_back:
        _of(task.mini_program).filter(version=task.version, state=TaskState.ENDED).update(keeps=False)
    verb = Verb.GRAYSCALE_PULLED_BACK if pull_back else Verb.GRAYSCALE_ENDED
    write_entry(verb, task, by=by, before=before, after=_standing(task), reason=reason.strip())


def write_entry(verb: Verb, task: GrayscaleTask, *, by: User | None, **entry: Any) -> None:
    """Record an activity entry about the task."""
    program = task.mini_program
    record(
        verb,
        by=by,
        on=task,
        label=f"{program} {task.version} – {task}",
        team_id=program.team_id,
        mini_program_id=program.app_id,
        **entry,
    )


def _standing(task: GrayscaleTask) -> dict[str, Any]:
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


def _tell_creator(task: GrayscaleTask, text: Promise) -> None:
    _tell(member_or_managers(task.created_by, team=task.mini_program.team), task, text)


def _tell(people: list[User], task: GrayscaleTask, text: Promise, *, detail: Callable[[], str] = str) -> None:
    words, url = {"program": task.mini_program, "task": task}, task.get_absolute_url()
    notify(people, kind=NotificationKind.GRAYSCALE, text=lambda: str(text) % words, detail=detail, url=url)
