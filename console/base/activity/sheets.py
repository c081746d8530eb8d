"""The activity as a file."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console.base.activity.events import event_of, log_words
from console.base.core.sheets import Column

ENTRIES: tuple[Column, ...] = (
    (_("Time (UTC)"), lambda entry: entry.at),
    (_("Who"), lambda entry: entry.actor_label),
    (_("Event"), lambda entry: log_words(entry.verb)),
    (_("Target"), lambda entry: event_of(entry.verb).target(entry.target_label)),
    (
        pgettext_lazy("column", "Change"),
        lambda entry: "; ".join(str(words) for words in event_of(entry.verb).lines(entry)),
    ),
    (_("Reason"), lambda entry: entry.reason),
    (_("App ID"), lambda entry: entry.mini_program_id),
    (_("Host app ID"), lambda entry: entry.application_id),
    (_("Request ID"), lambda entry: entry.request_id),
)
