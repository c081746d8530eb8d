"""Questions about tokens."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from console.api.manage.states import LoginState
from console.base.accounts.permissions import Permission, team_roles_with

if TYPE_CHECKING:
    from console.api.manage.models import LoginRequest, Token
    from console.base.accounts.models import User


class TokenQuerySet(models.QuerySet["Token"]):
    def listed(self) -> TokenQuerySet:
        """Not revoked; may have expired."""
        return self.filter(revoked_at=None)

    def usable(self, *, at: datetime) -> TokenQuerySet:
        """Neither revoked nor expired at the time `at`."""
        return self.listed().filter(Q(expires_at=None) | Q(expires_at__gt=at))

    def of_person(self, user: User) -> TokenQuerySet:
        """The person's own, which act as them."""
        return self.filter(holder=user, team=None)

    def of_robots_for(self, user: User, permission: Permission) -> TokenQuerySet:
        """Those of robots in teams where `user` holds `permission`."""
        roles = team_roles_with(permission)
        return self.filter(team__memberships__user_id=user.pk, team__memberships__role__in=roles)


class LoginRequestQuerySet(models.QuerySet["LoginRequest"]):
    def waiting(self) -> LoginRequestQuerySet:
        """Nobody has answered them yet; may have expired."""
        return self.filter(state=LoginState.WAITING)

    def open(self, *, at: datetime) -> LoginRequestQuerySet:
        """Those that a person can answer at the time `at`."""
        return self.waiting().filter(expires_at__gt=at)
