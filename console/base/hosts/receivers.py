"""What follows here from changes below."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from console.base.accounts.models import Team, User
from console.base.accounts.signals import member_removed
from console.base.hosts import actions


@receiver(member_removed)
def leave_applications(sender: Any, *, team: Team, user: User, by: User, at: datetime, **kwargs: Any) -> None:
    """Who leaves a team leaves the host side of its applications, in the same transaction (P-3).

    A veto: `ActionRefused` reaches the caller when an application would be left without an administrator.
    """
    actions.leave(team, user, by=by, at=at)
