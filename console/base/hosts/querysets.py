"""Questions about host applications and decisions."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q

from console.base.accounts.permissions import ApplicationRole, Permission, application_roles_with, team_roles_with
from console.base.hosts.purposes import written
from console.base.hosts.states import LIVE, DecisionState

if TYPE_CHECKING:
    from console.base.accounts.models import Team, User
    from console.base.hosts.models import (
        ApplicationKey,
        ApplicationMember,
        DefaultApi,
        HostApplication,
        ReviewerInvitation,
        SensitiveApi,
        ServerSecret,
        SigningKey,
    )


class HostApplicationQuerySet(models.QuerySet["HostApplication"]):
    def visible_to(self, user: User | AnonymousUser) -> HostApplicationQuerySet:
        """Applications of the user's teams; their people are members of those teams."""
        roles = team_roles_with(Permission.VIEW_APPLICATION)
        return self.filter(team__memberships__user_id=user.pk, team__memberships__role__in=roles)

    def matching(self, words: str) -> HostApplicationQuerySet:
        """Applications whose name contains `words` or whose ID starts with them."""
        return self.filter(Q(name__icontains=words) | Q(application_id__startswith=words.lower()))

    def where(self, user: User | AnonymousUser, permission: Permission) -> HostApplicationQuerySet:
        """Applications of the user's teams in which `user` holds `permission` by an application role."""
        roles = application_roles_with(permission)
        return self.visible_to(user).filter(people__user=user.pk, people__role__in=roles)

    def open_for_binding_by(self, team_id: int) -> HostApplicationQuerySet:
        """Applications that a mini program of the team may ask to be bound to."""
        return self.filter(Q(listed=True) | Q(team_id=team_id))

    def open_for_binding_by_any(self, teams: models.QuerySet[Team]) -> HostApplicationQuerySet:
        """Applications that a mini program of one of the teams may ask to be bound to."""
        return self.filter(Q(listed=True) | Q(team__in=teams))


class ApplicationMemberQuerySet(models.QuerySet["ApplicationMember"]):
    def acting_admins(self) -> ApplicationMemberQuerySet:
        """Application administrators who can sign in."""
        return self.filter(role=ApplicationRole.APP_ADMIN, user__is_active=True)


class ReviewerInvitationQuerySet(models.QuerySet["ReviewerInvitation"]):
    def open(self) -> ReviewerInvitationQuerySet:
        """Neither accepted nor taken back; may have expired. The newest first."""
        return self.filter(invitation__accepted_at=None, invitation__revoked_at=None).order_by("-pk")


class ApplicationKeyQuerySet(models.QuerySet["ApplicationKey"]):
    def active(self) -> ApplicationKeyQuerySet:
        """Not revoked: devices that carry one are let in."""
        return self.filter(revoked_at=None)


class ServerSecretQuerySet(models.QuerySet["ServerSecret"]):
    def usable(self, *, at: datetime) -> ServerSecretQuerySet:
        """The current one, and old ones in their overlap; the newest first."""
        return self.filter(Q(ends_at=None) | Q(ends_at__gt=at))


class DefaultApiQuerySet(models.QuerySet["DefaultApi"]):
    def matching(self, words: str) -> DefaultApiQuerySet:
        """Whose name, or what it does, contains the words."""
        return self.filter(Q(name__icontains=words) | Q(title__icontains=words) | Q(title__in=written(words)))


class SensitiveApiQuerySet(models.QuerySet["SensitiveApi"]):
    def matching(self, words: str) -> SensitiveApiQuerySet:
        """Whose name, or what it does, contains the words."""
        return self.filter(Q(name__icontains=words) | Q(title__icontains=words) | Q(title__in=written(words)))


class DecisionQuerySet(models.QuerySet[Any]):
    """Which decisions; the same for each kind."""

    def waiting(self) -> Self:
        """Not yet decided."""
        return self.filter(state=DecisionState.WAITING)

    def approved(self) -> Self:
        """Approved and not ended: also what has expired and was not yet ended."""
        return self.filter(state=DecisionState.APPROVED)

    def live(self) -> Self:
        """Asked for, or approved and not ended: also what has expired and was not yet ended."""
        return self.filter(state__in=LIVE)

    def items(self) -> Self:
        """One for each item of the inbox: what is decided on one page."""
        return self

    def decided(self) -> Self:
        """Somebody approved or rejected it, whatever came of it later."""
        return self.filter(decided_at__isnull=False)

    def decidable_by(self, user: User | AnonymousUser) -> Self:
        """Of the applications in which `user` is reviewer or administrator, and still a member of the team (P-3)."""
        roles = application_roles_with(Permission.DECIDE)
        return self.filter(
            application__team__memberships__user_id=user.pk,
            application__people__user_id=user.pk,
            application__people__role__in=roles,
        )

    def not_own_of(self, user: User) -> Self:
        """Without what `user` asked for, by hand or by a robot whose token they created (P-2)."""
        return self.exclude(requested_by=user).exclude(requested_by__token_makers__contains=[user.pk])

    def overdue(self, *, at: datetime) -> Self:
        """Waiting for longer than DECISION_OVERDUE_HOURS at the time `at` (V-10)."""
        limit = timedelta(hours=settings.DECISION_OVERDUE_HOURS)
        return self.waiting().filter(requested_at__lt=at - limit)

    def to_remind(self, *, at: datetime) -> Self:
        """Overdue, and last reminded of more than DECISION_REMINDER_HOURS before `at` (V-10)."""
        pause = timedelta(hours=settings.DECISION_REMINDER_HOURS)
        return self.overdue(at=at).filter(notified_at__lt=at - pause)


class SigningKeyQuerySet(models.QuerySet["SigningKey"]):
    def active(self) -> SigningKeyQuerySet:
        """Those that sign: not retired."""
        return self.filter(retired_at=None)
