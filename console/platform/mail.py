"""What waits for the mail server, and how it answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Min, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.accounts.models import Invitation, Notification
from console.platform.services import Service

MANY = 10_000  # nobody counts further


def backlog(*, at: datetime) -> tuple[int, datetime | None]:
    """Return how many mails could be sent now, at most MANY of each kind, and since when the first of them waits."""
    waiting = [(Invitation.objects.to_send(at=at), "invited_at"), (Notification.objects.to_send(at=at), "created_at")]
    oldest = [rows.aggregate(oldest=Min(moment))["oldest"] for rows, moment in waiting]
    count = sum(rows[:MANY].count() for rows, _moment in waiting)
    return count, min((moment for moment in oldest if moment), default=None)


def server(*, at: datetime) -> Service:
    """Return what is known of the mail server, which is not asked: only a mail would tell."""
    address = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}" if "smtp" in settings.EMAIL_BACKEND else _("Printed only")
    refused = sum(_refused(rows) for rows in (Invitation.objects.usable(at=at), Notification.objects.all()))
    words = ngettext("%(count)d mail will be tried again", "%(count)d mails will be tried again", refused)
    facts = (address, *([words % {"count": refused}] if refused else []))
    return Service("mail", _("Mail server"), "mail", facts, is_known=False)


def _refused(rows: QuerySet[Any]) -> int:
    return rows.filter(emailed_at=None, email_tries__gt=0, email_next_at__isnull=False)[:MANY].count()
