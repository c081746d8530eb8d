"""Open invitations of reviewers that end with the role of who sent them (P-3)."""

from __future__ import annotations

from datetime import datetime

from console.base.accounts import actions as accounts
from console.base.accounts.identity.granting import ByProvider
from console.base.accounts.models import User
from console.base.accounts.permissions import ApplicationRole
from console.base.activity.events import emit
from console.base.hosts import events
from console.base.hosts.models import ApplicationMember, ReviewerInvitation
from console.base.hosts.querysets import ReviewerInvitationQuerySet


def sent_by(person: ApplicationMember) -> ReviewerInvitationQuerySet:
    """Return the open invitations of reviewers that an application administrator sent; none of a reviewer's."""
    if person.role != ApplicationRole.APP_ADMIN:
        return ReviewerInvitation.objects.none()
    rows = ReviewerInvitation.objects.open().filter(
        application=person.application_id, invitation__invited_by=person.user_id
    )
    return rows.select_related("application", "invitation__team").order_by("pk")


def lock_team(person: ApplicationMember) -> None:
    """Lock the team where the person has invited reviewers: before the application, as who invites does."""
    if sent_by(person).exists():
        accounts.lock(person.application.team)


def withdraw_all(sent: ReviewerInvitationQuerySet, *, by: User | ByProvider, at: datetime | None) -> None:
    """Withdraw what a person has `sent`, under the team's lock."""
    for invited in sent:
        withdraw(invited, by=by, at=at)


def withdraw(invited: ReviewerInvitation, *, by: User | ByProvider, at: datetime | None) -> bool:
    """Take back an open one; return whether the invitation to the team, whose lock the caller holds, ended with it."""
    emit(events.ReviewerInvitationWithdrawn(invited, by=by, at=at, before={"role": ApplicationRole.REVIEWER}))
    if ends := invited.ends_with_it:
        accounts.revoke_invitation(invited.invitation, by=by, at=at)
    invited.delete()
    return ends
