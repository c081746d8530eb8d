"""What an invitation makes of a person, in words: a role in the team, and what upper apps give beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from console.base.accounts.models import Invitation
from console.base.accounts.permissions import TeamRole
from console.base.core.text import listed

Beside = Mapping[int, list[str]]  # by the invitation's id
beside: list[Callable[[list[Invitation]], Beside]] = []  # Upper apps put theirs here when they start.


def role_words(invitation: Invitation) -> str:
    """Return “viewer”, or what the person is really invited for: “reviewer of Metro Wallet”."""
    words = _beside([invitation])[invitation.pk]
    role = [] if words and invitation.role == TeamRole.VIEWER else [invitation.get_role_display().lower()]
    return listed([*role, *words])


def with_roles(invitations: Iterable[Invitation]) -> list[Invitation]:
    """Return the invitations with `gives`, all that each gives: “Viewer, reviewer of Metro Wallet”."""
    found = list(invitations)
    words = _beside(found)
    for invitation in found:
        gives = listed([invitation.get_role_display(), *words[invitation.pk]])
        invitation.gives = gives  # type: ignore[attr-defined]
    return found


def _beside(invitations: list[Invitation]) -> Beside:
    """Return the words of all upper apps; as many queries for many invitations."""
    answers = [question(invitations) for question in beside]
    return {each.pk: [word for answer in answers for word in answer.get(each.pk, [])] for each in invitations}
