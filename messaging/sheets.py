"""A program's templates and sent messages as files; of a recipient they say what the pages do."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from console.base.core.sheets import Column
from console.base.core.states import badge_of
from messaging.localization import title_of

TEMPLATES: tuple[Column, ...] = (
    (_("Template"), title_of),
    (_("Template ID"), lambda template: template.template_id),
    (_("Type"), lambda template: template.get_kind_display()),
    (_("Note"), lambda template: template.note),
    (_("Added (UTC)"), lambda template: template.created_at),
    (_("Added by"), lambda template: template.created_by),
)
MESSAGES: tuple[Column, ...] = (  # of `Row`
    (_("Accepted (UTC)"), lambda row: row.message.accepted_at),
    (_("Template"), lambda row: row.title),
    (_("Template ID"), lambda row: row.message.template.template_id),
    (_("Recipient"), lambda row: row.user.masked),
    (_("Host app"), lambda row: row.message.application.name),
    (_("Status"), lambda row: badge_of(row.message.state)[1]),
    (_("Attempts"), lambda row: row.message.tries),
    (_("Gateway response"), lambda row: row.answer),
)
