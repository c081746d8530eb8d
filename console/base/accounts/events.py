"""What happens to users, teams, members and invitations."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from console.base.accounts.models import Team, User
from console.base.accounts.notifying import Notify, member_or_managers
from console.base.accounts.permissions import TeamRole
from console.base.accounts.states import NotificationKind
from console.base.activity.events import Event
from console.base.activity.fields import Choice, Field

ACCOUNT = {
    "active": Field(_("Active")),
    "email": Field(_("E-mail")),
    "operator": Field(_("Operator")),
    "name": Field(_("Name")),
}
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


class UserCreated(Event):
    name, icon, colour = "user.created", "plus", "blue"
    log = _("created the account of")
    fields = ACCOUNT


class UserEdited(Event):
    name, icon, colour = "user.edited", "edit", "blue"
    log = _("edited the account of")
    fields = ACCOUNT


class PasswordChanged(Event):
    name, icon, colour = "user.password_changed", "edit", "blue"
    log = _("changed the password of")


class PasswordReset(Event):
    name, icon, colour = "user.password_reset", "edit", "blue"
    log = _("reset the password of")


class FactorAdded(Event):
    name, icon, colour = "user.factor_added", "plus", "blue"
    log = _("added a sign-in factor to")
    fields = {"factor": Field(_("Sign-in factor"))}


class FactorRenewed(Event):
    name, icon, colour = "user.factor_renewed", "edit", "blue"
    log = _("renewed a sign-in factor of")
    fields = {"factor": Field(_("Sign-in factor"))}


class FactorRemoved(Event):
    name, icon, colour = "user.factor_removed", "x", "red"
    log = _("removed a sign-in factor of")
    fields = {"factor": Field(_("Sign-in factor"))}


class TeamCreated(TeamEvent):
    name, icon, colour = "team.created", "plus", "blue"
    log = _("created the team")
    fields = {"name": Field(_("Name"))}


class TeamEdited(TeamEvent):
    name, icon, colour = "team.edited", "edit", "blue"
    log = _("edited the team")
    fields = {"name": Field(_("Name"))}


class MemberInvited(TeamEvent):
    name, icon, colour = "member.invited", "mail", "blue"
    log = _("invited")
    fields = ROLE


class InvitationResent(TeamEvent):
    name, icon, colour = "invitation.resent", "edit", "blue"
    log = _("sent the invitation again to")


class InvitationRevoked(TeamEvent):
    name, icon, colour = "invitation.revoked", "x", "red"
    log = _("took back the invitation of")


class MemberJoined(TeamEvent):
    name, icon, colour = "member.joined", "user-plus", "green"
    log = _("joined as")
    fields = {"new_account": Field(_("New account")), **ROLE}
    notify = (
        Notify(
            kind=NotificationKind.PEOPLE,
            to=lambda event: member_or_managers(event.invited_by, team=event.team),
            text=_("%(person)s joined %(team)s"),
            url=lambda event: reverse("accounts:detail", args=[event.team.pk]),
        ),
    )

    def __init__(self, on: User, *, team: Team, role: str, invited_by: User, new_account: bool, **values: Any) -> None:
        after = {"role": role} | ({"new_account": True} if new_account else {})
        super().__init__(on, team=team, after=after, **values)
        self.role, self.invited_by = role, invited_by

    @property
    def label(self) -> str:
        """As what they joined, as it is stored."""
        return self.role

    @classmethod
    def target(cls, label: str) -> str:
        return ROLE["role"].words(label)


class MemberAdded(TeamEvent):
    name, icon, colour = "member.added", "plus", "blue"
    log = _("added the member")
    fields = ROLE


class MemberRoleChanged(TeamEvent):
    name, icon, colour = "member.role_changed", "edit", "blue"
    log = _("changed the role of")
    fields = ROLE
    notify = (
        Notify(
            kind=NotificationKind.PEOPLE,
            to=lambda event: [event.on],
            text=_("You are %(role)s of the team %(team)s now"),
            url=lambda event: reverse("accounts:detail", args=[event.team.pk]),
        ),
    )

    def words(self) -> dict[str, Any]:
        return super().words() | {"role": ROLE["role"].words((self.after or {})["role"]).lower()}


class MemberRemoved(TeamEvent):
    name, icon, colour = "member.removed", "x", "red"
    log = _("removed the member")
    fields = ROLE
    notify = (
        Notify(
            kind=NotificationKind.PEOPLE,
            to=lambda event: [event.on],
            text=_("You are no longer a member of the team %(team)s"),
            url=lambda event: reverse("accounts:list"),
        ),
    )


class MemberLeft(TeamEvent):
    name, icon, colour = "member.left", "edit", "blue"
    log = _("left the team")
    fields = ROLE
