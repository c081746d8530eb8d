"""What waits for the mail server, and how it answered."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import get_connection
from django.db.models import Min
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.base.accounts.delivery import KINDS, MailFacts, mail_facts, unopened
from console.base.accounts.smtp import Backend
from console.base.core import times
from console.base.core.outbox.leases import MANY
from console.platform.services import Service
from console.platform.trouble import Level, Trouble

REFUSED = timedelta(minutes=30)  # after so many tries it isn't by chance


def backlog(*, at: datetime) -> tuple[int, datetime | None]:
    """Return how many mails could be sent now, at most MANY + 1 of each kind, and since when the first could."""
    count, oldest = 0, []
    for kind in KINDS:
        rows = kind.to_send(at=at)
        count += rows[: MANY + 1].count()
        oldest.append(rows.aggregate(since=Min(Coalesce("email_next_at", kind.moment)))["since"])
    return count, min((since for since in oldest if since), default=None)


def server(*, at: datetime) -> Service:
    """Return what is known of the mail server at the time `at`; it is not asked: only a mail would tell."""
    facts = mail_facts(at=at)
    address = _("Kept in the mailbox of this machine") if settings.MAILBOX else _("Printed only")
    if isinstance(backend := get_connection(), Backend):
        address = backend.address
    words = (address, *_in_words(facts))
    trouble = _failing(facts, at=at) or _refusing(facts, at=at)
    return Service("mail", _("Mail server"), "mail", words, trouble, is_known=trouble is not None)


def _failing(facts: MailFacts, *, at: datetime) -> Trouble | None:
    """Nobody gets through, so all wait."""
    if facts.paused_until is None:
        return None
    mend = _("E-mails are tried again now. Check the server and EMAIL_URL.")
    if facts.paused_until > at:
        mend = _("E-mails are paused until %(time)s, then sent again. Check the server and EMAIL_URL.")
    return Trouble(
        _("The mail server is failing"),
        mend % {"time": times.exact(facts.paused_until)},
        said=facts.last_failure,
        since=facts.last_failure_at,
    )


def _refusing(facts: MailFacts, *, at: datetime) -> Trouble | None:
    """The server answers, and takes none, or not all."""
    if facts.refused_since is None or facts.refused_since > at - REFUSED:
        return None
    title = ngettext(
        "The mail server refuses %(count)d e-mail", "The mail server refuses %(count)d e-mails", facts.refused
    )
    title %= {"count": facts.refused}
    if facts.all_refused_since is None or facts.all_refused_since > at - REFUSED:
        mend = _("Others were sent meanwhile. The log of the mail worker says which it refuses.")
        return Trouble(title, mend, said=facts.last_failure, since=facts.refused_since, level=Level.NOTE)
    mend = _(
        "No other e-mail was sent since. Check the server, EMAIL_URL and DEFAULT_FROM_EMAIL. Each is tried again, at "
        "least hourly."
    )
    return Trouble(title, mend, said=facts.last_failure, since=facts.all_refused_since)


def closed(*, at: datetime) -> Trouble | None:
    """Return that a changed key keeps mails from being sent at the time `at`; the server has no part in it."""
    came = unopened(at=at).values()
    if not came:
        return None
    mend = _("SECRET_KEY changed. Add the old key to SECRET_KEY_FALLBACKS.")
    return Trouble(_("E-mails can’t be opened"), mend, since=min(came))


def _in_words(facts: MailFacts) -> list[str]:
    words = []
    if facts.last_sent_at:
        words.append(_("last sent %(time)s") % {"time": times.exact(facts.last_sent_at)})
    if facts.last_failure_at:
        failure = _("last failure %(time)s: %(reason)s")
        words.append(failure % {"time": times.exact(facts.last_failure_at), "reason": facts.last_failure})
    if facts.failed:
        failed = ngettext("%(count)d mail not delivered", "%(count)d mails not delivered", facts.failed)
        words.append(failed % {"count": facts.failed})
    return words
