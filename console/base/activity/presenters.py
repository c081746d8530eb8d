"""The activity log as pages show it: by the reader's days, like things that somebody did in one go as one (P-5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Any

from django.utils import timezone

from console.base.activity.events import Event, event_of, log_words
from console.base.activity.models import ActivityEntry
from console.base.core import times

IN_ONE_GO = timedelta(hours=1)  # between two entries, however long all of them took
NAMED = 2  # targets of a run


def readable(entry: ActivityEntry, user: Any) -> ActivityEntry:
    """Return the entry as `user` may read it: without its values and reason where the role in its team is too low."""
    needed = event_of(entry.verb).details_for
    if needed and not any(role.team_id == entry.team_id and role.may(needed) for role in user.team_roles):
        entry.before, entry.after, entry.reason = None, None, ""
    return entry


@dataclass(frozen=True)
class Run:
    """Entries that say the same of one person and one thing, newest first; mostly one."""

    entries: list[ActivityEntry]

    @property
    def newest(self) -> ActivityEntry:
        """Who did it, and when it was last done."""
        return self.entries[0]

    @property
    def icon(self) -> str:
        """The event's."""
        return self._event.icon

    @property
    def colour(self) -> str:
        """The event's."""
        return self._event.colour

    @property
    def targets(self) -> list[str]:
        """What it was done to, each once."""
        return list(dict.fromkeys(self._event.target(entry.target_label) for entry in self.entries))

    @property
    def named(self) -> list[str]:
        """The first targets."""
        return self.targets[:NAMED]

    @property
    def others(self) -> int:
        """How many targets are not named."""
        return len(self.targets) - len(self.named)

    @property
    def log(self) -> str:
        """What stands between the person's name and the targets."""
        return log_words(self.newest.verb)

    @property
    def together(self) -> tuple[str, str] | None:
        """The event's own words for so many at once, and for what they are of; None where it has none."""
        return self._event.together(self.targets) if len(self.targets) > 1 else None

    @property
    def _event(self) -> type[Event]:  # Templates would call it.
        return event_of(self.newest.verb)


@dataclass(frozen=True)
class Day:
    """A day of the reader's calendar."""

    words: str
    runs: list[Run]


def by_day(entries: Iterable[ActivityEntry], *, most: int | None = None) -> list[Day]:
    """Return `entries`, which are newest first, by days in the active time zone; of the runs the `most` newest."""
    runs = _runs(entries)[:most]
    days = groupby(runs, key=lambda run: timezone.localdate(run.newest.at))
    return [Day(times.heading(day), list(of_day)) for day, of_day in days]


def _runs(entries: Iterable[ActivityEntry]) -> list[Run]:
    runs: list[Run] = []
    for entry in entries:
        if runs and _belong(runs[-1].entries[-1], entry):
            runs[-1].entries.append(entry)
        else:
            runs.append(Run([entry]))
    return runs


def _belong(later: ActivityEntry, earlier: ActivityEntry) -> bool:
    """Whether two neighbours are one thing that somebody did: with a reason of their own they are not."""
    return (
        _what(later) == _what(earlier)
        and not (later.reason or earlier.reason)
        and later.at - earlier.at <= IN_ONE_GO
        and timezone.localdate(later.at) == timezone.localdate(earlier.at)
    )


def _what(entry: ActivityEntry) -> tuple[object, ...]:
    who = (entry.actor_id, entry.actor_label, entry.source)
    return (*who, entry.verb, entry.team_id, entry.mini_program_id, entry.application_id)
