"""Workers, the scheduler and periodic tasks: what their last heartbeats say."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from console.base.core.text import listed
from console.celery import SCHEDULE
from console.platform import labels
from console.platform.models import WORKER_NAME, Heartbeat, Part
from console.platform.queues import BUSY_OR_STUCK, start_worker
from console.platform.trouble import Level, Trouble
from console.version import VERSION

START_BEAT = "manage.py start beat"


class TaskState(Enum):
    """The status of a periodic task: the state that has its colour, and the words; the worst first."""

    FAILS = ("failed", gettext_lazy("Failed"))
    LATE = ("overdue", gettext_lazy("Overdue"))
    UNSENT = ("suspended", gettext_lazy("Not scheduled"))
    NEW = ("waiting", gettext_lazy("Hasn’t run yet"))
    ON_TIME = ("active", gettext_lazy("On time"))

    @property
    def colour(self) -> str:
        """A state of `console.base.core.states`."""
        return self.value[0]

    @property
    def words(self) -> Promise:
        """What the pill says."""
        return self.value[1]


@dataclass(frozen=True)
class Process:
    """A worker, or the scheduler; `sign` is its row, which the scheduler lacks until one has started."""

    label: str
    is_scheduler: bool
    sign: Heartbeat | None

    @property
    def queues(self) -> list[str]:
        """What a worker takes."""
        return list(self.sign.facts.get("queues", ())) if self.sign else []

    @property
    def version(self) -> str:
        return str(self.sign.facts.get("version", "")) if self.sign else ""

    @property
    def differs(self) -> bool:
        """Whether it runs another version than this server."""
        return bool(self.version) and self.version != VERSION

    @property
    def has_started(self) -> bool:
        """Whether it ever showed a heartbeat."""
        return self.sign is not None and self.sign.seen_at is not None

    @property
    def is_late(self) -> bool:
        """Whether it should have shown one since."""
        return self.sign is None or self.sign.is_late


@dataclass(frozen=True)
class Task:
    """A periodic task; `sign` is its row, which it lacks until it was sent."""

    name: str
    label: str
    period: str
    queue: str
    sign: Heartbeat | None

    @property
    def state(self) -> TaskState:
        """Its status."""
        sign = self.sign
        if sign is None or not sign.is_sent:
            return TaskState.UNSENT
        if sign.failed_at and (sign.seen_at is None or sign.failed_at > sign.seen_at):
            return TaskState.FAILS
        if sign.is_late:
            return TaskState.LATE
        return TaskState.ON_TIME if sign.seen_at else TaskState.NEW

    @property
    def since(self) -> datetime | None:
        """When it last ended well, or was first expected to."""
        return (self.sign.seen_at or self.sign.first_at) if self.sign else None


def processes_of(signs: Iterable[Heartbeat]) -> list[Process]:
    """Return the scheduler and all workers; those that are late first."""
    rows = list(signs)
    beat = next((row for row in rows if row.part == Part.BEAT), None)
    found = [Process(_("Scheduler"), True, beat)]
    found += [Process(row.name.removeprefix(WORKER_NAME), False, row) for row in rows if row.part == Part.WORKER]
    return sorted(found, key=lambda process: not process.is_late)


def tasks_of(signs: Iterable[Heartbeat]) -> list[Task]:
    """Return the tasks of this code, and what a newer scheduler sends beside them; those in trouble first."""
    rows = {row.name: row for row in signs if row.part == Part.TASK}
    found = []
    for name, periodic in SCHEDULE.items():
        row = rows.pop(name, None)
        seconds = row.seconds if row else periodic.seconds or settings.SWEEP_SECONDS
        found.append(Task(name, labels.label_of(name), labels.period(seconds), periodic.queue, row))
    found += [Task(name, name, labels.period(row.seconds), row.queue, row) for name, row in rows.items() if row.is_sent]
    order = list(TaskState)
    return sorted(found, key=lambda task: order.index(task.state))


# What is wrong with them --------------------------------------------------------------------------------------------


def nothing_ran(processes: list[Process]) -> Trouble | None:
    """Return the one sentence of a new installation, of whose work nothing is known."""
    if any(process.has_started for process in processes):
        return None
    return Trouble(
        _("No worker has started yet"),
        _("Nothing is delivered, mailed or checked until a worker and the scheduler run. Start both."),
        (start_worker([]), START_BEAT),
        level=Level.UNKNOWN,
    )


def process_troubles(processes: list[Process]) -> Iterator[Trouble]:
    """Yield what is wrong with each process that shows no heartbeat."""
    for process in processes:
        since = process.sign.seen_at if process.sign else None
        if not process.is_late:
            continue
        if not process.is_scheduler:
            mend = _(
                "Check its machine and its log, then start it. A worker is dropped from this list one hour "
                "after its last heartbeat."
            )
            title = _("No heartbeat from worker %(name)s") % {"name": process.label}
            yield Trouble(title, mend, (start_worker(process.queues),), since=since)
        elif process.has_started:
            mend = _("Periodic tasks have stopped. Read the scheduler’s log, then start it.")
            yield Trouble(_("No heartbeat from the scheduler"), mend, (START_BEAT,), since=since)
        else:
            mend = _("Without it, periodic tasks don’t run and nothing is cleaned up.")
            yield Trouble(_("The scheduler has not started yet"), mend, (START_BEAT,))


def task_troubles(tasks: list[Task], *, slow: Collection[str]) -> Iterator[Trouble]:
    """Yield each failure, and what is late by queue; why some queues are `slow` is shown elsewhere."""
    for task in tasks:
        if task.state is TaskState.FAILS and task.sign:
            mend = _("It is retried automatically (%(period)s). The worker’s log has the full error.")
            title = _("“%(task)s” is failing") % {"task": task.label}
            yield Trouble(title, mend % {"period": task.period}, said=task.sign.error, since=task.since)
    late: dict[str, list[Task]] = {}
    for task in tasks:
        if task.state is TaskState.LATE and task.queue not in slow:
            late.setdefault(task.queue, []).append(task)
    for queue, behind in late.items():
        words = ngettext("“%(task)s” is overdue", "%(count)d tasks of the queue %(queue)s are overdue", len(behind)) % {
            "task": behind[0].label,
            "count": len(behind),
            "queue": queue,
        }
        yield Trouble(words, BUSY_OR_STUCK, since=min(task.since for task in behind if task.since))


def not_known(tasks: list[Task]) -> Iterator[Trouble]:
    """Yield what can't be said of tasks, while a scheduler runs."""
    new = [task for task in tasks if task.state is TaskState.NEW]
    if new:
        words = ngettext("%(count)d task hasn’t run yet", "%(count)d tasks haven’t run yet", len(new))
        mend = _("Wait a minute. This page refreshes automatically.")
        yield Trouble(words % {"count": len(new)}, mend, level=Level.UNKNOWN)
    unsent = [task for task in tasks if task.state is TaskState.UNSENT]
    if unsent:
        words = ngettext("%(count)d task isn’t scheduled", "%(count)d tasks aren’t scheduled", len(unsent))
        mend = _("The scheduler runs an older version, or has just started. If this lasts, restart it.")
        yield Trouble(words % {"count": len(unsent)}, mend, (START_BEAT,), level=Level.UNKNOWN)


def versions_differ(processes: list[Process]) -> Iterator[Trouble]:
    """Yield a note when not all processes run the version of this server."""
    if others := sorted({process.version for process in processes if process.differs}):
        title = _("Different versions are running: %(ours)s here, %(others)s elsewhere")
        mend = _("A deployment is in progress, or a process was not restarted. Restart the ones marked below.")
        yield Trouble(title % {"ours": VERSION, "others": listed(others)}, mend, level=Level.NOTE)
