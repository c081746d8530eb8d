"""The verbs of identity providers: accounts linked and made, and what groups give and take (P-10)."""

from __future__ import annotations

import logging
from datetime import datetime

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from console.base.accounts import events
from console.base.accounts.actions import add_member, change_role, create_user, lock, remove_member
from console.base.accounts.identity import granting
from console.base.accounts.identity.configuration import TEAM_ROLES, Grants, IdentityProvider
from console.base.accounts.identity.tokens import Person
from console.base.accounts.models import Membership, MembershipProposal, Team, User
from console.base.accounts.signals import groups_read
from console.base.activity.events import emit
from console.base.core.errors import ActionRefused, Conflict

logger = logging.getLogger(__name__)


# Accounts ---------------------------------------------------------------------------------------------------------


@transaction.atomic
def link_identity(
    user: User, *, provider: IdentityProvider, person: Person, by: User, at: datetime | None = None
) -> SocialAccount:
    """Let the person at the provider sign in as `user` from now on, whatever address the provider has later.

    Raises ActionRefused where the account belongs to somebody else there, or the person has another account here.
    """
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    refuse_another(user, provider, person)
    row, new = SocialAccount.objects.get_or_create(
        provider=provider.name, uid=person.uid, defaults={"user": user, "extra_data": described(person)}
    )
    if row.user_id != user.pk:
        raise ActionRefused(_("This sign-in belongs to another account of the console."))
    if new:
        emit(events.IdentityLinked(user, by=by, at=at, after={"provider": provider.label}))
    return row


def refuse_another(user: User, provider: IdentityProvider, person: Person) -> None:
    """Raise ActionRefused where somebody else of that issuer signs in as `user`: an address may get a new owner."""
    linked = SocialAccount.objects.filter(user=user, provider=provider.name, extra_data__issuer=person.issuer)
    if linked.exclude(uid=person.uid).exists():
        raise ActionRefused(
            _("The account %(email)s is linked to another person at %(provider)s.")
            % {"email": user.email, "provider": provider.label}
        )


def described(person: Person) -> dict[str, str]:
    """Return what is kept of a person beside the link."""
    return {"subject": person.subject, "issuer": person.issuer, "email": person.email}


@transaction.atomic
def unlink_identity(row: SocialAccount, *, by: User, at: datetime | None = None) -> None:
    """Take the provider away as a way into the person's own account. Raises ActionRefused for the only way in."""
    user = User.objects.select_for_update(no_key=True).get(pk=by.pk)
    if why_not := why_not_unlink(row, user):
        raise ActionRefused(why_not)
    if not SocialAccount.objects.filter(pk=row.pk, user=user).delete()[0]:
        raise Conflict(_("Already done: this provider is no longer linked."))
    emit(events.IdentityUnlinked(user, by=by, at=at, before={"provider": label_of(row.provider)}))


def why_not_unlink(row: SocialAccount, user: User) -> str:
    """Return why the person needs this provider to sign in, in words; "" when another way in remains."""
    others = SocialAccount.objects.filter(user=user, provider__in=settings.IDENTITY_PROVIDERS).exclude(pk=row.pk)
    if (settings.PASSWORD_SIGN_IN and user.has_usable_password()) or others.exists():
        return ""
    return _("It is your only way to sign in.")


def label_of(name: str) -> str:
    """Return what people call the provider; its name where the environment has it no longer."""
    provider = settings.IDENTITY_PROVIDERS.get(name)
    return provider.label if provider else name


@transaction.atomic
def create_by_provider(*, provider: IdentityProvider, person: Person, at: datetime | None = None) -> SocialAccount:
    """Make an account, without a password, for a person whose address the provider has verified; return its link.

    Raises ActionRefused where another sign-in has just made it.
    """
    name = person.name or person.email.partition("@")[0]
    user = create_user(by=granting.by(provider), email=person.email, name=name, at=at)
    return SocialAccount.objects.create(provider=provider.name, uid=person.uid, user=user, extra_data=described(person))


