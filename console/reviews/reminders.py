"""Reminds reviewers of what waits too long (V-10)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import ngettext

from console.base.accounts.notifying import notify
from console.base.accounts.states import NotificationKind
from console.base.hosts.models import Decision
from console.base.hosts.people import reviewers_of
from console.reviews.querysets import LOADED, MODELS
from devmgmt.models import ApiPermission


def remind(*, at: datetime) -> int:
    """Notify the reviewers of every decision that is overdue at `at`, once a day; return how many."""
    overdue = [model.objects.to_remind(at=at).items().select_related(*LOADED[kind]) for kind, model in MODELS.items()]
    return sum(remind_of(decision, at=at) for rows in overdue for decision in rows)


@transaction.atomic
def remind_of(decision: Decision, *, at: datetime) -> bool:
    """Notify of one item, unless another sweep did or it was decided meanwhile: the UPDATE takes it or nothing.

    APIs that were requested together are one notification.
    """
    overdue = type(decision).objects.to_remind(at=at)
    if not overdue.filter(pk=decision.pk, notified_at=decision.notified_at).update(notified_at=at):
        return False
    together: list[Decision] = [decision]
    if isinstance(decision, ApiPermission):
        others = ApiPermission.objects.waiting().together_with([decision]).exclude(pk=decision.pk)
        others.update(notified_at=at)
        together += others
    hours = decision.hours_waiting(at=at)
    notify(
        [user for user in reviewers_of(decision.application) if not decision.is_own_of(user)],
        kind=NotificationKind.REVIEW,
        text=lambda: (
            ngettext(
                "%(subject)s has been waiting %(hours)d hour for %(application)s",
                "%(subject)s has been waiting %(hours)d hours for %(application)s",
                hours,
            )
            % {"subject": _subject(together), "application": decision.application, "hours": hours}
        ),
        detail=lambda: decision.reason,
        url=decision.get_absolute_url(),
    )
    return True


def _subject(together: list[Decision]) -> str:
    first = together[0]
    if len(together) == 1 or not isinstance(first, ApiPermission):
        return first.subject()
    words = ngettext(
        "%(program)s’s request for %(count)d API", "%(program)s’s request for %(count)d APIs", len(together)
    )
    return words % {"count": len(together), "program": first.mini_program}
