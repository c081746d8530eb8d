"""Questions about exemptions, interface permissions and saved queries."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Min, Q
from django.db.models.functions import Coalesce, Now

from console.base.accounts.models import User
from console.base.hosts.querysets import DecisionQuerySet
from console.base.hosts.states import LIVE, DecisionState

if TYPE_CHECKING:
    from devmgmt.models import ApiPermission


# By the database's clock, noticed or not (D-10).
EXPIRED = Q(state=DecisionState.APPROVED, expires_at__lte=Now())
GRANTED = Q(state=DecisionState.APPROVED) & (Q(expires_at=None) | Q(expires_at__gt=Now()))


class GrantQuerySet(DecisionQuerySet):
    """Which grants; the same for exemptions and interface permissions."""

    def granted(self) -> Self:
        """In force (D-2, D-3), by the database's clock: nothing that has expired, noticed or not (D-10)."""
        return self.filter(GRANTED)

    def expired(self, *, at: datetime) -> Self:
        """Approved for a time that was over at `at`, and not yet ended (D-10)."""
        return self.approved().filter(expires_at__lte=at)

    def to_notify(self, days: int, *, at: datetime) -> Self:
        """In force at `at`, ending within `days`, and nobody was notified since; not those granted for less."""
        before = timedelta(days=days)
        ending = self.approved().filter(expires_at__gt=at, expires_at__lte=at + before)
        return ending.filter(Q(expiry_told=None) | Q(expiry_told__gt=days), decided_at__lt=F("expires_at") - before)

    def closed(self) -> Self:
        """Of the past: rejected, withdrawn, revoked, expired and ended, or replaced by its renewal."""
        return self.exclude(state__in=LIVE)

    def not_renewable(self) -> Self:
        """Asked for, or granted without end: nothing to ask for again (D-10)."""
        return self.filter(Q(state=DecisionState.WAITING) | Q(state=DecisionState.APPROVED, expires_at=None))


class PermissionQuerySet(GrantQuerySet):
    """Which interface permissions."""

    def items(self) -> Self:
        """One of each submission: the first that waits, else the first (D-3)."""
        waiting = Min("pk", filter=Q(state=DecisionState.WAITING))
        each = self.order_by().values(item=Coalesce("submission", "pk"))
        firsts = each.annotate(first=Coalesce(waiting, Min("pk"))).values("first")
        return self.model._default_manager.filter(pk__in=firsts)

    def together_with(self, permissions: Collection[ApiPermission]) -> Self:
        """Those of the same submissions, themselves included."""
        items = {permission.item for permission in permissions}
        programs = {permission.mini_program_id for permission in permissions}
        return self.filter(Q(pk__in=items) | Q(submission__in=items), mini_program__in=programs)


class SavedQueryQuerySet(models.QuerySet):
    """Which saved queries; those of one program, whose team the user is in."""

    def seen_by(self, user: User) -> Self:
        """Their own, and what is shared."""
        return self.filter(Q(user=user) | Q(is_shared=True))
