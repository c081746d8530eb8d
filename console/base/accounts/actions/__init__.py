"""The verbs of users, teams, members, invitations and notifications; `safety` has those of an account's safety."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from console.base.accounts import events
from console.base.accounts.actions import ending
from console.base.accounts.authentication import has_second_factor
from console.base.accounts.identity.granting import ByProvider
from console.base.accounts.models import Invitation, Membership, Team, User
from console.base.accounts.permissions import TeamRole
from console.base.accounts.signals import account_secured, invitation_accepted, member_removed
from console.base.accounts.tasks import send_mail
from console.base.activity.events import emit
from console.base.core.errors import ActionRefused, Conflict, refuse_if, refusing_duplicate
from console.base.core.wakeups import wake

DAY = timedelta(days=1)
RESENDS_PER_DAY = 3  # of one invitation
SET_UP_FIRST = gettext_lazy("Set up a second factor for your own account first.")
LAST_ADMIN = gettext_lazy("A team needs a team administrator. Give someone else this role first.")


def mark_notifications_read(user: User) -> None:
    """Mark all notifications of `user` up to now as read: one number, however many they are.

    What another transaction has written already and commits a moment later may be among them. It stays in the list, and
    its e-mail goes out.
    """
    newest = user.notifications.shown().values_list("pk", flat=True).first()
    if newest is not None and newest > user.notifications_read_to:
        User.objects.filter(pk=user.pk, notifications_read_to__lt=newest).update(notifications_read_to=newest)
        user.notifications_read_to = newest


def choose_language(user: User, *, language: str) -> None:
    """Keep the language in which `user` reads the console and gets e-mails, on every device; personal, not logged."""
    user.language = language
    user.save(update_fields=["language"])


def choose_time_zone(user: User, *, time_zone: str) -> None:
    """Keep the zone in which `user` reads times, on every device and in mails (P-9); "" is each browser's own."""
    user.time_zone = time_zone
    user.save(update_fields=["time_zone"])


# Users ------------------------------------------------------------------------------------------------------------


@transaction.atomic
def create_user(
    *,
    by: User | ByProvider | None,
    email: str,
    name: str,
    password: str | None = None,
    at: datetime | None = None,
    **fields: Any,
) -> User:
    """Create a user; without a password they sign in after setting one by a link.

    The address counts as proven: an operator or a provider vouches for it. Raises ActionRefused when it is taken.
    """
    at = at or timezone.now()
    user = _new_user(email, name, password, date_joined=at, **fields)
    emit(events.UserCreated(user, by=by, at=at, after=_described(user)))
    return user


@transaction.atomic
def edit_user(
    user: User,
    *,
    by: User,
    name: str | None = None,
    is_active: bool | None = None,
    is_staff: bool | None = None,
    at: datetime | None = None,
) -> User:
    """Change name, is_active or is_staff; what an inactive user had open or had sent ends immediately, for good (P-3).

    Not the address, which its person takes: `safety.ask_for_address`.
    """
    if is_active is False:  # Before the lock: who invites locks the team first, who fetches a token the request for it.
        ending.revoke_all_sent_by(user, by=by, at=at or timezone.now())
        account_secured.send(sender=User, user=user, by=by)
    current = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    before = _described(current)
    current.name = current.name if name is None else name
    current.is_active = current.is_active if is_active is None else is_active
    current.is_staff = current.is_staff if is_staff is None else is_staff
    after = _described(current)
    if after == before:
        return current
    current.operator_given_by = current.operator_given_by if after["operator"] == before["operator"] else ""
    current.save(update_fields=["name", "is_active", "is_staff", "operator_given_by"])
    if after["active"] != before["active"]:  # Also of one that comes back: a sign-in may have begun meanwhile.
        current.sessions.all().end()
    emit(events.UserEdited(current, by=by, at=at, before=before, after=after))
    return current


def _described(user: User) -> dict[str, Any]:
    return {"name": user.name, "email": user.email, "active": user.is_active, "operator": user.is_staff}


def _new_user(email: str, name: str, password: str | None, **fields: Any) -> User:
    user = User(email=email.strip().lower(), name=name, **fields)
    user.set_password(password)
    return _save_with_address(user)


