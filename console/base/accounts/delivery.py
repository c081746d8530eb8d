"""Sends what waits for the mail server. The rows are the truth: what fails stays, and the sweep tries again."""

from __future__ import annotations

import contextlib
import logging
import smtplib
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db.models import Count, Min, Q, QuerySet
from django.urls import reverse
from django.utils.encoding import punycode
from django.utils.translation import gettext as _

from console.base.accounts import leases
from console.base.accounts.inviting import role_words
from console.base.accounts.models import Invitation, MailServer, Notification, OutgoingMail
from console.base.accounts.readers import read_by
from console.base.accounts.smtp import CLOSING
from console.base.core import metrics, times
from console.base.core.only_run import only_run
from console.base.core.sealing import Unreadable, unseal

logger = logging.getLogger(__name__)
UNTRIED = timedelta(minutes=10)  # so long after a pause, nothing waits or no worker sends
UNREADABLE = "An e-mail can't be opened because SECRET_KEY changed: add the old key to SECRET_KEY_FALLBACKS"


class ServerFailed(Exception):
    """The mail server can't be used now: not there, silent, broken off, or nobody's mail is welcome."""


class Kind(NamedTuple):
    """Rows of one table that go out by mail: which are due at a time, and the message of one."""

    to_send: Callable[[datetime], QuerySet[Any]]
    build: Callable[[Any], EmailMessage]


class MailFacts(NamedTuple):
    """The status of sending, for operators: mails, moments, and what the server said last.

    `paused_until` is None unless the server is failing; between two tries it is a moment ago. `refused` waits after at
    least one try, the oldest since `refused_since`; of what came after the last mail that was sent, the oldest since
    `all_refused_since`.
    """

    waiting: int
    oldest_at: datetime | None
    failed: int
    last_failure: str
    last_failure_at: datetime | None
    paused_until: datetime | None
    last_sent_at: datetime | None
    refused: int
    refused_since: datetime | None
    all_refused_since: datetime | None


def send_waiting(*, at: datetime) -> int | None:
    """Send what waits, over one connection, for about leases.RUN_SECONDS; return how many mails the server took.

    None: another run is at it. The first sign of a dead server ends the run, and all runs pause. `at` is now, by the
    clock of the database.
    """
    with only_run(leases.RUN) as mine:
        if not mine:
            return None
        OutgoingMail.objects.erase_old(at=at)
        return Run(at).work() if something_waits(at=at) else 0


def something_waits(*, at: datetime) -> bool:
    """Return whether a run would have something to do at the time `at`."""
    return not leases.paused(at=at) and any(leases.some(kind.to_send(at)) for kind in KINDS)


def mail_facts(*, at: datetime) -> MailFacts:
    """Return the status of sending at the time `at`."""
    server = MailServer.objects.first() or MailServer()
    unsent = _unsent(server, at=at)
    failed = [kind.objects.failed(at=at) for kind in (OutgoingMail, Invitation, Notification)]
    is_failing = server.paused_until is not None and server.paused_until > at - UNTRIED
    return MailFacts(
        waiting=sum(found["waiting"] for found in unsent),
        oldest_at=_first(found["oldest_at"] for found in unsent),
        failed=sum(rows.count() for rows in failed),
        last_failure=server.last_failure,
        last_failure_at=server.last_failure_at,
        paused_until=server.paused_until if is_failing else None,
        last_sent_at=server.last_sent_at,
        refused=sum(found["refused"] for found in unsent),
        refused_since=_first(found["refused_since"] for found in unsent),
        all_refused_since=_first(found["all_refused_since"] for found in unsent),
    )


def all_refused_since(*, at: datetime) -> datetime | None:
    """Return that of `mail_facts` alone, for who asks every few seconds: nothing that has failed is counted."""
    return _first(found["all_refused_since"] for found in _unsent(MailServer.objects.first() or MailServer(), at=at))


