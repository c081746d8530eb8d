"""The verbs of every decision: a request is asked, settled once, and moved under a guard."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from django.utils import timezone
from django.utils.translation import gettext as _

from console.base.accounts.models import User
from console.base.accounts.notifying import notify
from console.base.accounts.states import NotificationKind
from console.base.core.errors import ActionRefused, Conflict, refuse_if
from console.base.hosts import rules
from console.base.hosts.models import Decision
from console.base.hosts.people import reviewers_of
from console.base.hosts.states import DecisionState

D = TypeVar("D", bound=Decision)


def ask(decision: D, *, at: datetime | None = None) -> D:
    """Save a new request and notify the application's reviewers; inside the caller's transaction (L-6, V-10)."""
    at = save(decision, at=at).requested_at
    notify_reviewers(
        decision,
        text=lambda: (
            _("%(subject)s needs a decision from %(application)s")
            % {"subject": decision.subject(), "application": decision.application}
        ),
        at=at,
    )
    return decision


def save(decision: D, *, at: datetime | None = None) -> D:
    """Save a new request of which the reviewers are notified together with others."""
    decision.notified_at = decision.requested_at = at or timezone.now()
    decision.save()
    return decision


def notify_reviewers(
    decision: Decision, *, text: Callable[[], str], detail: Callable[[], str] | None = None, at: datetime | None = None
) -> None:
    """Notify those who may decide it, so not who asked for it (P-2)."""
    notify(
        [user for user in reviewers_of(decision.application) if not decision.is_own_of(user)],
        kind=NotificationKind.REVIEW,
        text=text,
        detail=detail or (lambda: decision.reason),
        url=decision.get_absolute_url(),
        at=at,
    )


def settle(
    decision: D,
    *,
    approve: bool,
    by: User,
    note: str = "",
    at: datetime | None = None,
    also: Mapping[str, Any] | None = None,
) -> D:
    """Approve or reject a waiting request: a guarded UPDATE, inside the caller's transaction.

    The caller emits the event; `also` holds columns of its own that change with the decision. Raises ActionRefused for
    the requester's own request (P-2) and for a rejection without a note, Conflict when the request no longer waits.
    """
    refuse_if(rules.why_not_own(decision, by=by))
    if not approve and not note.strip():
        raise ActionRefused(_("A rejection needs a note. Say what must change."), field="note")
    changes = {
        "state": DecisionState.APPROVED if approve else DecisionState.REJECTED,
        "decided_by": by,
        "decided_at": at or timezone.now(),
        "note": note.strip(),
        **(also or {}),
    }
    move(decision, source=DecisionState.WAITING, **changes)
    return decision


def move(decision: Decision, *, source: DecisionState, **changes: object) -> None:
    """Change a decision that is still in the state `source`; raises Conflict when someone else was first."""
    if not type(decision).objects.filter(pk=decision.pk, state=source).update(**changes):
        decision.refresh_from_db(fields=["state"])
        raise Conflict(_("Already done: this is now %(state)s.") % {"state": decision.get_state_display().lower()})
    for name, value in changes.items():
        setattr(decision, name, value)
