"""The rows of task lists: the status of each task, whom it reaches, what can be done with it now (G-10).

One program's page and the page across programs show the same facts, read with the same number of queries however many
tasks there are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, OuterRef, Prefetch, Subquery, Sum
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from console.base.accounts.permissions import Permission, lacking
from grayscale import rules
from grayscale.guardrail_words import guardrail_words
from grayscale.models import ApplicationCondition, ClaimShard, GrayscaleTask, ObjectList
from grayscale.presenters.reach import reach_of, reach_words
from grayscale.presenters.window import window_dates, window_note
from grayscale.querysets import GrayscaleTaskQuerySet
from grayscale.states import TaskState
from miniprograms.models import Binding
from releases.field.errors import ErrorRate


@dataclass(frozen=True)
class TaskAction:
    """A button of a row; `reason` says why it can't be pressed."""

    label: str
    icon: str
    url: str
    reason: str = ""

    @property
    def in_dialog(self) -> bool:
        """Whether it asks first."""
        return self.label.endswith("…")


@dataclass(frozen=True)
class TaskRow:
    """One task at a moment. `may_not` is what the user's role forbids."""

    task: GrayscaleTask
    at: datetime
    bound: int
    may_not: str = ""

    @property
    def state(self) -> str:
        """What the clock decides."""
        return self.task.state_at(self.at)

    @property
    def delivered(self) -> int:
        """How many users have a place."""
        return self.task.delivered  # type: ignore[attr-defined]  # annotated

    @property
    def figures(self) -> tuple[str, str]:
        """Delivered and limit, as people write them."""
        return f"{self.delivered:,}", f"{self.task.user_limit:,}"

    @property
    def percent(self) -> int:
        """How far it is; 100 only when the limit is reached."""
        part = 100 * self.delivered / self.task.user_limit
        return 100 if part >= 100 else min(round(part), 99)

    @property
    def limit_reached(self) -> bool:
        """Whether it takes no new users for that reason (G-5)."""
        return self.state != TaskState.ENDED and self.delivered >= self.task.user_limit

    @property
    def reaches(self) -> SafeString:
        """Whom it reaches, in words."""
        return reach_words(reach_of(self.task, bound=self.bound))

    @property
    def window(self) -> str:
        """From when to when."""
        return window_dates(self.task)

    @property
    def note(self) -> str:
        """What the window means now."""
        return window_note(self.task, at=self.at)

    @property
    def guardrail(self) -> str:
        """When it suspends by itself, in words; "" without a guardrail."""
        return guardrail_words(self.task.guardrail.plain()) if self.task.guardrail else ""

    @property
    def errors(self) -> ErrorRate | None:
        """What its guardrail saw when it looked last; None where none has, and after the end."""
        if self.state not in (TaskState.DELIVERING, TaskState.SUSPENDED) or not self.task.guardrail:
            return None
        return self.task.errors

    @property
    def actions(self) -> list[TaskAction]:
        """What is done most in this state: at most two."""
        return self._possible()[:2]

    @property
    def more(self) -> list[TaskAction]:
        """What else this state allows: the row's menu."""
        return self._possible()[2:]

    def _possible(self) -> list[TaskAction]:
        """Everything that this state allows, the usual first."""
        verbs = {
            TaskState.PENDING: ("edit", "end", "start", "copy"),
            TaskState.DELIVERING: ("suspend", "end", "edit", "copy"),
            TaskState.SUSPENDED: ("resume", "end", "edit", "copy"),
            TaskState.ENDED: ("copy",),
        }
        return [self._action(verb) for verb in verbs[TaskState(self.state)]]

    def _action(self, verb: str) -> TaskAction:
        look = {
            "edit": (_("Edit"), "edit"),
            "copy": (_("Copy"), "copy"),
            "start": (_("Start now…"), "player-play"),
            "suspend": (_("Suspend…"), "player-pause"),
            "resume": (_("Resume…"), "player-play"),
            "end": (_("End…"), "player-stop"),
        }
        label, icon = look[verb]
        reason = self.may_not
        if not reason and verb in ("start", "resume"):
            why_not = rules.why_not_start if verb == "start" else rules.why_not_resume
            reason = why_not(self.task, at=self.at)
        url = reverse(f"grayscale:{verb}", args=[self.task.mini_program.app_id, self.task.pk])
        return TaskAction(label, icon, url, reason)


SHARDS = ClaimShard.objects.filter(task=OuterRef("pk")).order_by().values("task")
DELIVERED = Coalesce(Subquery(SHARDS.annotate(n=Sum("taken")).values("n")), 0)  # how many users have a place


def with_facts(tasks: GrayscaleTaskQuerySet) -> GrayscaleTaskQuerySet:
    """Return the tasks with all that their rows show."""
    return (
        tasks.annotate(delivered=DELIVERED)
        .select_related("version", "mini_program__team")
        .prefetch_related(
            Prefetch("applications", ApplicationCondition.objects.select_related("application")),
            "platforms",
            Prefetch("object_lists", ObjectList.objects.only("task", "kind", "filename", "count")),
        )
    )


def rows_of(tasks: Iterable[GrayscaleTask], *, at: datetime, held: dict[int, frozenset[Permission]]) -> list[TaskRow]:
    """Return the rows of tasks that `with_facts` has loaded; `held` permissions by team."""
    tasks = list(tasks)
    bound = Binding.objects.bound().filter(mini_program__in={task.mini_program_id for task in tasks})
    counts = dict(bound.order_by().values_list("mini_program").annotate(Count("pk")))
    rows = []
    for task in tasks:
        task.version.mini_program = task.mini_program
        refusal = lacking(held.get(task.mini_program.team_id, frozenset()), Permission.MANAGE)
        rows.append(TaskRow(task, at, counts.get(task.mini_program_id, 0), refusal))
    return rows