def _save_with_address(user: User) -> User:
    """Save the user and keep allauth's one address row the same as the user's own."""
    with refusing_duplicate("user_email_once", _("Another account has this e-mail address."), field="email"):
        user.save()
    EmailAddress.objects.filter(user=user).exclude(email=user.email).delete()
    EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})
    return user


# Teams and members ------------------------------------------------------------------------------------------------


@transaction.atomic
def create_team(*, by: User | None, name: str, at: datetime | None = None) -> Team:
    """Create a team without members; operators do this."""
    at = at or timezone.now()
    team = _save_named(Team(name=name, created_at=at))
    emit(events.TeamCreated(team, team=team, by=by, at=at, after={"name": name}))
    return team


@transaction.atomic
def edit_team(
    team: Team, *, by: User, name: str, requires_second_factor: bool | None = None, at: datetime | None = None
) -> Team:
    """Rename the team, and require a second factor of its members or no longer (P-6); None leaves that as it is.

    Raises ActionRefused when another team has the name, or who requires a factor has none: they would be outside.
    """
    team = lock(team)
    before = _settings_of(team)
    team.name = name
    if requires_second_factor is not None:
        team.requires_second_factor = requires_second_factor
    after = _settings_of(team)
    if after == before:
        return team
    if after["second_factor"] and not before["second_factor"] and not has_second_factor(by):
        raise ActionRefused(str(SET_UP_FIRST), field="requires_second_factor")
    _save_named(team)
    changed = [key for key in after if after[key] != before[key]]
    values = {"before": {key: before[key] for key in changed}, "after": {key: after[key] for key in changed}}
    emit(events.TeamEdited(team, team=team, by=by, at=at, **values))
    return team


def _settings_of(team: Team) -> dict[str, Any]:
    return {"name": team.name, "second_factor": team.requires_second_factor}


def _save_named(team: Team) -> Team:
    with refusing_duplicate("accounts_team_name", _("Another team has this name."), field="name"):
        team.save()
    return team


def lock(team: Team) -> Team:
    """Return the row as it is now, locked until the transaction ends: changes of one team's people go one by one."""
    return Team.objects.select_for_update(no_key=True).get(pk=team.pk)


@transaction.atomic
def add_member(
    team: Team, *, user: User, role: str, by: User | ByProvider | None, at: datetime | None = None
) -> Membership:
    """Make `user` a member without an invitation: the command line, an administrator, or a provider's groups.

    Raises ActionRefused for a member, and for an operator (P-7): see `safety.add_by_operator`.
    """
    team, at = lock(team), at or timezone.now()
    if isinstance(by, User) and not team.memberships.filter(user=by, role=TeamRole.ADMIN).exists():
        raise ActionRefused(_("Only team administrators can do this."))
    if isinstance(by, ByProvider) and role == TeamRole.ADMIN:
        ending.revoke_of_operators(team, at=at)
    member = _join(team, user, role, at=at, given_by=given_by(by))
    emit(events.MemberAdded(user, team=team, by=by, at=at, after={"role": role}))
    return member


def given_by(by: User | ByProvider | None) -> str:
    """Return whose groups gave a role that `by` gives; "" for people: what they give, no group takes away."""
    return by.name if isinstance(by, ByProvider) else ""


def _join(team: Team, user: User, role: str, *, at: datetime, given_by: str = "") -> Membership:
    """Add the membership; the caller holds the team's lock and emits the event."""
    if team.memberships.filter(user=user).exists():
        raise ActionRefused(_("%(person)s is already a member of %(team)s.") % {"person": user, "team": team})
    team.proposals.close(email=user.email, by=None, at=at)
    return Membership.objects.create(team=team, user=user, role=role, since=at, given_by=given_by)


