"""What happens to server domains, to exemptions from domain verification, and to interface permissions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from console.base.accounts.models import User
from console.base.accounts.notifying import Notify, member_or_managers, members_with
from console.base.accounts.permissions import Permission
from console.base.accounts.states import NotificationKind
from console.base.activity.fields import Field, Moment
from console.base.hosts.states import DecisionState
from devmgmt.models import ApiPermission, DomainExemption, ProgramGrant
from devmgmt.states import DomainType
from miniprograms.events import STATE, PartEvent, ProgramEvent, RequestEvent, reviewers


class GrantEvent(RequestEvent):
    """What happened to an exemption or an interface permission."""

    fields = {**STATE, "expires_at": Moment(_("Until"))}

    def __init__(self, on: ProgramGrant, **values: Any) -> None:
        super().__init__(on, **values)
        if on.state == DecisionState.APPROVED and on.expires_at and self.after:
            self.after["expires_at"] = on.expires_at.isoformat()

    @property
    def api(self) -> str:
        """The API's name; "" of an exemption."""
        return self.on.api if isinstance(self.on, ApiPermission) else ""

    @property
    def label(self) -> str:
        return f"{self.api}, {super().label}" if self.api else super().label

    @property
    def short(self) -> str:
        return self.api or super().label


def requester(text: str | Promise, *, managers: bool = False) -> Notify:
    """Return what notifies who asked; with `managers` also who manages the program, whose devices lose something."""

    def people(event: GrantEvent) -> set[User]:
        team = event.program.team
        asked = {*member_or_managers(event.on.requested_by, team=team)}
        return asked | {*members_with(team, Permission.MANAGE)} if managers else asked

    return Notify(kind=NotificationKind.DECISION, to=people, text=text, url=lambda event: event.on.developer_url())


class DomainsChanged(ProgramEvent):
    name, icon, colour = "domains.changed", "world", "blue"
    log = _("Server domains changed")
    in_list = _("Server domains changed")
    fields = {kind.value: Field(kind.value) for kind in DomainType}


class QueryShared(PartEvent):
    name, icon, colour = "query.shared", "bookmark", "blue"
    log = _("Log query shared")
    in_list = ""
    fields = {"name": Field(_("Name"))}


class QueryChanged(PartEvent):
    name, icon, colour = "query.changed", "bookmark-edit", "blue"
    log = _("Shared log query changed")
    in_list = ""
    fields = {"name": Field(_("Name")), "query": Field(_("Criteria"))}


class QueryUnshared(PartEvent):
    name, icon, colour = "query.unshared", "bookmark-off", "secondary"
    log = _("Shared log query removed")
    in_list = ""
    fields = {"name": Field(_("Name"))}


class ExemptionRequested(GrantEvent):
    name, icon, colour = "exemption.requested", "send", "blue"
    log = _("Skipping domain verification requested")
    in_list = _("Skipping domain verification requested: %(label)s")


class ExemptionWithdrawn(GrantEvent):
    name, icon, colour = "exemption.withdrawn", "arrow-back", "secondary"
    log = _("Request to skip domain verification withdrawn")
    in_list = _("Request to skip domain verification withdrawn: %(label)s")
    notify = (reviewers(_("Request withdrawn: %(subject)s")),)


class ExemptionApproved(GrantEvent):
    name, icon, colour = "exemption.approved", "check", "green"
    log = _("Skipping domain verification granted")
    in_list = _("Skipping domain verification granted: %(label)s")
    notify = (requester(_("%(application)s approved: %(subject)s")),)


class ExemptionRejected(GrantEvent):
    name, icon, colour = "exemption.rejected", "x", "red"
    log = _("Skipping domain verification rejected")
    in_list = _("Skipping domain verification rejected: %(label)s")
    notify = (requester(_("%(application)s rejected: %(subject)s")),)


class ExemptionGivenUp(GrantEvent):
    name, icon, colour = "exemption.given_up", "arrow-back", "secondary"
    log = _("Skipping domain verification ended")
    in_list = _("Skipping domain verification ended: %(label)s")
    notify = (reviewers(_("Grant ended: %(subject)s")),)


