"""What nobody could administer any more once a person can't sign in, in the words that operators may read (P-1)."""

from __future__ import annotations

from collections.abc import Callable

from console.base.accounts.models import Membership, Team, User

beside: list[Callable[[User], list[str]]] = []  # Upper apps put theirs here when they start.


def led_alone_by(user: User) -> list[str]:
    """Return the teams, by name, and what upper apps know, whose only administrator who can sign in is `user`."""
    admins = Membership.objects.acting_admins()
    own, others = admins.filter(user=user), admins.exclude(user=user)
    teams = Team.objects.filter(pk__in=own.values("team")).exclude(pk__in=others.values("team"))
    return [*(team.name for team in teams), *(words for question in beside for words in question(user))]