@transaction.atomic
def change_role(member: Membership, *, role: str, by: User | ByProvider, at: datetime | None = None) -> Membership:
    """Give the member another role, from the next request on (P-3); raises ActionRefused for the last administrator.

    What one who is team administrator no longer has sent, and nobody accepted, is revoked.
    """
    member = _lock_member(member)
    if role == member.role:
        return member
    refuse_if(why_not_leave_admins(member), "role")
    before = member.role
    member.role, member.given_by = role, given_by(by)
    member.save(update_fields=["role", "given_by"])
    values = {"before": {"role": before}, "after": {"role": role}}
    emit(events.MemberRoleChanged(member.user, team=member.team, by=by, at=at, **values))
    if before == TeamRole.ADMIN:
        ending.revoke_sent_by(member.user, team=member.team, by=by, at=at)
    return member


@transaction.atomic
def remove_member(member: Membership, *, by: User | ByProvider, reason: str = "", at: datetime | None = None) -> None:
    """End a membership, one's own too, and what its person has sent (P-3); ActionRefused for the last administrator."""
    member = _lock_member(member)
    refuse_if(why_not_leave_admins(member))
    team, user, before, at = member.team, member.user, {"role": member.role}, at or timezone.now()
    member.delete()
    if by == user:
        emit(events.MemberLeft(team, team=team, by=by, at=at, before=before, reason=reason))
    else:
        emit(events.MemberRemoved(user, team=team, by=by, at=at, before=before, reason=reason))
    ending.revoke_sent_by(user, team=team, by=by, at=at)
    member_removed.send(sender=Membership, team=team, user=user, by=by, at=at)


def _lock_member(member: Membership) -> Membership:
    """Return the membership as it is now, under its team's lock; raises Conflict when it has ended."""
    team = lock(member.team)
    current = team.memberships.filter(pk=member.pk).select_related("user").first()
    if current is None:
        raise Conflict(_("Already done: this person is no longer a member."))
    current.team = team
    return current


def why_not_leave_admins(member: Membership) -> str:
    """Return why the member must stay team administrator, in words; "" when another active one is there."""
    if member.role != TeamRole.ADMIN:
        return ""
    if Membership.objects.filter(team=member.team_id).acting_admins().exclude(pk=member.pk).exists():
        return ""
    return str(LAST_ADMIN)


# Invitations ------------------------------------------------------------------------------------------------------


@transaction.atomic
def invite(team: Team, *, email: str, role: str, by: User, at: datetime | None = None) -> Invitation:
    """Invite a person by e-mail, whom operators then need not propose any more.

    Raises ActionRefused for a member, an address that was already invited, and more than INVITATIONS_PER_DAY.
    """
    team, at, email = lock(team), at or timezone.now(), email.strip().lower()
    team.proposals.close(email=email, by=by, at=at)
    return invite_into(team, email=email, role=role, by=by, at=at)


def invite_into(team: Team, *, email: str, role: str, by: User, at: datetime) -> Invitation:
    """Invite, as a part of a verb that holds the team's lock."""
    email = email.strip().lower()
    if team.memberships.filter(user__email=email).exists():
        raise ActionRefused(_("The person with this address is already a member."), field="email")
    if team.invitations.open().filter(email=email).exists():
        why_not = _("This address was already invited. Send that invitation again, or revoke it.")
        raise ActionRefused(why_not, field="email")
    _refuse_too_many(team, by=by, at=at)
    invitation = Invitation.objects.create(
        team=team,
        email=email,
        role=role,
        invited_by=by,
        invited_at=at,
        expires_at=_expiry(at),
        counted_from=at,
        counted=1,
    )
    emit(events.MemberInvited(invitation, team=team, by=by, at=at, after={"role": role}))
    wake(send_mail)
    return invitation


@transaction.atomic
def resend_invitation(invitation: Invitation, *, by: User, at: datetime | None = None) -> Invitation:
    """Send a new link with the full time; the earlier one stops working. Raises Conflict for one that is not open.

    Raises ActionRefused when it was sent often enough today.
    """
    invitation, at = _lock_invitation(invitation), at or timezone.now()
    is_today = invitation.counted_from is not None and invitation.counted_from > at - DAY
    if is_today and invitation.counted > RESENDS_PER_DAY:
        raise ActionRefused(_("Already sent %(n)d times today. Try again tomorrow.") % {"n": invitation.counted})
    _refuse_too_many(invitation.team, by=by, at=at)
    invitation.counted_from = invitation.counted_from if is_today else at
    invitation.counted = invitation.counted + 1 if is_today else 1
    invitation.issue += 1
    invitation.invited_by, invitation.invited_at, invitation.expires_at = by, at, _expiry(at)
    invitation.emailed_at, invitation.email_tries, invitation.email_next_at = None, 0, None
    invitation.save()
    emit(events.InvitationResent(invitation, team=invitation.team, by=by, at=at))
    wake(send_mail)
    return invitation


