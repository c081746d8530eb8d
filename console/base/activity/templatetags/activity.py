"""How pages show entries of the activity log."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django import template
from django.template import Context

from console.base.activity.events import event_of, log_words
from console.base.activity.events import in_list as words_in_list
from console.base.activity.models import ActivityEntry
from console.base.activity.presenters import Day, readable
from console.base.activity.presenters import by_day as days_of

register = template.Library()


@dataclass(frozen=True)
class Shown:
    """An entry in words: `log` between the person's name and `target`, `lines` for what changed."""

    icon: str
    colour: str
    log: str
    target: str
    lines: list[str]


@register.filter
def shown(entry: ActivityEntry) -> Shown:
    """Return the entry in the reader's words."""
    event = event_of(entry.verb)
    return Shown(event.icon, event.colour, log_words(entry.verb), event.target(entry.target_label), event.lines(entry))


@register.simple_tag(takes_context=True)
def by_day(context: Context, entries: Iterable[ActivityEntry], most: int | str = "") -> list[Day]:
    """Return the entries by days, as the user may read them: {% by_day entries 7 as days %}."""
    user = context["request"].user
    return days_of((readable(entry, user) for entry in entries), most=int(most) if most else None)


@register.filter
def in_list(name: str, label: str) -> str:
    """Say what the last change was: `{{ program.last_change|in_list:program.last_change_label }}`."""
    return words_in_list(name, label)
