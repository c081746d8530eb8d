"""How long sessions, the security log and notifications are kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import Min
from django.utils.translation import gettext_lazy as _

from console.base.accounts.models import Notification, SecurityEntry, UserSession
from console.base.core import retention
from console.base.core.retention import Kind, by_id, register

# One that is just being written is left to the next run.
EXPIRED = """
    DELETE FROM django_session WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM django_session WHERE expire_date < %s ORDER BY expire_date LIMIT %s FOR UPDATE SKIP LOCKED
    ))
"""
# What nobody has read in the console is kept twice as long as what was read, or went out by e-mail alone.
DUE = """
    row.created_at < %(unread_before)s OR NOT row.in_console OR row.read_at IS NOT NULL
    OR row.id <= (SELECT notifications_read_to FROM accounts_user WHERE id = row.user_id)
"""


def _sessions(at: datetime, days: int) -> Iterator[int]:
    """Delete sessions that have expired: `days` is how long one lasts."""
    deleted = retention.BATCH
    while deleted == retention.BATCH:
        with retention.step() as cursor:
            cursor.execute(EXPIRED, [at, retention.BATCH])
            deleted = cursor.rowcount
        yield deleted


def _oldest_session() -> datetime | None:
    """Return when the one was used last that ends next."""
    expires: datetime | None = Session.objects.aggregate(first=Min("expire_date"))["first"]
    return expires and expires - timedelta(hours=settings.SESSION_IDLE_HOURS)


def _signed_in(at: datetime, days: int) -> Iterator[int]:
    """Delete what is known of sessions that are over in any case: `days` is how long one lasts."""
    return by_id("accounts_usersession", moment="signed_in_at", due="true", before=at - timedelta(days=days))


def _oldest_signed_in() -> datetime | None:
    return UserSession.objects.order_by("id").values_list("signed_in_at", flat=True).first()


def _security_log(at: datetime, days: int) -> Iterator[int]:
    return by_id("accounts_securityentry", moment="at", due="true", before=at - timedelta(days=days))


def _oldest_entry() -> datetime | None:
    return SecurityEntry.objects.order_by("id").values_list("at", flat=True).first()


def _notifications(at: datetime, days: int) -> Iterator[int]:
    kept = timedelta(days=days)
    before, unread_before = at - kept, at - 2 * kept
    return by_id("accounts_notification", moment="created_at", due=DUE, before=before, unread_before=unread_before)


def _oldest_notification() -> datetime | None:
    return Notification.objects.order_by("id").values_list("created_at", flat=True).first()


register(Kind("sessions", _("Sessions"), "SESSION_DAYS", _sessions, _oldest_session))
register(Kind("signed_in", _("Sessions on the security page"), "SESSION_DAYS", _signed_in, _oldest_signed_in))
register(Kind("security_log", _("Security log"), "SECURITY_LOG_DAYS", _security_log, _oldest_entry))
register(Kind("notifications", _("Notifications"), "NOTIFICATION_DAYS", _notifications, _oldest_notification))
