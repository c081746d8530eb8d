"""What happens to grayscale tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from console.base.accounts.models import User
from console.base.accounts.notifying import Notify, member_or_managers, members_with, nothing
from console.base.accounts.permissions import Permission
from console.base.accounts.states import NotificationKind
from console.base.activity.events import Parts
from console.base.activity.fields import Field, Moment, State
from grayscale.conditions import CHOICES, RANGED
from grayscale.guardrail_words import guardrail_words, harm_words
from grayscale.models import GrayscaleTask
from grayscale.states import TaskState
from miniprograms.events import PartEvent

# Why a task moved; what is not here a person did, and their words are in the entry's reason.
WHY: Mapping[str, str | Promise] = {
    "end_time": _("end time reached"),
    "published": _("its version was published"),
    "overtaken": _("a higher version was published"),
    "off_shelf": _("the mini program is off the shelf"),
    "unbound": _("no host app is bound any more"),
    "guardrail": _("too many devices had errors"),
}


class Why(Field):
    """Why the console moved the task."""

    def line(self, before: Any, after: Any) -> str:
        return super().line(None, WHY[after]) if after in WHY else ""


class Guardrail(Field):
    def text(self, value: Any) -> str:
        return guardrail_words(value)

    def sample(self, *, earlier: bool = False) -> dict[str, Any]:
        return {"rate": 10 if earlier else 5, "points": None, "devices": 100}


class Harm(Field):
    """What the guardrail saw."""

    def text(self, value: Any) -> str:
        return harm_words(value)

    def sample(self, *, earlier: bool = False) -> dict[str, Any]:
        return {"bad": 60, "devices": 480, "limit": 5}


TASK = {
    "state": State(_("Status")),
    "name": Field(_("Name")),
    "version": Field(_("Version")),
    "starts": Moment(_("Start")),
    "ends": Moment(_("End")),
    "users": Field(_("Number of users")),
    **{condition.of_task: Field(condition.all_label) for condition in RANGED},
    "objects": Field(_("Objects")),
    **{condition.of_task: Field(condition.label) for condition in CHOICES},
    "guardrail": Guardrail(_("Guardrail")),
    "why": Why(_("Why")),
    "harm": Harm(_("Measured errors")),
}


class TaskEvent(PartEvent):
    """What happened to a grayscale task; `leads_to` is the state that it has since, "" for the same as before."""

    fields = TASK
    leads_to: ClassVar[str] = ""

    @property
    def label(self) -> str:
        return f"{self.program} {self.on.version} – {self.on}"

    @property
    def short(self) -> str:
        return str(self.on.name)

    def words(self) -> dict[str, Any]:
        return super().words() | {"task": self.on}

    def announced(self) -> str:
        if not (self.before and self.leads_to):
            return super().announced()
        states = {"before": TaskState(self.before["state"]).label, "after": TaskState(self.leads_to).label}
        return _("Task “%(task)s”: %(before)s → %(after)s") % {"task": self.on, **states}

    def heading(self, count: int) -> str:
        words = {
            TaskState.ENDED: ngettext("%(count)d grayscale task will end", "%(count)d grayscale tasks will end", count),
            TaskState.SUSPENDED: ngettext(
                "%(count)d grayscale task will be suspended", "%(count)d grayscale tasks will be suspended", count
            ),
        }
        return words[TaskState(self.leads_to)] % {"count": count} if self.leads_to in words else ""

    def parts(self) -> Parts | None:
        if not (self.before and self.heading(1)):
            return None
        task = self.on
        return Parts("adjustments-horizontal", task.name, task.version.number, self.before["state"], self._devices())

    def extent(self) -> str:
        return f"{self.on.version} · {self._devices()}"

    def _devices(self) -> str:
        places = self.on.places_taken()
        return ngettext("%(count)s device", "%(count)s devices", places) % {"count": f"{places:,}"}


def creator(text: str | Promise) -> Notify:
    """Return what notifies who made the task, or who manages the program since they left."""
    return Notify(
        kind=NotificationKind.GRAYSCALE,
        to=lambda event: member_or_managers(event.on.created_by, team=event.program.team),
        text=text,
        url=lambda event: event.on.get_absolute_url(),
        detail=nothing,
    )


def _managers_and_creator(task: GrayscaleTask) -> list[User]:
    team = task.mini_program.team
    return [*members_with(team, Permission.MANAGE), *member_or_managers(task.created_by, team=team)]


def _managers_unless_theirs(event: TaskEndedUnbound) -> list[User]:
    team = event.program.team
    return [] if team.memberships.filter(user=event.by).exists() else members_with(team, Permission.MANAGE)


class TaskCreated(TaskEvent):
    name, icon, colour = "grayscale.created", "plus", "blue"
    log = _("Grayscale task created")
    in_list = _("Grayscale task created: %(label)s")
    title = _("Created")


class TaskEdited(TaskEvent):
    name, icon, colour = "grayscale.edited", "edit", "blue"
    log = _("Grayscale task edited")
    in_list = _("Grayscale task edited: %(label)s")
    title = _("Edited")


class TaskStarted(TaskEvent):
    name, icon, colour = "grayscale.started", "player-play", "green"
    log = _("Grayscale task started")
    in_list = _("Grayscale task started: %(label)s")
    title = _("Delivering")
    leads_to = TaskState.DELIVERING


class TaskSuspended(TaskEvent):
    name, icon, colour = "grayscale.suspended", "player-pause", "orange"
    log = _("Grayscale task suspended")
    in_list = _("Grayscale task suspended: %(label)s")
    title = _("Suspended")
    leads_to = TaskState.SUSPENDED


class TaskResumed(TaskEvent):
    name, icon, colour = "grayscale.resumed", "player-play", "green"
    log = _("Grayscale task resumed")
    in_list = _("Grayscale task resumed: %(label)s")
    title = _("Resumed")
    leads_to = TaskState.DELIVERING


class TaskEnded(TaskEvent):
    name, icon, colour = "grayscale.ended", "player-stop", "secondary"
    log = _("Grayscale task ended")
    in_list = _("Grayscale task ended: %(label)s")
    title = _("Ended")
    leads_to = TaskState.ENDED


class TaskPulledBack(TaskEvent):
    name, icon, colour = "grayscale.pulled_back", "arrow-back-up", "red"
    log = _("Grayscale task ended and pulled back")
    in_list = _("Grayscale task ended and pulled back: %(label)s")
    title = _("Ended and pulled back")
    leads_to = TaskState.ENDED


class TaskNotStarted(TaskSuspended):
    """Its start has come while the mini program is off the shelf (G-4)."""

    notify = (creator(_("%(program)s: “%(task)s” didn’t start because the mini program is off the shelf")),)


class TaskSuspendedByGuardrail(TaskSuspended):
    """Its version did too much harm (G-13)."""

    notify = (
        Notify(
            kind=NotificationKind.GRAYSCALE,
            to=lambda event: _managers_and_creator(event.on),
            text=_("%(program)s: guardrail suspended “%(task)s”"),
            url=lambda event: event.on.get_absolute_url(),
            detail=lambda event: harm_words(event.after["harm"]),
        ),
    )


class TaskEndedByTime(TaskEnded):
    """Its end time has come (G-4)."""

    notify = (creator(_("%(program)s: “%(task)s” ended at its end time")),)


class TaskEndedUnbound(TaskEnded):
    """None of its applications is bound any more; the team knows, if one of them did it."""

    notify = (
        Notify(
            kind=NotificationKind.GRAYSCALE,
            to=_managers_unless_theirs,
            text=_("%(program)s: “%(task)s” ended because none of its host apps is bound any more"),
            url=lambda event: event.on.get_absolute_url(),
            detail=nothing,
        ),
    )
