"""Questions about exemptions, interface permissions and saved queries."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q

from console.base.accounts.models import User
from console.base.hosts.querysets import DecisionQuerySet
from console.base.hosts.states import DecisionState


class GrantQuerySet(DecisionQuerySet):
    """Which grants; the same for exemptions and interface permissions."""

    def granted(self) -> Self:
        """In force (D-2, D-3)."""
        return self.approved()

    def live(self) -> Self:
        """In force or asked for."""
        return self.filter(state__in=[DecisionState.WAITING, DecisionState.APPROVED])

    def closed(self) -> Self:
        """Of the past: rejected, withdrawn, given up or revoked."""
        return self.exclude(state__in=[DecisionState.WAITING, DecisionState.APPROVED])


class SavedQueryQuerySet(models.QuerySet):
    """Which saved queries; those of one program, whose team the user is in."""

    def seen_by(self, user: User) -> Self:
        """Their own, and what is shared."""
        return self.filter(Q(user=user) | Q(is_shared=True))
