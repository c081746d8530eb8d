"""The verbs of teams, members, invitations and notifications."""

from __future__ import annotations

from collections.abc import Iterable

from console.accounts.models import Notification, User
from console.accounts.tasks import send_notifications
from console.core.wakeups import wake


def notify(users: Iterable[User], *, text: str, url: str, detail: str = "") -> None:
    """Tell `users` in the console and, once the transaction is through, by e-mail."""
    rows = [Notification(user=user, text=text[:300], detail=detail[:1000], url=url) for user in users]
    if rows:
        Notification.objects.bulk_create(rows)
        wake(send_notifications)
