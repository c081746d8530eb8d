"""What happens to users, teams, members and invitations."""

from __future__ import annotations

from typing import Any, ClassVar

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from console.base.accounts import security
from console.base.accounts.identity.granting import ByProvider
from console.base.accounts.models import Team, User
from console.base.accounts.notifying import Notify, member_or_managers, members_with
from console.base.accounts.permissions import Permission, TeamRole
from console.base.accounts.readers import read_by
from console.base.accounts.states import NotificationKind, SecurityKind
from console.base.activity.events import EVENTS, Event, names
from console.base.activity.fields import Choice, Field
from console.base.core.text import colon

ACCOUNT = {
    "active": Field(_("Active")),
    "email": Field(_("E-mail")),
    "operator": Field(_("Operator")),
    "name": Field(_("Name")),
}
PROVIDER = {"provider": Field(_("Identity provider"))}
ROLE = {"role": Choice(_("Role"), TeamRole)}


class TeamEvent(Event):
    """What happened in a team, to itself or to somebody in it."""

    def __init__(self, on: Any, *, team: Team, **values: Any) -> None:
        super().__init__(on, **values)
        self.team = team

    def belongs(self) -> dict[str, Any]:
        return {"team_id": self.team.pk}

    def words(self) -> dict[str, Any]:
        return {"person": self.by, "team": self.team}


def administrators_of_groups(text: str | Promise) -> Notify:
    """Return what tells a team's administrators of a change that an identity provider's groups made (P-7, P-10)."""
    return Notify(
        kind=NotificationKind.PEOPLE,
        to=lambda event: members_with(event.team, Permission.ADMINISTER) if isinstance(event.by, ByProvider) else (),
        text=text,
        url=lambda event: reverse("accounts:detail", args=[event.team.pk]),
    )


class MemberEvent(TeamEvent):
    """What became of a member's role, by people or by an identity provider's groups."""

    fields = ROLE

    def words(self) -> dict[str, Any]:
        role = (self.after or self.before or {})["role"]
        return super().words() | {"member": self.on, "role": ROLE["role"].words(role).lower()}


class AccountEvent(Event):
    """What changed about how a person signs in: it is in their security log, too, and they are mailed (P-6)."""

    kind: ClassVar[SecurityKind]
    mailed: ClassVar[bool] = True

    @property
    def detail(self) -> str:
        """What the security log and the mail add to the kind."""
        return str((self.after or self.before or {}).get("factor", ""))

    def follow(self) -> None:
        security.note(self.on, self.kind, by=self.by, at=self.at, detail=self.detail)
        if self.mailed:
            security.mail(self.on, self.kind, detail=self.detail)


def note_role(event: TeamEvent) -> None:
    """Write into the person's security log what they are in a team now."""
    with read_by(event.on):
        detail = f"{colon(event.team)}{ROLE['role'].words((event.after or {})['role'])}"
    security.note(event.on, SecurityKind.ROLE, by=event.by, at=event.at, detail=detail)


class UserCreated(Event):
    name, icon, colour = "user.created", "plus", "blue"
    log = _("Account created")
    fields = ACCOUNT


class UserEdited(Event):
    name, icon, colour = "user.edited", "edit", "blue"
    log = _("Account edited")
    fields = ACCOUNT

    def follow(self) -> None:
        """An operator did it: the person reads that."""
        if self.by and self.by.pk != self.on.pk:
            security.note(self.on, SecurityKind.ACCOUNT, by=self.by, at=self.at, detail=self.by.get_full_name())


class PasswordChanged(AccountEvent):
    name, icon, colour = "user.password_changed", "edit", "blue"
    log = _("Password changed")
    kind = SecurityKind.PASSWORD


class PasswordReset(AccountEvent):
    name, icon, colour = "user.password_reset", "edit", "blue"
    log = _("Password reset")
    kind = SecurityKind.PASSWORD


