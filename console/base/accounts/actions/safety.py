"""The verbs that keep accounts and teams safe: sessions, changes of address, members whom operators propose."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from console.base.accounts import events, security
from console.base.accounts.actions import create_team, invite_into, lock, resend_invitation
from console.base.accounts.models import (
    AddressChange,
    Invitation,
    MembershipProposal,
    SecurityEntry,
    Team,
    User,
    UserSession,
)
from console.base.accounts.permissions import TeamRole
from console.base.accounts.querysets import UserSessionQuerySet
from console.base.accounts.signals import account_secured
from console.base.accounts.states import SecurityKind
from console.base.activity.events import emit
from console.base.core.errors import ActionRefused, Conflict, refusing_duplicate

# Sessions ---------------------------------------------------------------------------------------------------------


def end_session(session: UserSession, *, by: User, at: datetime | None = None) -> int:
    """End one of the person's own sessions, from its next request on (P-3); return how many ended."""
    return _end(by.sessions.filter(pk=session.pk), by=by, at=at)


def end_other_sessions(user: User, *, keep: str, by: User, at: datetime | None = None) -> int:
    """End all sessions of `user` but the one with the key `keep`; return how many ended."""
    return _end(user.sessions.exclude(session_key=keep), by=by, at=at, user=user)


@transaction.atomic
def _end(sessions: UserSessionQuerySet, *, by: User, at: datetime | None, user: User | None = None) -> int:
    ended = sessions.end()
    if ended:
        emit(events.SessionsEnded(user or by, by=by, at=at, after={"sessions": ended}))
    return ended


@transaction.atomic
def answer_sign_in(entry: SecurityEntry, *, mine: bool, by: User, keep: str) -> None:
    """Keep whether a sign-in from a new place was the person's own; if not, all sessions end but the one with `keep`.

    A session that is asked about itself answers for none. Raises Conflict.
    """
    if SecurityEntry.objects.filter(user=by, session_key=keep, asks=True).exists():
        raise Conflict(
            _("Confirm from another device you signed in on earlier. A session can’t confirm its own sign-in.")
        )
    if not SecurityEntry.objects.filter(pk=entry.pk, user=by, asks=True).update(asks=False):
        raise Conflict(_("Already answered."))
    if mine:
        UserSession.objects.filter(session_key=entry.session_key, user=by).update(first_time=False)
        return
    security.note(by, SecurityKind.DENIED, detail=entry.address or "")
    end_other_sessions(by, keep=keep, by=by)
    account_secured.send(sender=User, user=by, by=by)


# Addresses --------------------------------------------------------------------------------------------------------


@transaction.atomic
def ask_for_address(user: User, *, email: str, by: User, at: datetime | None = None) -> AddressChange:
    """Ask the person to take another address (P-7): both addresses are mailed, and the account keeps the old one.

    Only who is signed in as the person and reads the new mailbox can complete it; an operator is neither. A later
    request replaces an open one. Raises ActionRefused for an address that is taken.
    """
    at, email = at or timezone.now(), email.strip().lower()
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if User.objects.filter(email=email).exists():
        raise ActionRefused(_("Another account has this e-mail address."), field="email")
    user.address_changes.filter(confirmed_at=None, withdrawn_at=None).update(withdrawn_at=at)
    expires = at + timedelta(days=settings.INVITATION_DAYS)
    change = AddressChange.objects.create(user=user, email=email, asked_by=by, asked_at=at, expires_at=expires)
    emit(events.AddressAsked(user, by=by, at=at, before={"email": user.email}, after={"email": email}))
    words: dict[str, Any] = {"old": user.email, "new": email, "by": by}
    security.mail(user, SecurityKind.ADDRESS_ASKED, **words)
    security.mail(user, SecurityKind.ADDRESS_ASKED, to=[email], link=change.token, **words)
    return change


