"""Verbs of what a person is notified of and has read: personal, so without entries in the activity log."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from console.base.accounts.models import NotificationChoice, User
from console.base.accounts.states import NotificationKind
from console.base.core.errors import Conflict

Choices = Mapping[str, tuple[bool, bool]]  # kind → whether in the console, whether by e-mail


def choose_notifications(user: User, *, choices: Choices) -> None:
    """Keep for each kind whether `user` wants it; what was written stays as it is."""
    NotificationChoice.objects.bulk_create(
        [
            NotificationChoice(user=user, kind=NotificationKind(kind), in_console=in_console, by_email=by_email)
            for kind, (in_console, by_email) in choices.items()
        ],
        update_conflicts=True,
        unique_fields=["user", "kind"],
        update_fields=["in_console", "by_email"],
    )


@transaction.atomic
def restore_notifications(user: User, *, choices: Choices, instead_of: Choices) -> None:
    """Take back the choice `instead_of`, which left a row for each kind: `choices` are those before it.

    Raises Conflict where `user` chose otherwise meanwhile.
    """
    rows = NotificationChoice.objects.select_for_update().filter(user=user, kind__in=instead_of)
    if {row.kind: (row.in_console, row.by_email) for row in rows} != dict(instead_of):
        raise Conflict(_("Not undone: these settings were changed again meanwhile."))
    choose_notifications(user, choices=choices)


def unmark_notifications_read(user: User, *, to: int, since: int) -> None:
    """Take back that all up to the id `since` are marked as read: those after `to` are unread again.

    Raises Conflict unless the last mark is that one, as when it was taken back, or set again for newer ones, meanwhile.
    """
    marked = User.objects.filter(pk=user.pk, notifications_read_to=since)
    if not 0 <= to < since or not marked.update(notifications_read_to=to):
        raise Conflict(_("Not undone: notifications were marked as read again meanwhile."))
    user.notifications_read_to = to
