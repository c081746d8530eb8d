"""Questions about teams, invitations, notifications and mails."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.models import Session
from django.db import models

from console.base.accounts.permissions import Permission, TeamRole, team_roles_with
from console.base.accounts.states import FOR_TEAMS, ROUTINE

if TYPE_CHECKING:
    from console.base.accounts.models import (
        AddressChange,
        Invitation,
        Membership,
        MembershipProposal,
        Notification,
        OutgoingMail,
        SecurityEntry,
        Team,
        User,
        UserSession,
    )

MAX_EMAIL_TRIES = 100  # With pauses of up to an hour: four days of refusals. A server that is away uses up none.
OUTGOING_AGE = timedelta(days=1)  # Who asked for a link so long ago has asked again.
NEWS_AGE = timedelta(days=7)  # Older news is read in the console; a mail server that is away for days delays it only.
OUTGOING_TRACE = NEWS_TRACE = timedelta(days=7)  # that a mail has failed is seen for so long
UNSENT = models.Q(emailed_at=None, email_tries__lt=MAX_EMAIL_TRIES)
FAILED = models.Q(emailed_at=None, email_tries__gte=MAX_EMAIL_TRIES)


def pause_over(*, at: datetime) -> models.Q:
    """Rows that no run has taken, and that were not put off, at the time `at`."""
    return models.Q(email_next_at=None) | models.Q(email_next_at__lte=at)


class TeamQuerySet(models.QuerySet["Team"]):
    def visible_to(self, user: User | AnonymousUser) -> TeamQuerySet:
        """Teams of which `user` is a member."""
        return self.where(user, Permission.VIEW)

    def where(self, user: User | AnonymousUser, permission: Permission) -> TeamQuerySet:
        """Teams in which `user` holds `permission`."""
        return self.filter(memberships__user_id=user.pk, memberships__role__in=team_roles_with(permission))


class MembershipQuerySet(models.QuerySet["Membership"]):
    def people(self) -> MembershipQuerySet:
        """All but those of robots (A-1)."""
        return self.filter(user__is_robot=False)

    def by_rank(self) -> MembershipQuerySet:
        """People, team administrators first, then by name."""
        ranks = [models.When(role=role, then=number) for number, role in enumerate(TeamRole.values)]
        return self.people().order_by(models.Case(*ranks), "user__name", "pk")

    def acting_admins(self) -> MembershipQuerySet:
        """Team administrators who can sign in."""
        return self.filter(role=TeamRole.ADMIN, user__is_active=True)


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def expired(self, *, at: datetime) -> InvitationQuerySet:
        """Open, and expired at the time `at`: nobody can accept them, until they are sent again."""
        return self.open().filter(expires_at__lte=at)

    def open(self) -> InvitationQuerySet:
        """Neither accepted nor taken back; may have expired."""
        return self.filter(accepted_at=None, revoked_at=None)

    def usable(self, *, at: datetime) -> InvitationQuerySet:
        """Open, and not expired at the time `at`."""
        return self.open().filter(expires_at__gt=at)

    def unsent(self, *, at: datetime) -> InvitationQuerySet:
        """Usable at the time `at`, not yet taken by the mail server, and not failed."""
        return self.usable(at=at).filter(UNSENT)

    def to_send(self, *, at: datetime) -> InvitationQuerySet:
        """Unsent, and may be tried at the time `at`."""
        return self.unsent(at=at).filter(pause_over(at=at))

    def failed(self, *, at: datetime) -> InvitationQuerySet:
        """Usable at the time `at`, and refused so often that they are not tried again."""
        return self.usable(at=at).filter(FAILED)

    def mark_sent(self, *, at: datetime) -> int:
        """Write that the mail server took them."""
        return self.update(emailed_at=at)


class NotificationQuerySet(models.QuerySet["Notification"]):
    def unread_by(self, user: User) -> NotificationQuerySet:
        """Shown to `user`, and not yet marked as read; as `Notification.is_read` says of one.

        The number is a value, not a column of a joined table: only so a range of the index is all that is read.
        """
        return self.shown().filter(user=user, id__gt=user.notifications_read_to, read_at=None)

    def shown(self) -> NotificationQuerySet:
        """What the person reads in the console."""
        return self.filter(in_console=True)

    def unsent(self, *, at: datetime) -> NotificationQuerySet:
        """Not yet taken by the mail server, young enough at the time `at`, and not failed."""
        return self.filter(UNSENT, by_email=True, user__is_active=True, created_at__gt=at - NEWS_AGE)

    def to_send(self, *, at: datetime) -> NotificationQuerySet:
        """Unsent, and may be tried at the time `at`."""
        return self.unsent(at=at).filter(pause_over(at=at))

    def failed(self, *, at: datetime) -> NotificationQuerySet:
        """Refused so often that they are not tried again, or too old at the time `at`; they are seen for a while."""
        gone = FAILED | models.Q(emailed_at=None, created_at__lte=at - NEWS_AGE)
        return self.filter(gone, by_email=True, user__is_active=True, created_at__gt=at - NEWS_AGE - NEWS_TRACE)

    def mark_sent(self, *, at: datetime) -> int:
        """Write that the mail server took them."""
        return self.update(emailed_at=at)


class OutgoingMailQuerySet(models.QuerySet["OutgoingMail"]):
    """Which mails of the console itself. What was sent is deleted; what has failed is an empty row for a while."""

    def unsent(self, *, at: datetime) -> OutgoingMailQuerySet:
        """Not yet taken by the mail server, and young enough at the time `at`."""
        return self.filter(created_at__gt=at - OUTGOING_AGE).exclude(sealed="")

    def to_send(self, *, at: datetime) -> OutgoingMailQuerySet:
        """Unsent, and may be tried at the time `at`."""
        return self.unsent(at=at).filter(pause_over(at=at))

    def failed(self, *, at: datetime) -> OutgoingMailQuerySet:
        """Too old at the time `at`, sent by nobody."""
        return self.filter(created_at__lte=at - OUTGOING_AGE)

    def mark_sent(self, *, at: datetime) -> int:
        """The mail server took them: nothing is kept of a link that works like a password."""
        return self.delete()[0]

    def erase_old(self, *, at: datetime) -> None:
        """Erase the text of what has failed, and the rows some days later."""
        self.failed(at=at).exclude(sealed="").update(sealed="")
        self.filter(created_at__lte=at - OUTGOING_TRACE).delete()


class UserSessionQuerySet(models.QuerySet["UserSession"]):
    def live(self, *, at: datetime) -> UserSessionQuerySet:
        """Sessions that open something at the time `at`."""
        return self.filter(session_key__in=Session.objects.filter(expire_date__gt=at).values("session_key"))

    def end(self) -> int:
        """End them, from their next request on (P-3); return how many were there. Inside a transaction."""
        keys = list(self.values_list("session_key", flat=True))
        Session.objects.filter(session_key__in=keys).delete()
        return self.model.objects.filter(session_key__in=keys).delete()[0]


class SecurityEntryQuerySet(models.QuerySet["SecurityEntry"]):
    def important(self) -> SecurityEntryQuerySet:
        """What a person should look at: no sign-ins from where they always are, no confirmations."""
        return self.exclude(kind__in=ROUTINE, asks=False)

    def asked_in(self, session_key: str) -> SecurityEntryQuerySet:
        """Sign-ins about which the person is asked, in another session than the one that they began."""
        return self.filter(asks=True).exclude(session_key=session_key)

    def for_operators(self) -> SecurityEntryQuerySet:
        """All but where people sign in from day by day, which is theirs."""
        return self.exclude(kind__in=ROUTINE)

    def of_members(self, team: Team) -> SecurityEntryQuerySet:
        """What administrators of a team see of its members: since they joined it."""
        joined = models.F("user__memberships__since")
        return self.filter(user__memberships__team=team, at__gte=joined, kind__in=FOR_TEAMS)


class AddressChangeQuerySet(models.QuerySet["AddressChange"]):
    def open(self, *, at: datetime) -> AddressChangeQuerySet:
        """Neither confirmed nor withdrawn nor expired at the time `at`."""
        return self.filter(confirmed_at=None, withdrawn_at=None, expires_at__gt=at)


class MembershipProposalQuerySet(models.QuerySet["MembershipProposal"]):
    def open(self) -> MembershipProposalQuerySet:
        """Not decided."""
        return self.filter(decided_at=None)

    def close(self, *, email: str, by: User | None, at: datetime) -> None:
        """Close the open ones about the address: it was invited by `by`, or its person has joined."""
        self.open().filter(email=email).update(decided_by=by, decided_at=at, accepted=True)