def _unsent(server: MailServer, *, at: datetime) -> list[dict[str, Any]]:
    return [
        _waiting(OutgoingMail.objects.unsent(at=at), "created_at", server.last_sent_at),
        _waiting(Invitation.objects.unsent(at=at), "invited_at", server.last_sent_at),
        _waiting(Notification.objects.unsent(at=at), "created_at", server.last_sent_at),
    ]


def _waiting(rows: QuerySet[Any], moment: str, last_sent_at: datetime | None) -> dict[str, Any]:
    """Return what MailFacts says of the rows of one table, which came at their `moment`."""
    refused = Q(email_tries__gt=0)
    after_the_last = refused & Q(**{f"{moment}__gt": last_sent_at}) if last_sent_at else refused
    return rows.aggregate(
        waiting=Count("pk"),
        oldest_at=Min(moment),
        refused=Count("pk", filter=refused),
        refused_since=Min(moment, filter=refused),
        all_refused_since=Min(moment, filter=after_the_last),
    )


def _first(moments: Iterable[datetime | None]) -> datetime | None:
    return min((moment for moment in moments if moment), default=None)


class Run:
    """One connection, and what goes over it."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.began = self.until = time.monotonic()
        self.server = get_connection()
        self.seen: defaultdict[Kind, int] = defaultdict(int)  # the last id that was taken
        self.sent = 0

    def now(self) -> datetime:
        """Return the database's time: what this machine's clock says does not matter."""
        return self.at + timedelta(seconds=time.monotonic() - self.began)

    def work(self) -> int:
        """Send until nothing waits, time is up, or the server fails; return how many mails it took."""
        try:
            self.open()
            self.until = time.monotonic() + leases.RUN_SECONDS
            while taken := self.take():
                self.send(*taken)
                if self.is_over():
                    break
        except ServerFailed:
            pass  # Noted and paused where it was seen.
        finally:
            with contextlib.suppress(OSError):
                self.server.close()
        return self.sent

    def open(self) -> None:
        """Open the connection; raises ServerFailed. No mail is taken yet, so none loses a try."""
        try:
            self.server.open()
        except Exception as error:  # Not there, silent, no TLS, wrong password, a host name that is none.
            self.pause(_reason(error))
            metrics.mails.labels("failed").inc()
            raise ServerFailed from error

    def take(self) -> tuple[Kind, Any] | None:
        """Take the next mail. Links that people wait for go first, even if they came in last."""
        at = self.now()
        for kind in KINDS:
            if row := leases.take(kind.to_send(at), after=self.seen[kind], at=at):
                self.seen[kind] = row.pk
                return kind, row
        return None

    def is_over(self) -> bool:
        """Whether time is up; asked after a mail, so that even a slow run sends one."""
        return time.monotonic() >= self.until

    def send(self, kind: Kind, row: Any) -> None:
        """Send one mail, and write how it went. Raises ServerFailed.

        A mail on which the server fails may be the reason, so that is a try, and others go first after the pause.
        """
        try:
            self.server.send_messages([kind.build(row)])
        except Unreadable:
            logger.warning("%s (%s %s)", UNREADABLE, row._meta.model_name, row.pk)
            leases.note_failure(UNREADABLE, at=self.now())
            leases.put_off(row, at=self.now())
            return
        except Exception as error:  # A refusal, or an address that no message can carry: the rest goes on.
            reason = _reason(error)
            logger.warning("e-mail of %s %s failed: %s", row._meta.model_name, row.pk, reason)
            metrics.mails.labels("failed").inc()
            if _is_the_server_s(error):
                leases.put_off(row, at=self.pause(reason) + timedelta(seconds=leases.FIRST_SERVER_PAUSE))
                raise ServerFailed from error
            leases.note_failure(reason, at=self.now())
            leases.put_off(row, at=self.now())
            return
        leases.mark_sent(row, at=self.now())
        metrics.mails.labels("sent").inc()
        if not self.sent:
            leases.note_success(at=self.now())
        self.sent += 1

    def pause(self, reason: str) -> datetime:
        """Let all runs leave the server in peace for a while; return until when."""
        until = leases.pause_server(reason, at=self.now())
        logger.warning("the mail server failed; next try at %s: %s", until.isoformat(timespec="seconds"), reason)
        return until


def _is_the_server_s(error: Exception) -> bool:
    """Whether the next mail would fail, too. All that smtplib raises is an OSError."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            return any(code == CLOSING for code, _text in error.recipients.values())
        case smtplib.SMTPDataError():
            return error.smtp_code == CLOSING
        case _:  # With SMTPSenderRefused: the sender is the same for all.
            return isinstance(error, OSError | SoftTimeLimitExceeded)


