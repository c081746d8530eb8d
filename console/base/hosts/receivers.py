"""What follows here from changes below."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from django.dispatch import receiver
from django.utils.translation import gettext as _

from console.base.accounts import inviting, leading
from console.base.accounts.identity import granting
from console.base.accounts.identity.configuration import Grants
from console.base.accounts.models import Invitation, Team, User
from console.base.accounts.signals import groups_read, invitation_accepted, member_removed
from console.base.hosts import actions, people
from console.base.hosts.actions import granted
from console.base.hosts.actions.inviting import admit_reviewer
from console.base.hosts.models import ReviewerInvitation


@receiver(member_removed)
def leave_applications(
    sender: Any, *, team: Team, user: User, by: User | granting.ByProvider, at: datetime, **kwargs: Any
) -> None:
    """Who leaves a team leaves the host side of its applications, in the same transaction (P-3).

    A veto: `ActionRefused` reaches the caller when an application would be left without an administrator.
    """
    actions.leave(team, user, by=by, at=at)


@receiver(invitation_accepted)
def become_reviewer(sender: Any, *, invitation: Invitation, user: User, at: datetime, **kwargs: Any) -> None:
    """Who was invited as reviewer of an application is one from the first moment in the team (P-11)."""
    admit_reviewer(invitation, user, at=at)


@receiver(groups_read)
def hold_granted_roles(
    sender: Any, *, user: User, grants: Grants, by: granting.ByProvider, at: datetime, **kwargs: Any
) -> None:
    """Whom an identity provider's groups give a role in an application has it, and no longer than they do (P-10)."""
    granted.hold_roles(user, grants.applications, by=by, at=at)


def reviewer_words(invitations: list[Invitation]) -> dict[int, list[str]]:
    """Return of which applications each invitation makes a reviewer, in words; by the invitation's id."""
    words: dict[int, list[str]] = defaultdict(list)
    rows = ReviewerInvitation.objects.filter(invitation__in=invitations).select_related("application")
    for row in rows.order_by("pk"):
        words[row.invitation_id].append(_("reviewer of %(application)s") % {"application": row.application})
    return words


inviting.beside.append(reviewer_words)
granting.teams_beside.append(granted.teams_of)
leading.beside.append(people.led_alone)