class FactorAdded(AccountEvent):
    name, icon, colour = "user.factor_added", "plus", "blue"
    log = _("Sign-in factor added")
    fields = {"factor": Field(_("Sign-in factor"))}
    kind = SecurityKind.FACTOR_ADDED


class FactorRenewed(AccountEvent):
    name, icon, colour = "user.factor_renewed", "edit", "blue"
    log = _("Sign-in factor renewed")
    fields = {"factor": Field(_("Sign-in factor"))}
    kind = SecurityKind.FACTOR_RENEWED


class FactorRemoved(AccountEvent):
    name, icon, colour = "user.factor_removed", "x", "red"
    log = _("Sign-in factor removed")
    fields = {"factor": Field(_("Sign-in factor"))}
    kind = SecurityKind.FACTOR_REMOVED


class IdentityEvent(AccountEvent):
    """An identity provider became a way into the account, or is none any more (P-10)."""

    fields = PROVIDER

    @property
    def detail(self) -> str:
        """Which provider."""
        return str((self.after or self.before or {})["provider"])


class IdentityLinked(IdentityEvent):
    name, icon, colour = "user.identity_linked", "link", "blue"
    log = _("Identity provider linked")
    kind = SecurityKind.IDENTITY_LINKED


class IdentityUnlinked(IdentityEvent):
    name, icon, colour = "user.identity_unlinked", "unlink", "red"
    log = _("Identity provider unlinked")
    kind = SecurityKind.IDENTITY_UNLINKED


class SignInLinkMade(AccountEvent):
    name, icon, colour = "user.sign_in_link_made", "key", "orange"
    log = _("One-time sign-in link created")
    kind = SecurityKind.LINK_MADE


class AddressEvent(AccountEvent):
    """Old and new address are mailed by the verb, which has a link for one of them."""

    mailed = False
    fields = {"email": ACCOUNT["email"]}

    @property
    def detail(self) -> str:
        """From which address to which."""
        values = [(side or {}).get("email", "") for side in (self.before, self.after)]
        return " → ".join(value for value in values if value)


class AddressAsked(AddressEvent):
    name, icon, colour = "user.address_asked", "mail", "blue"
    log = _("E-mail change requested")
    kind = SecurityKind.ADDRESS_ASKED


class AddressChanged(AddressEvent):
    name, icon, colour = "user.address_changed", "mail", "blue"
    log = _("E-mail address changed")
    kind = SecurityKind.ADDRESS


class AddressRefused(AddressEvent):
    name, icon, colour = "user.address_refused", "x", "red"
    log = _("E-mail change declined")
    kind = SecurityKind.ADDRESS_REFUSED


class SessionsEnded(AccountEvent):
    name, icon, colour = "user.sessions_ended", "logout", "blue"
    log = _("Sessions ended")
    fields = {"sessions": Field(_("Sessions"))}
    kind, mailed = SecurityKind.SESSIONS, False

    @property
    def detail(self) -> str:
        """How many."""
        return str((self.after or {})["sessions"])


class TeamCreated(TeamEvent):
    name, icon, colour = "team.created", "plus", "blue"
    log = _("Team created")
    fields = {"name": Field(_("Name"))}


class TeamEdited(TeamEvent):
    name, icon, colour = "team.edited", "edit", "blue"
    log = _("Team edited")
    fields = {"name": Field(_("Name")), "second_factor": Field(_("Second factor required"))}


class MemberProposed(TeamEvent):
    name, icon, colour = "member.proposed", "user-question", "orange"
    log = _("Member proposed")
    fields = ROLE
    notify = (
        Notify(
            kind=NotificationKind.PEOPLE,
            to=lambda event: members_with(event.team, Permission.ADMINISTER),
            text=_("%(person)s, an operator, proposes %(email)s as a member of %(team)s"),
            url=lambda event: reverse("accounts:detail", args=[event.team.pk]),
        ),
    )

    def words(self) -> dict[str, Any]:
        return super().words() | {"email": self.on.email}


