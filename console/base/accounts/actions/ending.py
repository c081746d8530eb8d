"""Open invitations that end with what their sender was: nobody comes back by one of their own (P-3)."""

from __future__ import annotations

from datetime import datetime

from console.base.accounts import events
from console.base.accounts.identity.granting import ByProvider
from console.base.accounts.models import Invitation, Team, User
from console.base.accounts.permissions import TeamRole
from console.base.activity.events import emit


def revoke_sent_by(user: User, *, team: Team, by: User | ByProvider, at: datetime | None) -> None:
    """Revoke what `user` sent and nobody accepted; the caller holds the team's lock."""
    for invitation in team.invitations.open().filter(invited_by=user).order_by("pk"):
        revoke(invitation, team=team, by=by, at=at)


def revoke_all_sent_by(user: User, *, by: User, at: datetime) -> None:
    """Revoke that in all teams, by id; before the account is locked, as by who invites."""
    sent = Invitation.objects.open().filter(invited_by=user)
    for team in Team.objects.filter(pk__in=sent.values("team")).order_by("pk").select_for_update(no_key=True):
        revoke_sent_by(user, team=team, by=by, at=at)


def revoke(invitation: Invitation, *, team: Team, by: User | ByProvider, at: datetime | None) -> None:
    """Let the link of an open invitation stop working; the caller holds the team's lock."""
    event = events.InvitationRevoked(invitation, team=team, by=by, at=at)
    invitation.revoked_at = event.at
    invitation.save(update_fields=["revoked_at"])
    emit(event)


def revoke_of_operators(team: Team, *, at: datetime) -> None:
    """Revoke what is open while the team has no administrator: operators sent it (P-7)."""
    if not team.memberships.filter(role=TeamRole.ADMIN).exists():
        team.invitations.open().update(revoked_at=at)
