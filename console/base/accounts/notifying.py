"""Notifications: who gets which, in their language, as each has chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.functional import Promise

from console.base.accounts.models import Notification, NotificationChoice, OutgoingMail, Team, User
from console.base.accounts.permissions import Permission, team_roles_with
from console.base.accounts.readers import read_by
from console.base.accounts.states import NotificationKind
from console.base.core.sealing import seal
from console.base.core.wakeups import wake

SEND_MAIL = "accounts.send_mail"


def reason_of(event: Any) -> str:
    """Return what the person said who did it."""
    return str(event.reason)


def nothing(event: Any) -> str:
    """Say nothing beside the text."""
    return ""


@dataclass(frozen=True, kw_only=True)
class Notify:
    """Whom an event notifies, and what they read: `text` names `event.words()`.

    `to`, `url` and `detail` are asked with the event; the last one, as `text`, once for each language. Who did it is
    left out, but with `also_actor`: what came of it may be news to them, too.
    """

    kind: NotificationKind
    to: Callable[[Any], Iterable[User]]
    text: str | Promise
    url: Callable[[Any], str]
    detail: Callable[[Any], str] = reason_of
    also_actor: bool = False

    def __call__(self, event: Any) -> None:
        """Write the notifications, in the event's transaction; each person has one, from the first that names them."""
        spared = event.notified if self.also_actor else event.notified | {event.by}
        people = [user for user in self.to(event) if user not in spared]
        event.notified.update(people)
        notify(
            people,
            kind=self.kind,
            text=lambda: str(self.text) % event.words(),
            detail=lambda: self.detail(event),
            url=self.url(event),
            at=event.at,
        )


def notify(
    users: Iterable[User],
    *,
    kind: NotificationKind,
    text: Callable[[], str],
    url: str,
    detail: Callable[[], str] = str,
    at: datetime | None = None,
) -> None:
    """Notify `users`, each in their language and zone, in the console and, once the transaction is through, by e-mail.

    Who has switched the kind off is notified where they left it on. `text` and `detail` are called for each of those.
    """
    people, at = {user.pk: user for user in users if not user.is_robot}.values(), at or timezone.now()
    choices = {row.user_id: row for row in NotificationChoice.objects.filter(user__in=people, kind=kind)}
    words: dict[tuple[str, str], tuple[str, str]] = {}
    rows = []
    for user in people:
        choice = choices.get(user.pk) or NotificationChoice()
        if not (choice.in_console or choice.by_email):
            continue
        reader = user.language or settings.LANGUAGE_CODE, user.time_zone
        if reader not in words:
            with read_by(user):
                words[reader] = str(text())[:300], str(detail())[:1000]
        row = Notification(user=user, kind=kind, url=url, created_at=at)
        row.text, row.detail = words[reader]
        row.in_console, row.by_email = choice.in_console, choice.by_email
        rows.append(row)
    if rows:
        Notification.objects.bulk_create(rows)
        wake(SEND_MAIL)


def post_mail(*, to: str, subject: str, body: str) -> OutgoingMail:
    """Leave a mail for the mail job: nobody's request waits for the mail server."""
    mail = OutgoingMail.objects.create(to=to, subject=subject[:200], sealed=seal(body))
    wake(SEND_MAIL)
    return mail


def members_with(team: Team, permission: Permission) -> list[User]:
    """Return the members of the team who hold `permission` and can sign in."""
    roles = team_roles_with(permission)
    return list(User.objects.people().filter(is_active=True, memberships__team=team, memberships__role__in=roles))


def member_or_managers(user: User, *, team: Team) -> list[User]:
    """Return whom to notify of what `user` asked for: them, or who manages the team once they left it (P-1, P-3).

    A robot reads nothing: who manages the team does.
    """
    if user.is_active and not user.is_robot and team.memberships.filter(user=user).exists():
        return [user]
    return members_with(team, Permission.MANAGE)