@transaction.atomic
def revoke_invitation(invitation: Invitation, *, by: User | ByProvider, at: datetime | None = None) -> Invitation:
    """Take the invitation back: its link stops working immediately (P-3). Raises Conflict for one that is not open."""
    invitation = _lock_invitation(invitation)
    ending.revoke(invitation, team=invitation.team, by=by, at=at)
    return invitation


@transaction.atomic
def accept_invitation(invitation: Invitation, *, by: User, at: datetime | None = None) -> Membership:
    """Make the invited person, who has an account with that address, a member; an invitation is used once."""
    invitation, at = _use(invitation, at=at)
    if by.email != invitation.email:
        raise ActionRefused(_("This invitation is for %(email)s.") % {"email": invitation.email})
    return _welcome(invitation, by, at=at)


@transaction.atomic
def accept_as_new_user(invitation: Invitation, *, name: str, password: str, at: datetime | None = None) -> Membership:
    """Make an account for the invited person and the membership: one change, one entry. The link proved the address."""
    invitation, at = _use(invitation, at=at)
    user = _new_user(invitation.email, name, password, date_joined=at, language=get_language() or "")
    return _welcome(invitation, user, at=at, new_account=True)


def _use(invitation: Invitation, *, at: datetime | None) -> tuple[Invitation, datetime]:
    """Mark the invitation as accepted; two at the same time run one after the other, and the second is refused."""
    issue = invitation.issue
    invitation, at = _lock_invitation(invitation), at or timezone.now()
    if invitation.issue != issue or invitation.expires_at <= at:
        raise Conflict(_("This invitation has expired. Ask for a new one."))
    invitation.accepted_at = at
    invitation.save(update_fields=["accepted_at"])
    return invitation, at


def _welcome(invitation: Invitation, user: User, *, at: datetime, new_account: bool = False) -> Membership:
    """Join. With the first administrator, all that operators sent before stops working (P-7)."""
    ending.revoke_of_operators(invitation.team, at=at)
    member = _join(invitation.team, user, invitation.role, at=at)
    joined: dict[str, Any] = {"role": member.role, "invited_by": invitation.invited_by, "new_account": new_account}
    emit(events.MemberJoined(user, team=invitation.team, by=user, at=at, **joined))
    invitation_accepted.send(sender=Invitation, invitation=invitation, user=user, at=at)
    return member


def _lock_invitation(invitation: Invitation) -> Invitation:
    """Return the invitation as it is now, under its team's lock; raises Conflict unless it is open."""
    team = lock(invitation.team)
    current = team.invitations.open().filter(pk=invitation.pk).first()
    if current is None:
        raise Conflict(_("Already done: this invitation was accepted or revoked."))
    current.team = team
    return current


def _refuse_too_many(team: Team, *, by: User, at: datetime) -> None:
    """Raise ActionRefused when the team, or the person in all teams, has had as many mails sent as a day allows.

    The caller holds the team's lock; the person's own orders those of two teams.
    """
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    for rows in (team.invitations.all(), Invitation.objects.filter(invited_by=by)):
        sent = rows.filter(counted_from__gt=at - DAY).aggregate(sent=Sum("counted"))["sent"] or 0
        if sent >= settings.INVITATIONS_PER_DAY:
            why_not = _("%(n)d invitations were sent in the last 24 hours. You can send more tomorrow.")
            raise ActionRefused(why_not % {"n": sent})


def _expiry(at: datetime) -> datetime:
    return at + timedelta(days=settings.INVITATION_DAYS)
