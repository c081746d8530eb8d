"""What waits for the mail server, and how it answered."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db.models import Min
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.base.accounts.delivery import MailFacts, mail_facts
from console.base.accounts.models import Invitation, Notification, OutgoingMail
from console.base.core import times
from console.platform.services import Service
from console.platform.trouble import Trouble

MANY = 10_000  # of one kind: nobody counts further


def backlog(*, at: datetime) -> tuple[int, datetime | None]:
    """Return how many mails could be sent now, at most MANY + 1 of each kind, and since when the first could."""
    waiting = [
        (OutgoingMail.objects.to_send(at=at), "created_at"),
        (Invitation.objects.to_send(at=at), "invited_at"),
        (Notification.objects.to_send(at=at), "created_at"),
    ]
    count = sum(rows[: MANY + 1].count() for rows, _moment in waiting)
    oldest = [rows.aggregate(since=Min(Coalesce("email_next_at", moment)))["since"] for rows, moment in waiting]
    return count, min((since for since in oldest if since), default=None)


def server(*, at: datetime) -> Service:
    """Return what is known of the mail server at the time `at`; it is not asked: only a mail would tell."""
    facts = mail_facts(at=at)
    address = _("Kept in the mailbox of this machine") if settings.MAILBOX else _("Printed only")
    if "smtp" in settings.EMAIL_BACKEND:
        address = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    words = [address, *_in_words(facts)]
    if facts.paused_until is None:
        return Service("mail", _("Mail server"), "mail", tuple(words), is_known=False)
    mend = _("E-mails are tried again now. Check the server and EMAIL_URL.")
    if facts.paused_until > at:
        mend = _("E-mails are paused until %(time)s, then sent again. Check the server and EMAIL_URL.")
    trouble = Trouble(
        _("The mail server is failing"),
        mend % {"time": times.exact(facts.paused_until)},
        said=facts.last_failure,
        since=facts.last_failure_at,
    )
    return Service("mail", _("Mail server"), "mail", tuple(words), trouble)


def _in_words(facts: MailFacts) -> list[str]:
    words = []
    if facts.last_failure_at:
        words.append(_("last failure %(time)s") % {"time": times.exact(facts.last_failure_at)})
    if facts.failed:
        failed = ngettext("%(count)d mail not delivered", "%(count)d mails not delivered", facts.failed)
        words.append(failed % {"count": facts.failed})
    return words