class ExemptionRevoked(GrantEvent):
    name, icon, colour = "exemption.revoked", "x", "red"
    log = _("Skipping domain verification revoked")
    in_list = _("Skipping domain verification revoked: %(label)s")
    notify = (requester(_("%(application)s revoked: %(subject)s"), managers=True),)


class PermissionRequested(GrantEvent):
    name, icon, colour = "permission.requested", "send", "blue"
    log = _("Interface permission requested")
    in_list = _("Interface permission requested: %(label)s")


class PermissionWithdrawn(GrantEvent):
    name, icon, colour = "permission.withdrawn", "arrow-back", "secondary"
    log = _("Interface permission request withdrawn")
    in_list = _("Interface permission request withdrawn: %(label)s")
    notify = (reviewers(_("Request withdrawn: %(subject)s")),)


class PermissionApproved(GrantEvent):
    name, icon, colour = "permission.approved", "check", "green"
    log = _("Interface permission granted")
    in_list = _("Interface permission granted: %(label)s")
    notify = (requester(_("%(application)s approved: %(subject)s")),)


class PermissionRejected(GrantEvent):
    name, icon, colour = "permission.rejected", "x", "red"
    log = _("Interface permission rejected")
    in_list = _("Interface permission rejected: %(label)s")
    notify = (requester(_("%(application)s rejected: %(subject)s")),)


class PermissionGivenUp(GrantEvent):
    name, icon, colour = "permission.given_up", "arrow-back", "secondary"
    log = _("Interface permission ended")
    in_list = _("Interface permission ended: %(label)s")
    notify = (reviewers(_("Grant ended: %(subject)s")),)


class PermissionRevoked(GrantEvent):
    name, icon, colour = "permission.revoked", "x", "red"
    log = _("Interface permission revoked")
    in_list = _("Interface permission revoked: %(label)s")
    notify = (requester(_("%(application)s revoked: %(subject)s"), managers=True),)


class ExemptionExpired(GrantEvent):
    """Its time was over (D-10)."""

    name, icon, colour = "exemption.expired", "clock-off", "secondary"
    log = _("Skipping domain verification expired")
    in_list = _("Skipping domain verification expired: %(label)s")
    notify = (requester(_("%(subject)s expired in %(application)s"), managers=True),)


class ExemptionRenewed(GrantEvent):
    """A new one took its place before its time was over; the new one's approval is what its readers hear of."""

    name, icon, colour = "exemption.renewed", "refresh", "secondary"
    log = _("Skipping domain verification renewed")
    in_list = _("Skipping domain verification renewed: %(label)s")


class PermissionExpired(GrantEvent):
    """Its time was over (D-10)."""

    name, icon, colour = "permission.expired", "clock-off", "secondary"
    log = _("Interface permission expired")
    in_list = _("Interface permission expired: %(label)s")
    notify = (requester(_("%(subject)s expired in %(application)s"), managers=True),)


class PermissionRenewed(GrantEvent):
    """A new one took its place before its time was over; the new one's approval is what its readers hear of."""

    name, icon, colour = "permission.renewed", "refresh", "secondary"
    log = _("Interface permission renewed")
    in_list = _("Interface permission renewed: %(label)s")


class Moves(NamedTuple):
    """The events of one kind of grant."""

    requested: type[GrantEvent]
    withdrawn: type[GrantEvent]
    approved: type[GrantEvent]
    rejected: type[GrantEvent]
    given_up: type[GrantEvent]
    revoked: type[GrantEvent]
    expired: type[GrantEvent]
    renewed: type[GrantEvent]


MOVES: Mapping[type[ProgramGrant], Moves] = {
    DomainExemption: Moves(
        ExemptionRequested,
        ExemptionWithdrawn,
        ExemptionApproved,
        ExemptionRejected,
        ExemptionGivenUp,
        ExemptionRevoked,
        ExemptionExpired,
        ExemptionRenewed,
    ),
    ApiPermission: Moves(
        PermissionRequested,
        PermissionWithdrawn,
        PermissionApproved,
        PermissionRejected,
        PermissionGivenUp,
        PermissionRevoked,
        PermissionExpired,
        PermissionRenewed,
    ),
}


def moves_of(grant: ProgramGrant) -> Moves:
    """Return the events of the grant's kind."""
    return MOVES[type(grant)]
