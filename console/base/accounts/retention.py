"""How long sessions, the security log and notifications are kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import Min
from django.utils.translation import gettext_lazy as _

from console.base.accounts.models import Notification, SecurityEntry, UserSession
from console.base.core.retention import Kind, Place, by_id, by_time, register

# What nobody has read in the console is kept twice as long as what was read, or went out by e-mail alone.
DUE = """
    row.created_at < %(unread_before)s OR NOT row.in_console OR row.read_at IS NOT NULL
    OR row.id <= (SELECT notifications_read_to FROM accounts_user WHERE id = row.user_id)
"""


def _sessions(at: datetime, days: int, place: Place) -> Iterator[int]:
    """Delete sessions that have expired: `days` is how long one lasts."""
    return by_time("django_session", moment="expire_date", before=at)


def _oldest_session() -> datetime | None:
    """Return when the one was used last that ends next."""
    expires: datetime | None = Session.objects.aggregate(first=Min("expire_date"))["first"]
    return expires and expires - timedelta(hours=settings.SESSION_IDLE_HOURS)


def _signed_in(at: datetime, days: int, place: Place) -> Iterator[int]:
    """Delete what is known of sessions that are over in any case: `days` is how long one lasts."""
    return by_id("accounts_usersession", place, moment="signed_in_at", due="true", before=at - timedelta(days=days))


def _oldest_signed_in() -> datetime | None:
    return UserSession.objects.order_by("id").values_list("signed_in_at", flat=True).first()


def _security_log(at: datetime, days: int, place: Place) -> Iterator[int]:
    return by_id("accounts_securityentry", place, moment="at", due="true", before=at - timedelta(days=days))


def _oldest_entry() -> datetime | None:
    return SecurityEntry.objects.order_by("id").values_list("at", flat=True).first()


def _notifications(at: datetime, days: int, place: Place) -> Iterator[int]:
    kept = timedelta(days=days)
    before, unread_before = at - kept, at - 2 * kept
    return by_id(
        "accounts_notification", place, moment="created_at", due=DUE, before=before, unread_before=unread_before
    )


def _oldest_notification() -> datetime | None:
    return Notification.objects.order_by("id").values_list("created_at", flat=True).first()


register(Kind("sessions", _("Sessions"), "SESSION_DAYS", "django_session", _sessions, _oldest_session))
register(
    Kind(
        "signed_in",
        _("Sessions on the security page"),
        "SESSION_DAYS",
        "accounts_usersession",
        _signed_in,
        _oldest_signed_in,
    )
)
register(
    Kind("security_log", _("Security log"), "SECURITY_LOG_DAYS", "accounts_securityentry", _security_log, _oldest_entry)
)
register(
    Kind(
        "notifications",
        _("Notifications"),
        "NOTIFICATION_DAYS",
        "accounts_notification",
        _notifications,
        _oldest_notification,
    )
)
