"""What happened to a task: from the activity log, and what the clock has decided but nobody has written yet (G-11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.dateparse import parse_datetime
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.base.activity.models import ActivityEntry
from console.base.activity.querysets import ActivityQuerySet
from console.base.activity.verbs import Verb
from console.base.core import times
from console.base.core.changes import TIMES, WHY, harm_words
from console.base.core.states import look_of_move
from grayscale.models import GrayscaleTask
from grayscale.states import TaskState

MOST = 100
V = Verb


@dataclass(frozen=True, kw_only=True)
class Event:
    """One event: what, when, by whom ("" for the clock) and why."""

    at: datetime
    title: str
    icon: str
    colour: str
    by: str = ""
    why: str = ""
    state: str = ""


# Where a move leads.
LEADS_TO: dict[str, str] = {
    V.GRAYSCALE_STARTED: TaskState.DELIVERING,
    V.GRAYSCALE_SUSPENDED: TaskState.SUSPENDED,
    V.GRAYSCALE_RESUMED: TaskState.DELIVERING,
    V.GRAYSCALE_ENDED: TaskState.ENDED,
    V.GRAYSCALE_PULLED_BACK: TaskState.ENDED,
}


def entries_of(task: GrayscaleTask) -> ActivityQuerySet:
    """Return what the log has of the task, newest first."""
    entries = ActivityEntry.objects.of_program(task.mini_program.app_id)
    return entries.filter(target_type=GrayscaleTask._meta.model_name, target_id=str(task.pk))


def edits_of(task: GrayscaleTask) -> ActivityQuerySet:
    """Return the entries of what raised the task's revision: edits, and a start by hand, which moved the start time."""
    by_hand = Q(verb=V.GRAYSCALE_STARTED, actor_id__isnull=False)
    return entries_of(task).filter(Q(verb=V.GRAYSCALE_EDITED) | by_hand)


def events_of(task: GrayscaleTask, *, at: datetime) -> list[Event]:
    """Return the task's events, newest first."""
    written = [event for entry in entries_of(task)[:MOST] for event in _events(entry)]
    return [*_decided(task, written, at=at), *written]


def suspended_spans(events: Sequence[Event], *, at: datetime) -> list[tuple[datetime, datetime]]:
    """Return from when to when the task was suspended; a span that lasts ends at `at`."""
    spans, since = [], None
    for event in reversed(events):
        if event.state == TaskState.SUSPENDED:
            since = since or event.at
        elif event.state and since:
            spans.append((since, event.at))
            since = None
    return [*spans, (since, at)] if since else spans


def ended_at(events: Sequence[Event]) -> datetime | None:
    """Return when the task ended; None while it runs."""
    return next((event.at for event in events if event.state == TaskState.ENDED), None)


def started_at(events: Sequence[Event]) -> datetime | None:
    """Return when the task first took users; None where it did not."""
    return next((event.at for event in reversed(events) if event.state == TaskState.DELIVERING), None)


def _events(entry: ActivityEntry) -> list[Event]:
    (icon, colour), state = look_of_move(entry.verb), LEADS_TO.get(entry.verb, "")
    after = entry.after or {}
    if entry.verb == V.GRAYSCALE_CREATED and after.get("state") == TaskState.DELIVERING:
        state = TaskState.DELIVERING
    why = f"“{entry.reason}”" if entry.reason else str(WHY.get(after.get("why", ""), ""))
    if harm := after.get("harm"):
        why = _("by the guardrail: %(harm)s") % {"harm": harm_words(harm)}
    if entry.verb == V.GRAYSCALE_STARTED and not entry.actor_label:
        why = _("start time reached")
    return [
        Event(at=entry.at, title=title, icon=icon, colour=colour, by=entry.actor_label, why=why, state=state)
        for title in _titles(entry)
    ]


def _titles(entry: ActivityEntry) -> list[str]:
    titles: dict[str, str] = {
        V.GRAYSCALE_CREATED: _("Created"),
        V.GRAYSCALE_STARTED: _("Delivering"),
        V.GRAYSCALE_SUSPENDED: _("Suspended"),
        V.GRAYSCALE_RESUMED: _("Resumed"),
        V.GRAYSCALE_ENDED: _("Ended"),
        V.GRAYSCALE_PULLED_BACK: _("Ended and pulled back"),
    }
    if entry.verb in titles:
        return [titles[entry.verb]]
    changes = [words for key, before, after in entry.changes() if (words := _change(key, before, after))]
    return changes or [_("Edited")]


def _change(key: str, before: Any, after: Any) -> str:
    """Say what an edit changed; "" where the bare word is enough."""
    if key == "users" and isinstance(before, int) and isinstance(after, int):
        words = _("Limit raised from %(before)s to %(after)s")
        if after < before:
            words = _("Limit lowered from %(before)s to %(after)s")
        return words % {"before": f"{before:,}", "after": f"{after:,}"}
    if key in TIMES and (moment := parse_datetime(str(after))):
        words = _("End moved to %(time)s") if key == "ends" else _("Start moved to %(time)s")
        return words % {"time": times.exact(moment)}
    if key == "guardrail":
        return _guardrail(after) if after else _("Guardrail taken off")
    if key == "name":
        return _("Renamed, before: “%(name)s”") % {"name": before}
    return ""


def _guardrail(after: dict[str, Any]) -> str:
    limits = [_("%(rate)s %%") % after] if after["rate"] else []
    limits += [_("%(points)s points") % after] if after["points"] else []
    words = ngettext(
        "Guardrail: %(limits)s, from %(count)s device on",
        "Guardrail: %(limits)s, from %(count)s devices on",
        after["devices"],
    )
    return words % {"limits": get_text_list(limits, _("or")), "count": f"{after['devices']:,}"}


def _decided(task: GrayscaleTask, written: list[Event], *, at: datetime) -> list[Event]:
    """Return what the clock has decided and the scheduler has not written yet, newest first (G-4)."""
    decided = []
    if task.state != TaskState.ENDED and at >= task.ends_at:
        decided.append(_by_clock(task.ends_at, _("Ended"), str(WHY["end_time"]), V.GRAYSCALE_ENDED))
    if task.state == TaskState.PENDING and at >= task.starts_at and not started_at(written):
        decided.append(_by_clock(task.starts_at, _("Delivering"), _("start time reached"), V.GRAYSCALE_STARTED))
    return decided


def _by_clock(at: datetime, title: str, why: str, verb: str) -> Event:
    icon, colour = look_of_move(verb)
    return Event(at=at, title=title, icon=icon, colour=colour, why=why, state=LEADS_TO[verb])
