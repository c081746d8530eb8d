"""Questions about mini programs and bindings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q

from console.accounts.permissions import Permission, team_roles_with
from console.hosts.querysets import DecisionQuerySet
from console.hosts.states import DecisionState
from miniprograms.states import Shelf

if TYPE_CHECKING:
    from console.accounts.models import User
    from miniprograms.models import MiniProgram


class MiniProgramQuerySet(models.QuerySet["MiniProgram"]):
    """Whose programs, and which of them."""

    def visible_to(self, user: User | AnonymousUser) -> MiniProgramQuerySet:
        """Programs of the user's teams."""
        roles = team_roles_with(Permission.VIEW)
        return self.filter(team__memberships__user_id=user.pk, team__memberships__role__in=roles)

    def on_shelf(self) -> MiniProgramQuerySet:
        """Programs that applications may get."""
        return self.filter(shelf=Shelf.ON)

    def matching(self, words: str) -> MiniProgramQuerySet:
        """Programs whose name contains `words` or whose App ID starts with them."""
        return self.filter(Q(name__icontains=words) | Q(app_id__startswith=words.lower()))


class BindingQuerySet(DecisionQuerySet):
    """Which bindings."""

    def bound(self) -> BindingQuerySet:
        """In force: the application serves the program (L-6)."""
        return self.approved()

    def live(self) -> BindingQuerySet:
        """In force or asked for."""
        return self.filter(state__in=[DecisionState.WAITING, DecisionState.APPROVED])
