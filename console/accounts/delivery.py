"""Sends notifications and invitations by e-mail. The row is the truth: what fails stays, and the sweep tries again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from console.accounts.models import Invitation, Notification
from console.core import times

logger = logging.getLogger(__name__)
FIRST_PAUSE, LONGEST_PAUSE = 10, 3600  # seconds


def send_waiting() -> int:
    """Send every notification that waits for its e-mail; return how many the mail server took."""
    return _send_each(Notification.objects.to_send(at=timezone.now()).select_related("user"), _notification_message)


def send_invitations() -> int:
    """Send every invitation that waits for its e-mail; return how many the mail server took."""
    rows = Invitation.objects.to_send(at=timezone.now()).select_related("team", "invited_by")
    return _send_each(rows, _invitation_message)


def _send_each(rows: QuerySet[Any], build: Callable[[Any], EmailMessage]) -> int:
    """Send what waits, one row after the other.

    Each row is locked while its message goes out, so two workers never send the same one. A failure leaves the row
    to a later sweep: the pauses grow to an hour.
    """
    sent, last = 0, 0
    while (found := _send_next(rows, build, after=last)) is not None:
        last, taken = found
        sent += taken
    return sent


def _send_next(rows: QuerySet[Any], build: Callable[[Any], EmailMessage], *, after: int) -> tuple[int, bool] | None:
    """Send the first waiting row above the id `after`; return its id and whether it was taken."""
    with transaction.atomic():
        locked = rows.select_for_update(skip_locked=True, of=("self",), no_key=True)
        row = locked.filter(pk__gt=after).order_by("pk").first()
        if row is None:
            return None
        same = rows.model._default_manager.filter(pk=row.pk)
        try:
            build(row).send()
        except Exception as error:  # A refused connection, or an address that no message can carry: the rest goes on.
            logger.warning("e-mail of %s %s failed: %s", rows.model._meta.model_name, row.pk, error)
            pause = timedelta(seconds=min(FIRST_PAUSE * 2**row.email_tries, LONGEST_PAUSE))
            same.update(email_tries=row.email_tries + 1, email_next_at=timezone.now() + pause)
            return row.pk, False
        same.update(emailed_at=timezone.now())
        return row.pk, True


def _notification_message(notification: Notification) -> EmailMessage:
    """Build the message in the recipient's language: the text, the detail, the link; why it came and how to stop it."""
    with override(notification.user.language or settings.LANGUAGE_CODE):
        choices = urljoin(settings.BASE_URL, reverse("notification_choices"))
        return _message(
            notification.user.email,
            notification.text,
            [notification.text, notification.detail, urljoin(settings.BASE_URL, notification.url)],
            [
                str(notification.about.because),
                _("Choose what you are told, and where: %(address)s") % {"address": choices},
            ],
        )


def _invitation_message(invitation: Invitation) -> EmailMessage:
    """Build the message with the link that only the invited person gets, in the language of who invited them."""
    with override(invitation.invited_by.language or settings.LANGUAGE_CODE):
        words = {
            "person": invitation.invited_by,
            "team": invitation.team,
            "role": invitation.get_role_display().lower(),
        }
        return _message(
            invitation.email,
            _("%(person)s invites you to the team %(team)s") % words,
            [
                _("%(person)s invites you to join the team %(team)s as %(role)s.") % words,
                urljoin(settings.BASE_URL, reverse("accounts:accept", args=[invitation.token])),
                _("The link works once, until %(time)s.") % {"time": times.full(invitation.expires_at)},
            ],
            [],
        )


def _message(to: str, subject: str, lines: list[str], foot: list[str]) -> EmailMessage:
    body = "\n\n".join(line for line in lines if line)
    footer = "\n".join([*foot, _("Sent by the Mini Program Console to %(email)s.") % {"email": to}])
    return EmailMessage(subject=" ".join(subject.split()), body=f"{body}\n\n-- \n{footer}\n", to=[to])
