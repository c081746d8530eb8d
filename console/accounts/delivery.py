"""Sends notifications by e-mail. The row is the truth: what fails stays, and the sweep tries again."""

from __future__ import annotations

import logging
from urllib.parse import urljoin

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from console.accounts.models import Notification

logger = logging.getLogger(__name__)


def send_waiting() -> int:
    """Send every notification that waits for its e-mail; return how many the mail server took.

    Each row is locked while its message goes out, so two workers never send the same one. A failure moves the row
    to the end of the line and leaves it to the next sweep.
    """
    sent, last = 0, 0
    while (found := _send_next(after=last)) is not None:
        last, taken = found
        sent += taken
    return sent


def _send_next(*, after: int) -> tuple[int, bool] | None:
    """Send the first waiting notification above the id `after`; return its id and whether it was taken."""
    with transaction.atomic():
        notification = (
            Notification.objects.to_send()
            .filter(id__gt=after)
            .select_for_update(skip_locked=True, of=("self",), no_key=True)
            .select_related("user")
            .order_by("id")
            .first()
        )
        if notification is None:
            return None
        try:
            _message(notification).send()
        except OSError as error:  # smtplib's errors and refused connections
            logger.warning("e-mail of notification %s failed: %s", notification.pk, error)
            Notification.objects.filter(pk=notification.pk).update(email_tries=F("email_tries") + 1)
            return notification.pk, False
        Notification.objects.filter(pk=notification.pk).update(emailed_at=timezone.now())
        return notification.pk, True


def _message(notification: Notification) -> EmailMessage:
    """Build the message: the text, the detail, the link."""
    lines = [notification.text, notification.detail, urljoin(settings.BASE_URL, notification.url)]
    body = "\n\n".join(line for line in lines if line)
    footer = _("Sent by the Mini Program Console to %(email)s.") % {"email": notification.user.email}
    subject = " ".join(notification.text.split())
    return EmailMessage(subject=subject, body=f"{body}\n\n-- \n{footer}\n", to=[notification.user.email])
