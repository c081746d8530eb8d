"""What happened to a task: from the activity log, and what the clock has decided but nobody has written yet (G-11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.base.activity.events import Event, event_of
from console.base.activity.models import ActivityEntry
from console.base.activity.querysets import ActivityQuerySet
from console.base.core import times
from console.base.core.text import any_of, percentage
from grayscale import events
from grayscale.guardrail_words import harm_words
from grayscale.models import GrayscaleTask
from grayscale.states import TaskState

MOST = 100


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step: what, when, by whom ("" for the clock) and why."""

    at: datetime
    title: str
    icon: str
    colour: str
    by: str = ""
    why: str = ""
    state: str = ""


def entries_of(task: GrayscaleTask) -> ActivityQuerySet:
    """Return what the log has of the task, newest first."""
    entries = ActivityEntry.objects.of_program(task.mini_program.app_id)
    return entries.filter(target_type=GrayscaleTask._meta.model_name, target_id=str(task.pk))


def edits_of(task: GrayscaleTask) -> ActivityQuerySet:
    """Return the entries of what raised the task's revision: edits, and a start by hand, which moved the start time."""
    by_hand = Q(verb=events.TaskStarted.name, actor_id__isnull=False)
    return entries_of(task).filter(Q(verb=events.TaskEdited.name) | by_hand)


def steps_of(task: GrayscaleTask, *, at: datetime) -> list[Step]:
    """Return what happened to the task, newest first."""
    written = [step for entry in entries_of(task)[:MOST] for step in _steps(entry)]
    return [*_decided(task, written, at=at), *written]


def suspended_spans(steps: Sequence[Step], *, at: datetime) -> list[tuple[datetime, datetime]]:
    """Return from when to when the task was suspended; a span that lasts ends at `at`."""
    spans, since = [], None
    for step in reversed(steps):
        if step.state == TaskState.SUSPENDED:
            since = since or step.at
        elif step.state and since:
            spans.append((since, step.at))
            since = None
    return [*spans, (since, at)] if since else spans


def ended_at(steps: Sequence[Step]) -> datetime | None:
    """Return when the task ended; None while it runs."""
    return next((step.at for step in steps if step.state == TaskState.ENDED), None)


def started_at(steps: Sequence[Step]) -> datetime | None:
    """Return when the task first took users; None where it did not."""
    return next((step.at for step in reversed(steps) if step.state == TaskState.DELIVERING), None)


def _steps(entry: ActivityEntry) -> list[Step]:
    event, after = event_of(entry.verb), entry.after or {}
    state = event.leads_to if issubclass(event, events.TaskEvent) else ""
    if event is events.TaskCreated and after.get("state") == TaskState.DELIVERING:
        state = TaskState.DELIVERING
    why = f"“{entry.reason}”" if entry.reason else str(events.WHY.get(after.get("why", ""), ""))
    if harm := after.get("harm"):
        why = _("by the guardrail: %(harm)s") % {"harm": harm_words(harm)}
    if event is events.TaskStarted and not entry.actor_label:
        why = _("start time reached")
    common: dict[str, Any] = {
        "at": entry.at,
        "icon": event.icon,
        "colour": event.colour,
        "by": entry.actor_label,
        "why": why,
    }
    return [Step(title=title, state=state, **common) for title in _titles(event, entry)]


def _titles(event: type[Event], entry: ActivityEntry) -> list[str]:
    changes = []
    if event is events.TaskEdited:
        changes = [words for key, before, after in entry.changes() if (words := _change(key, before, after))]
    return changes or [event.title_of(entry)]


def _change(key: str, before: Any, after: Any) -> str:
    """Say what an edit changed; "" where the bare word is enough."""
    if key == "users" and isinstance(before, int) and isinstance(after, int):
        words = _("Limit raised from %(before)s to %(after)s")
        if after < before:
            words = _("Limit lowered from %(before)s to %(after)s")
        return words % {"before": f"{before:,}", "after": f"{after:,}"}
    if key in ("starts", "ends") and (moment := parse_datetime(str(after))):
        words = _("End moved to %(time)s") if key == "ends" else _("Start moved to %(time)s")
        return words % {"time": times.exact(moment)}
    if key == "guardrail":
        return _guardrail(after) if after else _("Guardrail removed")
    if key == "name":
        return _("Renamed from “%(name)s”") % {"name": before}
    return ""


def _guardrail(after: dict[str, Any]) -> str:
    limits = [percentage(after["rate"])] if after["rate"] else []
    limits += [_("%(points)s points") % after] if after["points"] else []
    words = ngettext(
        "Guardrail: %(limits)s, with at least %(count)s device",
        "Guardrail: %(limits)s, with at least %(count)s devices",
        after["devices"],
    )
    return words % {"limits": any_of(limits), "count": f"{after['devices']:,}"}


def _decided(task: GrayscaleTask, written: list[Step], *, at: datetime) -> list[Step]:
    """Return what the clock has decided and the scheduler has not written yet, newest first (G-4)."""
    decided = []
    if task.state != TaskState.ENDED and at >= task.ends_at:
        decided.append(_by_clock(events.TaskEnded, task.ends_at, str(events.WHY["end_time"])))
    if task.state == TaskState.PENDING and at >= task.starts_at and not started_at(written):
        decided.append(_by_clock(events.TaskStarted, task.starts_at, _("start time reached")))
    return decided


def _by_clock(event: type[events.TaskEvent], at: datetime, why: str) -> Step:
    return Step(at=at, title=str(event.title), icon=event.icon, colour=event.colour, why=why, state=event.leads_to)
