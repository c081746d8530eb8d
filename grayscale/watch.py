"""Watches the tasks that have a guardrail (G-13).

Figures are read without any lock: that may take a while. Then the program is locked, as for everything that moves a
task, and only what is still as it was judged is suspended.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby

from django.db import transaction

from console.base.core import times
from console.base.core.only_run import only_run
from grayscale import lifecycle
from grayscale.error_rates import Counting, error_rates_now
from grayscale.guardrail import Seen, breach, harm
from grayscale.models import GrayscaleTask
from grayscale.states import TaskState
from miniprograms.models import MiniProgram
from releases.field.errors import Figures

SWEEP = 0x67756172  # advisory lock of the sweep
WINDOW = timedelta(hours=1)  # that the figures are of
EVERY = timedelta(minutes=1)  # that each task is looked at


def keep_watch(*, at: datetime) -> int:
    """Suspend each delivering task whose figures at `at` break its guardrail; return how many.

    Each task is looked at about once a minute; of several processes one does it.
    """
    with only_run(SWEEP) as mine:
        return Sweep(at).work() if mine else 0


def counts_from(task: GrayscaleTask, *, at: datetime) -> datetime:
    """Return from when on devices count: an hour ago, but not before the task took users, again after a suspension."""
    since = task.state_since if task.state == TaskState.DELIVERING else task.starts_at
    return max(since, at - WINDOW)


class Sweep:
    """One look at all tasks, at the time `at`.

    A log store that is away is asked once: the wait for it would hold the tasks of all other programs.
    """

    def __init__(self, at: datetime) -> None:
        self.at, self.logs = at, True

    def work(self) -> int:
        """Look at each task that is due, which the UPDATE takes or not; return how many were suspended.

        The program that has waited longest comes first: a sweep that is ended early leaves none out for ever.
        """
        at = self.at
        due = GrayscaleTask.objects.to_watch(at=at, looked_before=at - EVERY)
        tasks = due.select_related("version", "mini_program__team").prefetch_related("applications")
        tasks = tasks.order_by("mini_program", "id")
        groups = [list(group) for _program, group in groupby(tasks, key=lambda task: task.mini_program_id)]
        suspended = 0
        for group in sorted(groups, key=lambda group: min(task.guard_looked_at or times.EARLIEST for task in group)):
            mine = [task for task in group if due.filter(pk=task.pk).update(guard_looked_at=at)]
            suspended += self.watch(mine)
        return suspended

    def watch(self, tasks: Sequence[GrayscaleTask]) -> int:
        """Look at tasks of one program, together where they count from the same moment."""
        at, suspended = self.at, 0
        for start, group in groupby(
            sorted(tasks, key=lambda task: counts_from(task, at=at)), key=lambda task: counts_from(task, at=at)
        ):
            if start >= at:  # it has just begun
                continue
            for task, seen, left_out in self.seen(list(group), start=start):
                guardrail = task.guardrail
                GrayscaleTask.objects.filter(pk=task.pk).update(guard_seen=seen.plain(), guard_left_out=left_out)
                if guardrail and breach(guardrail, seen.ours, seen.online):
                    suspended += _suspend(task, seen, at=at)
        return suspended

    def seen(self, tasks: Sequence[GrayscaleTask], *, start: datetime) -> list[tuple[GrayscaleTask, Seen, int]]:
        """Return what was seen for each task, and how many devices were left out.

        Of the online version, which has no places, all devices of the task's applications count.
        """
        online = tasks[0].mini_program.versions.online().first()
        ours = {task.pk: Counting.of(task) for task in tasks}
        theirs = {pk: Counting(online, None, one.applications) for pk, one in ours.items()} if online else {}
        asked = [*ours.values(), *dict.fromkeys(theirs.values())]
        now = error_rates_now(asked, start=start, end=self.at, logs=self.logs)
        self.logs = self.logs and not now.is_store_away
        nothing = Figures()
        return [
            (
                task,
                Seen(
                    since=start.isoformat(),
                    ours=now.figures.get(ours[task.pk], nothing),
                    online=now.figures.get(theirs[task.pk], nothing) if online else nothing,
                    number=online.number if online else "",
                    logs=now.has_logs,
                ),
                now.left_out.get(ours[task.pk], 0),
            )
            for task in tasks
        ]


@transaction.atomic
def _suspend(task: GrayscaleTask, seen: Seen, *, at: datetime) -> bool:
    """Suspend the task if it still delivers since the same moment and the guardrail that it has now is broken.

    A program that someone else holds is left to them: the next sweep looks again.
    """
    free = MiniProgram.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
    program = free.select_related("team").filter(pk=task.mini_program_id).first()
    if program is None:
        GrayscaleTask.objects.filter(pk=task.pk).update(guard_looked_at=None)
        return False
    lifecycle.settle(program, at=at)
    current = GrayscaleTask.objects.select_related("version", "created_by").get(pk=task.pk)
    current.mini_program = current.version.mini_program = program
    if current.state_at(at) != TaskState.DELIVERING or counts_from(current, at=at) != counts_from(task, at=at):
        return False
    guardrail = current.guardrail
    broken = breach(guardrail, seen.ours, seen.online) if guardrail else None
    if guardrail is None or broken is None:
        return False
    lifecycle.suspend_by_guardrail(current, harm(guardrail, seen, broken), at=at)
    return True
