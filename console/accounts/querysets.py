"""Questions about teams, invitations and notifications."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.db import models

from console.accounts.permissions import Permission, TeamRole, team_roles_with

if TYPE_CHECKING:
    from console.accounts.models import Invitation, Membership, Notification, Team, User

MAX_EMAIL_TRIES = 100  # With pauses of up to an hour: four days of a mail server that is away.


def waits_for_mail(*, at: datetime) -> models.Q:
    """Rows whose e-mail the mail server has not taken, that were not given up, and whose pause is over at `at`."""
    pause_over = models.Q(email_next_at=None) | models.Q(email_next_at__lte=at)
    return models.Q(emailed_at=None, email_tries__lt=MAX_EMAIL_TRIES) & pause_over


class TeamQuerySet(models.QuerySet["Team"]):
    """Whose teams."""

    def visible_to(self, user: User | AnonymousUser) -> TeamQuerySet:
        """Teams of which `user` is a member."""
        return self.where(user, Permission.VIEW)

    def where(self, user: User | AnonymousUser, permission: Permission) -> TeamQuerySet:
        """Teams in which `user` holds `permission`."""
        return self.filter(memberships__user_id=user.pk, memberships__role__in=team_roles_with(permission))


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Which members."""

    def by_rank(self) -> MembershipQuerySet:
        """Team administrators first, then by name."""
        ranks = [models.When(role=role, then=number) for number, role in enumerate(TeamRole.values)]
        return self.order_by(models.Case(*ranks), "user__name", "pk")

    def acting_admins(self) -> MembershipQuerySet:
        """Team administrators who can sign in."""
        return self.filter(role=TeamRole.ADMIN, user__is_active=True)


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Which invitations."""

    def open(self) -> InvitationQuerySet:
        """Neither accepted nor taken back; may have expired."""
        return self.filter(accepted_at=None, revoked_at=None)

    def usable(self, *, at: datetime) -> InvitationQuerySet:
        """Open, and not expired at the time `at`."""
        return self.open().filter(expires_at__gt=at)

    def to_send(self, *, at: datetime) -> InvitationQuerySet:
        """Usable at the time `at`, not yet taken by the mail server, and not given up."""
        return self.usable(at=at).filter(waits_for_mail(at=at))


class NotificationQuerySet(models.QuerySet["Notification"]):
    """Which notifications."""

    def unread(self) -> NotificationQuerySet:
        """Shown, and not yet looked at."""
        return self.shown().filter(read_at=None)

    def shown(self) -> NotificationQuerySet:
        """What the person is told in the console."""
        return self.filter(in_console=True)

    def to_send(self, *, at: datetime) -> NotificationQuerySet:
        """Not yet taken by the mail server, and not given up."""
        return self.filter(waits_for_mail(at=at), by_email=True, user__is_active=True)