def _reason(error: Exception) -> str:
    """Return what the server said, or what happened."""
    answers = [(error.smtp_code, error.smtp_error)] if isinstance(error, smtplib.SMTPResponseException) else []
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        answers = list(error.recipients.values())
    said = [f"{code} {text.decode(errors='replace') if isinstance(text, bytes) else text}" for code, text in answers]
    return ("; ".join(said) or str(error) or type(error).__name__).replace("\0", "")


def _notification_message(notification: Notification) -> EmailMessage:
    """Build the message in the recipient's language: the text, the detail, the link; why it came and how to stop it."""
    with read_by(notification.user):
        choices = urljoin(settings.BASE_URL, reverse("notification_choices"))
        return _message(
            _headers(notification, notification.created_at) | {"List-Unsubscribe": f"<{choices}>"},
            notification.user.email,
            notification.text,
            [notification.text, notification.detail, urljoin(settings.BASE_URL, notification.url)],
            [
                str(notification.about.because),
                _("Choose which notifications you get, and how: %(address)s") % {"address": choices},
            ],
        )


def invitation_message(invitation: Invitation) -> EmailMessage:
    """Build the message with the link that only the invited person gets, in the language of who invited them."""
    with read_by(invitation.invited_by):
        words = {
            "person": invitation.invited_by,
            "team": invitation.team,
            "role": role_words(invitation),
        }
        return _message(
            _headers(invitation, invitation.invited_at),
            invitation.email,
            _("%(person)s invites you to join %(team)s") % words,
            [
                _("%(person)s invites you to join %(team)s as %(role)s.") % words,
                urljoin(settings.BASE_URL, reverse("accounts:accept", args=[invitation.token])),
                _("The link works once, until %(time)s.") % {"time": times.full(invitation.expires_at)},
            ],
            [],
        )


def _outgoing_message(mail: OutgoingMail) -> EmailMessage:
    headers = _headers(mail, mail.created_at)
    return EmailMessage(subject=mail.subject, body=unseal(mail.sealed), to=[mail.to], headers=headers)


def _message(headers: dict[str, str], to: str, subject: str, lines: list[str], foot: list[str]) -> EmailMessage:
    body = "\n\n".join(line for line in lines if line)
    footer = "\n".join([*foot, _("Sent by the Mini Program Console to %(email)s.") % {"email": to}])
    return EmailMessage(
        subject=" ".join(subject.split()),
        body=f"{body}\n\n-- \n{footer}\n",
        to=[to],
        headers=headers,
    )


def _headers(row: Any, moment: datetime) -> dict[str, str]:
    """Return the headers of each mail: its id, and that it wants no answer from a machine."""
    return {
        "Message-ID": _message_id(row, moment),
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }


def _message_id(row: Any, moment: datetime) -> str:
    """Return the same for each try, so that a copy is recognised: a worker may die before our note of the server's yes.

    `moment` distinguishes an invitation that is sent again, and the rows of another database.
    """
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    domain = sender.rpartition("@")[2] or urlsplit(settings.BASE_URL).hostname or "localhost"
    return f"<{row._meta.model_name}.{row.pk}.{moment:%Y%m%d%H%M%S%f}@{punycode(domain)}>"


# In this order: somebody looks into the mailbox for the first, and perhaps for the second.
KINDS = (
    Kind(lambda at: OutgoingMail.objects.to_send(at=at), _outgoing_message),
    Kind(lambda at: Invitation.objects.to_send(at=at).select_related("team", "invited_by"), invitation_message),
    Kind(lambda at: Notification.objects.to_send(at=at).select_related("user"), _notification_message),
)
