"""Sends what waits for the mail server. The rows are the truth: what fails stays, and the sweep tries again."""

from __future__ import annotations

import contextlib
import logging
import smtplib
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
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
from console.base.accounts.smtp import CLOSING, reason_of
from console.base.core import metrics, times
from console.base.core.only_run import only_run
from console.base.core.sealing import Unreadable, opens, unseal

logger = logging.getLogger(__name__)
UNTRIED = timedelta(minutes=10)  # so long after a pause, nothing waits or no worker sends
UNREADABLE = "An e-mail can't be opened because SECRET_KEY changed: add the old key to SECRET_KEY_FALLBACKS"


class ServerFailed(Exception):
    """The mail server can't be used now: not there, silent, broken off, or nobody's mail is welcome."""


class Kind(NamedTuple):
    """Rows of one table that go out by mail: when they came, what their message needs of others, and that message."""

    model: type[Any]
    moment: str
    related: tuple[str, ...]
    build: Callable[[Any], EmailMessage]

    def unsent(self, *, at: datetime) -> QuerySet[Any]:
        """Return those that wait at the time `at`."""
        rows: QuerySet[Any] = self.model.objects.unsent(at=at)
        return rows

    def to_send(self, *, at: datetime) -> QuerySet[Any]:
        """Return those that may be tried at the time `at`."""
        rows: QuerySet[Any] = self.model.objects.to_send(at=at)
        return rows.select_related(*self.related) if self.related else rows


class MailFacts(NamedTuple):
    """The status of sending, for operators: mails, moments, and what the server said last.

    `paused_until` is None unless the server is failing; between two tries it is a moment ago. `refused` waits after the
    server was asked at least once, the oldest since `refused_since`; of what came after the last mail that was sent,
    the oldest since `all_refused_since`.
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
    return not leases.paused(at=at) and any(leases.some(kind.to_send(at=at)) for kind in KINDS)


def mail_facts(*, at: datetime) -> MailFacts:
    """Return the status of sending at the time `at`."""
    server = MailServer.objects.first() or MailServer()
    closed = unopened(at=at)
    found = [_waiting(kind, closed, server.last_sent_at, at=at) for kind in KINDS]
    is_failing = server.paused_until is not None and server.paused_until > at - UNTRIED
    return MailFacts(
        waiting=sum(of_kind["waiting"] for of_kind in found),
        oldest_at=_first(of_kind["oldest_at"] for of_kind in found),
        failed=sum(kind.model.objects.failed(at=at).count() for kind in KINDS),
        last_failure=server.last_failure,
        last_failure_at=server.last_failure_at,
        paused_until=server.paused_until if is_failing else None,
        last_sent_at=server.last_sent_at,
        refused=sum(of_kind["refused"] for of_kind in found),
        refused_since=_first(of_kind["refused_since"] for of_kind in found),
        all_refused_since=_first(of_kind["all_refused_since"] for of_kind in found),
    )


def all_refused_since(*, at: datetime) -> datetime | None:
    """Return that of `mail_facts` alone, for who asks every few seconds."""
    server = MailServer.objects.first() or MailServer()
    closed = unopened(at=at)
    moments = []
    for kind in KINDS:
        refused = kind.unsent(at=at).filter(_after_the_last(kind, closed, server.last_sent_at))
        moments.append(refused.aggregate(since=Min(kind.moment))["since"])
    return _first(moments)


def unopened(*, at: datetime) -> dict[int, datetime]:
    """Return which mails were tried and no key opens, by their ids, and when each came: no server was asked."""
    tried = OutgoingMail.objects.unsent(at=at).filter(email_tries__gt=0)
    rows = tried.values_list("pk", "created_at", "sealed")
    return {pk: created_at for pk, created_at, sealed in rows if not opens(sealed)}


def _waiting(kind: Kind, closed: Collection[int], last_sent_at: datetime | None, *, at: datetime) -> dict[str, Any]:
    """Return what MailFacts says of the rows of one table."""
    refused = _refused(kind, closed)
    return kind.unsent(at=at).aggregate(
        waiting=Count("pk"),
        oldest_at=Min(kind.moment),
        refused=Count("pk", filter=refused),
        refused_since=Min(kind.moment, filter=refused),
        all_refused_since=Min(kind.moment, filter=_after_the_last(kind, closed, last_sent_at)),
    )


def _refused(kind: Kind, closed: Collection[int]) -> Q:
    """Those of the unsent that the server was asked to take; `closed` are the mails that nobody could open."""
    tried = Q(email_tries__gt=0)
    return tried & ~Q(pk__in=closed) if kind.model is OutgoingMail else tried


def _after_the_last(kind: Kind, closed: Collection[int], last_sent_at: datetime | None) -> Q:
    """Those of the refused that came after the last mail that was sent; all, if none was."""
    refused = _refused(kind, closed)
    return refused & Q(**{f"{kind.moment}__gt": last_sent_at}) if last_sent_at else refused


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
        self.sent_at = at  # the last one

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
        if self.sent > 1:
            leases.note_last_sent(at=self.sent_at)
        return self.sent

    def open(self) -> None:
        """Open the connection; raises ServerFailed. No mail is taken yet, so none loses a try."""
        try:
            self.server.open()
        except Exception as error:  # Not there, silent, no TLS, wrong password, a host name that is none.
            self.pause(reason_of(error))
            metrics.mails.labels("failed").inc()
            raise ServerFailed from error

    def take(self) -> tuple[Kind, Any] | None:
        """Take the next mail. Links that people wait for go first, even if they came in last."""
        at = self.now()
        for kind in KINDS:
            if row := leases.take(kind.to_send(at=at), after=self.seen[kind], at=at):
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
            leases.put_off(row, at=self.now())
            return
        except Exception as error:  # A refusal, or an address that no message can carry: the rest goes on.
            reason = reason_of(error)
            logger.warning("e-mail of %s %s failed: %s", row._meta.model_name, row.pk, reason)
            metrics.mails.labels("failed").inc()
            if _is_the_server_s(error):
                leases.put_off(row, at=self.pause(reason) + timedelta(seconds=leases.FIRST_SERVER_PAUSE))
                raise ServerFailed from error
            leases.note_failure(reason, at=self.now())
            leases.put_off(row, at=self.now())
            return
        self.sent_at = self.now()
        leases.mark_sent(row, at=self.sent_at)
        metrics.mails.labels("sent").inc()
        if not self.sent:
            leases.note_success(at=self.sent_at)
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
    Kind(OutgoingMail, "created_at", (), _outgoing_message),
    Kind(Invitation, "invited_at", ("team", "invited_by"), invitation_message),
    Kind(Notification, "created_at", ("user",), _notification_message),
)
