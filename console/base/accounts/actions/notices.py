"""Verbs of what a person is notified of and has read: personal, so without entries in the activity log."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from console.base.accounts.models import NotificationChoice, User
from console.base.accounts.states import NotificationKind
from console.base.core.errors import Conflict

Choices = Mapping[str, tuple[bool, bool]]  # kind → whether in the console, whether by e-mail


@transaction.atomic
def choose_notifications(user: User, *, choices: Choices, instead_of: Choices | None = None) -> None:
    """Keep for each kind whether `user` wants it; what was written stays as it is.

    With `instead_of` only while that is what `user` has chosen: raises Conflict where they chose otherwise meanwhile.
    """
    User.objects.select_for_update().get(pk=user.pk)
    if instead_of is not None and instead_of != notification_choices(user, instead_of):
        raise Conflict(_("Not undone: these settings were changed again meanwhile."))
    NotificationChoice.objects.bulk_create(
        [
            NotificationChoice(user=user, kind=NotificationKind(kind), in_console=in_console, by_email=by_email)
            for kind, (in_console, by_email) in choices.items()
        ],
        update_conflicts=True,
        unique_fields=["user", "kind"],
        update_fields=["in_console", "by_email"],
    )


def notification_choices(user: User, kinds: Mapping[str, object]) -> dict[str, tuple[bool, bool]]:
    """Return what `user` has chosen for `kinds`: both where nothing was."""
    chosen = {row.kind: (row.in_console, row.by_email) for row in NotificationChoice.objects.filter(user=user)}
    return {kind: chosen.get(kind, (True, True)) for kind in kinds}


def unmark_notifications_read(user: User, *, to: int, since: int) -> None:
    """Take back that all up to the id `since` are marked as read: those after `to` are unread again.

    Raises Conflict unless the last mark is that one, as when it was taken back, or set again for newer ones, meanwhile.
    """
    marked = User.objects.filter(pk=user.pk, notifications_read_to=since)
    if not 0 <= to < since or not marked.update(notifications_read_to=to):
        raise Conflict(_("Not undone: notifications were marked as read again meanwhile."))
    user.notifications_read_to = to