@transaction.atomic
def confirm_address(change: AddressChange, *, by: User, at: datetime | None = None) -> User:
    """Take the new address: the person, signed in, opened the link in the new mailbox. Other sessions go on."""
    at = at or timezone.now()
    user = User.objects.select_for_update(no_key=True).get(pk=change.user_id)
    if by.pk != user.pk or not AddressChange.objects.open(at=at).filter(pk=change.pk).update(confirmed_at=at):
        raise Conflict(_("This link has expired, or was replaced by a newer one."))
    before, user.email = user.email, change.email
    with refusing_duplicate("user_email_once", _("Another account has this e-mail address."), field=""):
        user.save(update_fields=["email"])
    EmailAddress.objects.filter(user=user).exclude(email=user.email).delete()
    EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})
    emit(events.AddressChanged(user, by=by, at=at, before={"email": before}, after={"email": user.email}))
    security.mail(user, SecurityKind.ADDRESS, to=[before, user.email], old=before, new=user.email)
    return user


@transaction.atomic
def refuse_address(change: AddressChange, *, by: User, at: datetime | None = None) -> None:
    """Keep the old address; the link stops working."""
    at = at or timezone.now()
    rows = AddressChange.objects.open(at=at).filter(pk=change.pk, user=by)
    if not rows.update(withdrawn_at=at):
        raise Conflict(_("This link has expired, or was replaced by a newer one."))
    emit(events.AddressRefused(by, by=by, at=at, before={"email": change.email}))


# Members whom operators would like --------------------------------------------------------------------------------


@transaction.atomic
def invite_first_administrator(*, name: str, email: str, by: User, at: datetime | None = None) -> Invitation:
    """Make a team and invite its first administrator, who does the rest without the operator (P-11, P-7).

    Raises ActionRefused for a name that is taken, and for the operator's own address.
    """
    team = create_team(by=by, name=name, at=at)
    invitation = add_by_operator(team, email=email, role=TeamRole.ADMIN, by=by, at=at)
    assert isinstance(invitation, Invitation)  # noqa: S101 - for the type checker: the team is new
    return invitation


@transaction.atomic
def add_by_operator(
    team: Team, *, email: str, role: str, by: User, at: datetime | None = None
) -> Invitation | MembershipProposal:
    """Bring a person into a team as an operator may (P-7): nobody joins by it alone, and never the operator.

    A team that never had an administrator gets the first one by an invitation, which may be sent again; in any other an
    administrator decides, and all of them are notified. Raises ActionRefused.
    """
    team, email, at = lock(team), email.strip().lower(), at or timezone.now()
    if email == by.email:
        raise ActionRefused(_("You can’t add yourself to a team."), field="email")
    if not team.has_administrator:
        if role != TeamRole.ADMIN:
            raise ActionRefused(_("The first member of a team must be a team administrator."), field="role")
        if earlier := team.invitations.open().filter(email=email, role=role).first():
            return resend_invitation(earlier, by=by, at=at)
        return invite_into(team, email=email, role=role, by=by, at=at)
    if team.memberships.filter(user__email=email).exists():
        raise ActionRefused(_("The person with this address is already a member."), field="email")
    if team.invitations.usable(at=at).filter(email=email).exists():
        raise ActionRefused(_("This address was already invited."), field="email")
    if team.proposals.open().filter(email=email).exists():
        raise ActionRefused(_("This person was already proposed. A team administrator decides."), field="email")
    proposal = MembershipProposal.objects.create(team=team, email=email, role=role, asked_by=by, asked_at=at)
    emit(events.MemberProposed(proposal, team=team, by=by, at=at, after={"role": role}))
    return proposal


@transaction.atomic
def decide_proposal(
    proposal: MembershipProposal, *, accept: bool, by: User, reason: str = "", at: datetime | None = None
) -> MembershipProposal:
    """Accept: the person is invited, as by the administrator. Or refuse. Raises Conflict for a decided one (P-2)."""
    team, at = lock(proposal.team), at or timezone.now()
    current = team.proposals.open().filter(pk=proposal.pk).first()
    if current is None:
        raise Conflict(_("Already done: someone else decided this."))
    if current.asked_by_id == by.pk:
        raise ActionRefused(_("You can’t decide your own request."))
    current.decided_by, current.decided_at, current.accepted, current.team = by, at, accept, team
    current.save(update_fields=["decided_by", "decided_at", "accepted"])
    event = events.ProposalAccepted if accept else events.ProposalRefused
    emit(event(current, team=team, by=by, at=at, after={"role": current.role}, reason=reason))
    if accept:
        invite_into(team, email=current.email, role=current.role, by=by, at=at)
    return current
