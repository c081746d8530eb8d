"""Mini programs as a file."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from console.base.activity.events import in_list
from console.base.core.sheets import Column
from console.base.core.states import badge_of

PROGRAMS: tuple[Column, ...] = (
    (_("Mini program"), lambda program: program.name),
    (_("App ID"), lambda program: program.app_id),
    (_("Team"), lambda program: program.team),
    (_("Category"), lambda program: program.category),
    (_("Shelf"), lambda program: badge_of(program.shelf)[1]),
    (_("Online version"), lambda program: program.online_number),
    (_("In audit"), lambda program: program.in_audit_number),
    (_("Last change"), lambda program: in_list(program.last_change, program.last_change_label)),
    (_("Last change (UTC)"), lambda program: program.changed_at),
)
