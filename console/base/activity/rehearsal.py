"""What a verb would do now, found by running it: dialogs list its effects, and can't list anything else."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import connection, transaction
from django.utils.translation import gettext

from console.base.core import busy
from console.base.core.errors import ActionRefused

if TYPE_CHECKING:
    from console.base.activity.events import Event

LOCK_WAIT = "300ms"  # a dialog does not wait for somebody else's change; it shows that the effects are unknown

heard: ContextVar[list[Event] | None] = ContextVar("heard", default=None)
logger = logging.getLogger(__name__)


def rehearse(verb: Callable[[], Any]) -> list[Event] | None:
    """Run a verb and undo it; return the events that follow from its own, the first that is no `aside` of another.

    Everything happens in one transaction that is rolled back, under the locks of the verb, so nobody sees it and
    nothing is sent. Rows that the verb is given may be changed in memory: give it copies. None where someone else
    holds a row, or the database is away; nothing where the verb is refused, as its dialog says why.
    """
    try:
        with listening() as events, transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_WAIT}'")
            verb()
            transaction.set_rollback(True)
    except ActionRefused:
        return []
    except Exception as error:
        if not busy.passes(error):
            raise
        logger.info("the effects of an action can't be listed: %s", busy.brief(error))
        return None
    return following(events)


def following(events: list[Event]) -> list[Event]:
    """Return the events of a verb without its own."""
    own = next((event for event in events if not event.aside), None)
    return [event for event in events if event is not own]


class Group(NamedTuple):
    """Events that a dialog lists under one heading."""

    heading: str
    events: list[Event]


class Follows:
    """What follows from a verb, for its dialog: worked out when a template first asks."""

    SHOWN = 10

    def __init__(self, verb: Callable[[], Any], *, only: Callable[[Event], bool] = lambda _event: True) -> None:
        """`only` decides which of the events the reader may see (P-1)."""
        self._verb, self._only = verb, only

    @cached_property
    def events(self) -> list[Event] | None:
        """As `rehearse` returns them, without those that are not the reader's business."""
        found = rehearse(self._verb)
        return found and [event for event in found if self._only(event)]

    @property
    def shown(self) -> list[Event]:
        """The first of them."""
        return (self.events or [])[: self.SHOWN]

    @property
    def groups(self) -> list[Group]:
        """The same under headings: those of a kind that has one together, the others in the end."""
        found: dict[str, list[Event]] = {}
        for event in sorted(self.shown, key=lambda one: not one.heading(1)):
            count = sum(type(one).name == type(event).name for one in self.events or [])
            found.setdefault(event.heading(count) or gettext("The log will also say"), []).append(event)
        return [Group(heading, events) for heading, events in found.items()]

    @property
    def more(self) -> int:
        """How many others there are."""
        return len(self.events or []) - len(self.shown)


@contextmanager
def listening() -> Iterator[list[Event]]:
    """Give the events that are emitted while it is open."""
    events: list[Event] = []
    token = heard.set(events)
    try:
        yield events
    finally:
        heard.reset(token)
