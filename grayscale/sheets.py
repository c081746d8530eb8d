"""Grayscale tasks as a file."""

from __future__ import annotations

from html import unescape

from django.utils.html import strip_tags
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console.base.core.sheets import Column
from console.base.core.states import badge_of

TASKS: tuple[Column, ...] = (  # of `rows_of`
    (_("Task"), lambda row: row.task.name),
    (_("Mini program"), lambda row: row.task.mini_program.name),
    (_("App ID"), lambda row: row.task.mini_program.app_id),
    (_("Version"), lambda row: row.task.version.number),
    (_("Status"), lambda row: badge_of(row.state)[1]),
    (pgettext_lazy("to devices", "Delivered"), lambda row: row.delivered),
    (_("Number of users"), lambda row: row.task.user_limit),
    (_("Start (UTC)"), lambda row: row.task.starts_at),
    (_("End (UTC)"), lambda row: row.task.ends_at),
    (_("Audience"), lambda row: unescape(strip_tags(row.reaches))),
    (_("Created (UTC)"), lambda row: row.task.created_at),
)