class ProposalAccepted(TeamEvent):
    name, icon, colour = "member.proposal_accepted", "check", "green"
    log = _("Proposed member approved")
    fields = ROLE


class ProposalRefused(TeamEvent):
    name, icon, colour = "member.proposal_refused", "x", "red"
    log = _("Proposed member rejected")
    fields = ROLE


class MemberInvited(TeamEvent):
    name, icon, colour = "member.invited", "mail", "blue"
    log = _("Member invited")
    fields = ROLE


class InvitationResent(TeamEvent):
    name, icon, colour = "invitation.resent", "edit", "blue"
    log = _("Invitation sent again")


class InvitationRevoked(TeamEvent):
    name, icon, colour = "invitation.revoked", "x", "red"
    log = _("Invitation revoked")

    def heading(self, count: int) -> str:
        words = ngettext(
            "%(count)d open invitation will be revoked", "%(count)d open invitations will be revoked", count
        )
        return words % {"count": count}

    def announced(self) -> str:
        """Return whose it is: the heading says what becomes of it."""
        return self.label


class MemberJoined(TeamEvent):
    name, icon, colour = "member.joined", "user-plus", "green"
    log = _("Member joined")
    fields = {"new_account": Field(_("New account")), **ROLE}
    notify = (
        Notify(
            kind=NotificationKind.PEOPLE,
            to=lambda event: {
                *member_or_managers(event.invited_by, team=event.team),
                *(members_with(event.team, Permission.ADMINISTER) if event.is_proposed else ()),
            },
            text=_("%(person)s joined %(team)s"),
            url=lambda event: reverse("accounts:detail", args=[event.team.pk]),
        ),
    )

    def __init__(self, on: User, *, team: Team, role: str, invited_by: User, new_account: bool, **values: Any) -> None:
        after = {"role": role} | ({"new_account": True} if new_account else {})
        super().__init__(on, team=team, after=after, **values)
        self.role, self.invited_by = role, invited_by
        # All administrators are notified of whom an operator brought in.
        self.is_proposed = team.proposals.filter(email=on.email, accepted=True).exists()

    def follow(self) -> None:
        note_role(self)

    @property
    def label(self) -> str:
        """As what they joined, as it is stored."""
        return self.role

    @classmethod
    def target(cls, label: str) -> str:
        return ROLE["role"].words(label)


class MemberAdded(MemberEvent):
    name, icon, colour = "member.added", "plus", "blue"
    log = _("Member added")
    notify = (administrators_of_groups(_("%(member)s joined %(team)s as %(role)s, by groups of %(person)s")),)

    def follow(self) -> None:
        if isinstance(self.by, ByProvider):
            note_role(self)


class MemberRoleChanged(MemberEvent):
    name, icon, colour = "member.role_changed", "edit", "blue"
    log = _("Role changed")
    notify = (
        Notify(
            kind=NotificationKind.PEOPLE,
            to=lambda event: [event.on],
            text=_("You are now %(role)s of %(team)s"),
            url=lambda event: reverse("accounts:detail", args=[event.team.pk]),
        ),
        administrators_of_groups(_("%(member)s is now %(role)s of %(team)s, by groups of %(person)s")),
    )

    def follow(self) -> None:
        note_role(self)


class MemberRemoved(MemberEvent):
    name, icon, colour = "member.removed", "x", "red"
    log = _("Member removed")
    notify = (
        Notify(
            kind=NotificationKind.PEOPLE,
            to=lambda event: [event.on],
            text=_("You are no longer a member of %(team)s"),
            url=lambda event: reverse("accounts:list"),
        ),
        administrators_of_groups(_("%(member)s is no longer a member of %(team)s, by groups of %(person)s")),
    )


class MemberLeft(TeamEvent):
    name, icon, colour = "member.left", "edit", "blue"
    log = _("Left the team")
    fields = ROLE


# What operators read of a team: who is in it. What it does with its programs is its own (P-1).
OF_PEOPLE = names(event for event in EVENTS.values() if issubclass(event, TeamEvent))
