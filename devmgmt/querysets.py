"""Questions about exemptions and interface permissions."""

from __future__ import annotations

from typing import Self

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
