"""What an invitation makes of a person, in words: a role in the team, and what upper apps give beside it."""

from __future__ import annotations

from collections.abc import Callable

from console.base.accounts.models import Invitation
from console.base.core.text import listed

beside: list[Callable[[Invitation], list[str]]] = []  # Upper apps put theirs here when they start.


def role_words(invitation: Invitation) -> str:
    """Return “viewer”, or what the person is really invited for: “reviewer of Metro Wallet”."""
    words = [each for question in beside for each in question(invitation)]
    return listed(words) or invitation.get_role_display().lower()
