"""How pages show entries of the activity log."""

from __future__ import annotations

from dataclasses import dataclass

from django import template

from console.base.activity.events import event_of, log_words
from console.base.activity.events import in_list as words_in_list
from console.base.activity.models import ActivityEntry

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


@register.filter
def in_list(name: str, label: str) -> str:
    """Say what the last change was: `{{ program.last_change|in_list:program.last_change_label }}`."""
    return words_in_list(name, label)
