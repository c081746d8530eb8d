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


def remind(*, at: datetime) -> int:
    """Notify the reviewers of every decision that is overdue at `at`, once a day; return how many."""
    overdue = [model.objects.select_related(*LOADED[kind]).to_remind(at=at) for kind, model in MODELS.items()]
    return sum(remind_of(decision, at=at) for rows in overdue for decision in rows)


@transaction.atomic
def remind_of(decision: Decision, *, at: datetime) -> bool:
    """Notify of one decision, unless another sweep did or it was decided meanwhile: the UPDATE takes it or nothing."""
    still = type(decision).objects.to_remind(at=at).filter(pk=decision.pk, notified_at=decision.notified_at)
    if not still.update(notified_at=at):
        return False
    hours = decision.hours_waiting(at=at)
    notify(
        [user for user in reviewers_of(decision.application) if user.pk != decision.requested_by_id],
        kind=NotificationKind.REVIEW,
        text=lambda: (
            ngettext(
                "%(subject)s has waited %(hours)d hour for %(application)s's decision",
                "%(subject)s has waited %(hours)d hours for %(application)s's decision",
                hours,
            )
            % {"subject": decision.subject(), "application": decision.application, "hours": hours}
        ),
        detail=lambda: decision.reason,
        url=decision.get_absolute_url(),
    )
    return True
