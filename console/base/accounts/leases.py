"""The mail that a run takes for a while, what it writes back, and the pause of a mail server that does not answer.

No transaction is open while a mail is on its way; every write is guarded by the number of the try.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet

from console.base.accounts.models import MailServer

RUN = 0x6D61696C  # advisory lock of the run: a silent server holds one worker, not all
RUN_SECONDS = 20  # a run begins no mail after that
# The connection of a run, and its last mail, where each answer comes at the last moment: connect, greeting, TLS, names
# and sign-in; MAIL, RCPT, DATA, the text, RSET, QUIT.
OPEN_SECONDS = 9 * settings.EMAIL_TIMEOUT
LAST_MAIL_SECONDS = 5 * settings.EMAIL_TIMEOUT + settings.EMAIL_TEXT_TIMEOUT
GRACE_SECONDS = 15  # for writing back
# Of one mail: when its worker dies, that one alone waits for the end of the lease.
LEASE = timedelta(seconds=LAST_MAIL_SECONDS + GRACE_SECONDS)
FIRST_PAUSE, LONGEST_PAUSE = 10, 3600  # seconds of one mail; each refusal doubles them
FIRST_SERVER_PAUSE, LONGEST_SERVER_PAUSE = 5, 60  # seconds of all mails; each failure of the server doubles them


def some(rows: QuerySet[Any]) -> bool:
    """Return whether there is one that no other transaction holds: a run would take it."""
    with transaction.atomic():
        return _unlocked(rows).first() is not None


def take(rows: QuerySet[Any], *, after: int, at: datetime) -> Any | None:
    """Return the first of the rows above the id `after`, leased; the try that begins counts."""
    with transaction.atomic():
        row = _unlocked(rows.filter(pk__gt=after)).first()
        if row is not None:
            row.email_tries += 1
            same = type(row).objects.filter(pk=row.pk)
            same.update(email_tries=F("email_tries") + 1, email_next_at=at + LEASE)
        return row


def mark_sent(row: Any, *, at: datetime) -> None:
    """Write that the mail server took it."""
    _as_taken(row).mark_sent(at=at)


def put_off(row: Any, *, at: datetime) -> None:
    """Let it be tried again some time after `at`: the pauses grow to an hour."""
    pause = timedelta(seconds=min(FIRST_PAUSE * 2 ** (row.email_tries - 1), LONGEST_PAUSE))
    _as_taken(row).update(email_next_at=at + pause)


def note_failure(reason: str, *, at: datetime) -> None:
    """Keep why the mail server did not take one mail."""
    MailServer.objects.update_or_create(pk=1, defaults={"last_failure": reason[:300], "last_failure_at": at})


def pause_server(reason: str, *, at: datetime) -> datetime:
    """Let nobody try anything until the moment that is returned; the pauses grow to a minute."""
    server, _made = MailServer.objects.get_or_create(pk=1)
    pause = min(FIRST_SERVER_PAUSE * 2 ** min(server.failures, 10), LONGEST_SERVER_PAUSE)
    server.failures += 1
    server.paused_until = at + timedelta(seconds=pause)
    server.last_failure, server.last_failure_at = reason[:300], at
    server.save()
    return server.paused_until


def note_success(*, at: datetime) -> None:
    """The mail server took something: its next failure is the first one again."""
    works = {"failures": 0, "paused_until": None, "last_sent_at": at}
    MailServer.objects.update_or_create(pk=1, defaults=works)


def note_last_sent(*, at: datetime) -> None:
    """Keep when the mail server took the last mail of a run, however that ended: its pause stays."""
    MailServer.objects.update(last_sent_at=at)


def paused(*, at: datetime) -> bool:
    """Return whether the mail server is left in peace at the time `at`.

    A pause that ends later than any begins now was made by a clock that has been set back.
    """
    latest = at + timedelta(seconds=2 * LONGEST_SERVER_PAUSE)
    return MailServer.objects.filter(paused_until__gt=at, paused_until__lte=latest).exists()


def _unlocked(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.select_for_update(skip_locked=True, of=("self",), no_key=True).order_by("pk")


def _as_taken(row: Any) -> Any:
    """The row unless it was changed meanwhile: an invitation that is sent again begins anew."""
    return type(row).objects.filter(pk=row.pk, email_tries=row.email_tries)