# Groups -----------------------------------------------------------------------------------------------------------


@transaction.atomic
def hold_grants(user: User, *, provider: IdentityProvider, grants: Grants, at: datetime | None = None) -> None:
    """Give what the person's groups give now, and take away what groups of this provider gave and give no longer.

    What people gave stays as it is. Whatever can't be done, as taking the last administrator out of a team, is left and
    logged: the sign-in goes on. Teams go by id, and the account comes last, so that nobody waits for each other.
    """
    at, by = at or timezone.now(), granting.by(provider)
    user.is_staff = _is_operator(user, grants.operator, by=by)
    teams = _with_teams_beside(grants)
    held = {row.team_id: row for row in user.memberships.select_related("team")}
    given = {team_id for team_id, row in held.items() if row.given_by == provider.name}
    there = Team.objects.in_bulk([team_id for team_id in teams if team_id not in held])
    for team_id in sorted(given | set(teams)):
        role = teams.get(team_id)
        try:
            if member := held.get(team_id):
                _hold_role(member, role, given=team_id in given, by=by, at=at)
            elif team := there.get(team_id):
                _join_by_groups(team, user, str(role), by=by, at=at)
            else:
                logger.warning("groups of %s give a role in team %d, which there is not", provider.name, team_id)
        except ActionRefused as refused:
            logger.warning("groups of %s, team %d, user %d: %s", provider.name, team_id, user.pk, refused.message)
    _hold_operator(user, grants.operator, by=by, at=at)
    groups_read.send(sender=User, user=user, grants=grants, by=by, at=at)


def _with_teams_beside(grants: Grants) -> dict[int, str]:
    """Return the roles in teams, also those that a role in an application needs."""
    teams = dict(grants.teams)
    for question in granting.teams_beside:
        for team_id, role in question(grants).items():
            teams[team_id] = max(role, teams.get(team_id, role), key=TEAM_ROLES.index)
    return teams


def _hold_role(member: Membership, role: str | None, *, given: bool, by: granting.ByProvider, at: datetime) -> None:
    """Change or end a membership that groups gave; an operator's becomes no stronger by groups (P-7)."""
    if not given or member.role == role:
        return
    if role is None:
        remove_member(member, by=by, at=at)
    elif not (member.user.is_staff and TEAM_ROLES.index(role) > TEAM_ROLES.index(member.role)):
        change_role(member, role=role, by=by, at=at)


def _join_by_groups(team: Team, user: User, role: str, *, by: granting.ByProvider, at: datetime) -> None:
    """Make the person a member; an operator is only proposed, once, and an administrator of the team decides (P-7)."""
    if not user.is_staff:
        add_member(team, user=user, role=role, by=by, at=at)
        return
    team = lock(team)
    asked = {"team": team, "email": user.email, "role": role}
    if not team.has_administrator or MembershipProposal.objects.filter(**asked).exists():
        return
    if team.proposals.open().filter(email=user.email).exists():
        return
    proposal = MembershipProposal.objects.create(**asked, asked_by=user, asked_at=at)
    emit(events.MemberProposed(proposal, team=team, by=user, at=at, after={"role": role}))


def _is_operator(current: User, wanted: bool, *, by: granting.ByProvider) -> bool:
    """Whether the person is an operator now: by these groups, or since people made them one."""
    return wanted or (current.is_staff and (current.is_superuser or current.operator_given_by != by.name))


def _hold_operator(user: User, wanted: bool, *, by: granting.ByProvider, at: datetime) -> None:
    """Make the person an operator, or no longer one where these groups did; a superuser stays what they are."""
    current = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    wanted = _is_operator(current, wanted, by=by)
    if current.is_staff == wanted:
        return
    current.is_staff, current.operator_given_by = wanted, by.name if wanted else ""
    current.save(update_fields=["is_staff", "operator_given_by"])
    emit(events.UserEdited(current, by=by, at=at, before={"operator": not wanted}, after={"operator": wanted}))
