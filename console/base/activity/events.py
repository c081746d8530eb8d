"""What happens in the console, event by event (P-5): each app describes its own in its `events.py`.

An event has its stored name, its sentences, its icon, the names of its values, and whom it notifies; `emit` writes all
of it in the transaction of the change. Nothing else in the console lists events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar, NamedTuple, Protocol

from django.db import models, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from console.base.activity import fields
from console.base.activity.fields import Field
from console.base.activity.middleware import source
from console.base.activity.models import ActivityEntry
from console.base.activity.rehearsal import heard
from console.base.activity.signals import emitted
from console.base.core import request_id

EVENTS: dict[str, type[Event]] = {}


class Actor(Protocol):
    """Who can be named as the one who did it."""

    pk: Any

    def get_full_name(self) -> str: ...


class Parts(NamedTuple):
    """A thing in the list of a dialog: its name, what is behind it, its state until then, how much it reaches."""

    icon: str
    name: str
    context: str
    state: str
    extent: str


class Event:
    """What happened to `on`; a subclass that has a `name` is registered under it.

    `by` is None when the clock or the operator's command line did it, `at` the moment of the change. `before` and
    `after` hold JSON values, `reason` a person's own words. `aside` says that it follows from another change, whose
    event stands for both wherever one alone is shown; `quiet` that the other one's readers know.
    """

    name: ClassVar[str] = ""  # stored in rows, never changed
    icon: ClassVar[str] = "edit"
    colour: ClassVar[str] = "blue"  # green, blue, orange, red, secondary: as of states
    log: ClassVar[str | Promise] = ""  # “AppSecret frozen”: between the person's name and the target's
    in_list: ClassVar[str | Promise] = ""  # without a person, %(label)s is `short`; "" is no last change of a program
    title: ClassVar[str | Promise] = ""  # in the history of the very thing
    fields: ClassVar[Mapping[str, Field]] = {}
    notify: ClassVar[tuple[Callable[[Any], None], ...]] = ()
    details_for: ClassVar[str] = ""  # the permission in the team of who reads its values and reason; "": all readers
    kept: ClassVar[bool] = False  # the console still decides something by its entries, however old they are

    def __init_subclass__(cls) -> None:
        if name := cls.__dict__.get("name"):
            if name in EVENTS:
                raise TypeError(f"There are two events {name}: {cls} and {EVENTS[name]}.")
            EVENTS[name] = cls

    def __init__(
        self,
        on: Any,
        *,
        by: Any,
        at: datetime | None = None,
        before: dict[str, Any] | None = None,
        after: dict[str, Any] | None = None,
        reason: str = "",
        aside: bool = False,
        quiet: bool = False,
    ) -> None:
        self.on, self.by, self.at = on, by, at or timezone.now()
        self.before, self.after, self.reason = before, after, reason
        self.aside, self.quiet = aside, quiet
        self.notified: set[Any] = set()

    @property
    def label(self) -> str:
        """What the log calls `on`, as it is kept whatever the language of who reads; at most 200 characters count."""
        return str(self.on)

    @property
    def short(self) -> str:
        """What the list of programs calls it beside the program's own name."""
        return ""

    def extent(self) -> str:
        """Return what a dialog that announces it says beside it: how much it reaches."""
        return ""

    def heading(self, count: int) -> str:
        """Return what a dialog writes over `count` events of this kind that follow from its verb; "" for nothing."""
        return ""

    def parts(self) -> Parts | None:
        """Return what a dialog lists under that heading in columns; None for its sentence."""
        return None

    def announced(self) -> str:
        """Return its sentence in a dialog that announces it: the list's, also where a log alone has one."""
        return in_list(self.name, self.short or self.label)

    def belongs(self) -> dict[str, Any]:
        """Return whose pages show the entry: `team_id`, `mini_program_id`, `application_id`, as far as there are."""
        return {}

    def words(self) -> dict[str, Any]:
        """Return what the texts of notifications name, in the language that is active."""
        return {}

    def follow(self) -> None:
        """Write what belongs to the change beside its entry."""

    @classmethod
    def target(cls, label: str) -> str:
        """Return what an entry was about, in the reader's words, from the label that it keeps."""
        return label

    @classmethod
    def together(cls, targets: list[str]) -> tuple[str, str] | None:
        """Return what the log says of several `targets` at once, and the name of what they are of; None for a list."""
        return None

    @classmethod
    def title_of(cls, entry: ActivityEntry) -> str:
        """Return what the history of the very thing calls it."""
        return str(cls.title) or in_list(cls.name, "")

    @classmethod
    def lines(cls, entry: ActivityEntry) -> list[str]:
        """Return what an entry changed, in words: “State: In audit → Approved”, “Package: 5d1a…9ecf8c”."""
        return fields.lines(cls.fields, entry.changes())


class Unknown(Event):
    """An event of a later release, whose entries are read here, too, while it takes over."""


def event_of(name: str) -> type[Event]:
    """Return the event that is stored under the name."""
    return EVENTS.get(name, Unknown)


def in_list(name: str, label: str) -> str:
    """Return what a list shows as the last change of a thing, without a person: “Version 1.2.0 published”."""
    if words := str(event_of(name).in_list) % {"label": label}:
        return words
    return _("%(event)s: %(target)s") % {"event": log_words(name), "target": label} if label else log_words(name)


def log_words(name: str) -> str:
    """Return what a log says between the person's name and the target's."""
    return str(event_of(name).log) or name


def names(events: Iterable[type[Event]]) -> list[str]:
    """Return the stored names of event classes, for filters of the log."""
    return [event.name for event in events]


def emit(event: Event) -> ActivityEntry:
    """Write the entry of one state change, what follows from it, notifications, webhooks; once, in its transaction."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("An activity entry belongs in the transaction of the change that it records.")
    on: models.Model = event.on
    where = source.get()
    if (listening := heard.get()) is not None:
        listening.append(event)
    entry = ActivityEntry.objects.create(
        at=event.at,
        actor_id=event.by.pk if event.by else None,
        actor_label=event.by.get_full_name()[:150] if event.by else "",
        verb=event.name,
        target_type=on._meta.model_name or "",
        target_id=str(on.pk),
        target_label=event.label[:200],
        before=event.before,
        after=event.after,
        reason=event.reason,
        source=where.kind,
        address=where.address,
        request_id=request_id.current(),
        **event.belongs(),
    )
    event.follow()
    for notify in () if event.quiet else event.notify:
        notify(event)
    emitted.send(type(event), event=event, entry=entry)
    return entry
