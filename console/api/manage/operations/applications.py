"""Host apps and teams (A-2, D-2, D-3, L-6). Members and keys are not for tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.conf import settings
from django.db.models import QuerySet
from ninja import Field, Query, Schema

from console.api.manage.api import api
from console.api.manage.endpoint import ApiRequest, endpoint
from console.api.manage.operations.grants import GrantsAsked, grants_page
from console.api.manage.operations.permissions import ExemptionOut, PermissionOut, exemption_out, permission_out
from console.api.manage.operations.references import ProgramRef, TeamRef, program_ref, team_ref
from console.api.manage.paging import Page, Paged, page_of
from console.api.manage.states import Scope
from console.base.accounts.access import team_for
from console.base.accounts.models import Membership, Team
from console.base.accounts.permissions import Permission
from console.base.hosts.access import application_for
from console.base.hosts.models import HostApplication, SensitiveApi
from devmgmt.models import ApiPermission, DomainExemption, ProgramGrant
from miniprograms.models import Binding


class ApplicationOut(Schema):
    """A host app: an app in which mini programs run."""

    application_id: str
    name: str
    team: TeamRef
    description: str
    listed: bool = Field(description="whether every team can ask it for a binding")
    url: str = Field(description="its page in the console")


class ApplicationApi(Schema):
    """An API in a host app's list."""

    name: str
    purpose: str
    restricted: bool = Field(description="whether only programs that were granted it may call it")


class ServedProgram(Schema):
    """A mini program that a host app serves."""

    program: ProgramRef
    bound_at: datetime
    online_version: str | None


class GivenPermission(PermissionOut):
    """An API that a host app granted a mini program, or was asked for."""

    program: ProgramRef


class GivenExemption(ExemptionOut):
    """What lets a mini program skip domain verification, or the request for it."""

    program: ProgramRef


class TeamOut(Schema):
    """A team, and what the token's holder is in it."""

    id: int
    name: str
    role: str = Field(description="admin, license_holder, developer or viewer")
    requires_second_factor: bool


@endpoint(
    api.get,
    "/applications",
    Scope.READ,
    Permission.VIEW_APPLICATION,
    response=Page[ApplicationOut],
    tags=["Host apps"],
)
def list_applications(request: ApiRequest, asked: Paged) -> dict[str, Any]:
    """List the host apps of the holder's teams; a token for one mini program sees none."""
    rows = HostApplication.objects.visible_to(request.user).select_related("team")
    return page_of(rows.none() if request.token.mini_program_id else rows, asked, _application_out)


@endpoint(
    api.get,
    "/applications/{application_id}",
    Scope.READ,
    Permission.VIEW_APPLICATION,
    load=application_for,
    response=ApplicationOut,
    tags=["Host apps"],
)
def get_application(request: ApiRequest, application: HostApplication) -> dict[str, Any]:
    """Return a host app."""
    return _application_out(application)


@endpoint(
    api.get,
    "/applications/{application_id}/apis",
    Scope.READ,
    Permission.VIEW_APPLICATION,
    load=application_for,
    response=Page[ApplicationApi],
    tags=["Host apps"],
)
def list_application_apis(request: ApiRequest, application: HostApplication, asked: Paged) -> dict[str, Any]:
    """List the sensitive APIs of a host app (D-3)."""
    return page_of(application.apis.all(), asked, _api_out)


@endpoint(
    api.get,
    "/applications/{application_id}/programs",
    Scope.READ,
    Permission.VIEW_APPLICATION,
    load=application_for,
    response=Page[ServedProgram],
    tags=["Host apps"],
)
def list_application_programs(request: ApiRequest, application: HostApplication, asked: Paged) -> dict[str, Any]:
    """List the mini programs that a host app serves, the one that asked for it last first (L-6)."""
    rows = application.bindings.bound().select_related("mini_program__team")
    return page_of(rows, asked, _served_out)


@endpoint(
    api.get,
    "/applications/{application_id}/permissions",
    Scope.READ,
    Permission.VIEW_APPLICATION,
    load=application_for,
    response=Page[GivenPermission],
    tags=["Host apps"],
)
def list_application_permissions(
    request: ApiRequest, application: HostApplication, asked: Annotated[GrantsAsked, Query()]
) -> dict[str, Any]:
    """List the APIs that a host app granted or was asked for, also those of the past, newest first (D-3)."""
    return grants_page(_given(ApiPermission, application), asked, lambda row: permission_out(row) | _program_of(row))


@endpoint(
    api.get,
    "/applications/{application_id}/exemptions",
    Scope.READ,
    Permission.VIEW_APPLICATION,
    load=application_for,
    response=Page[GivenExemption],
    tags=["Host apps"],
)
def list_application_exemptions(
    request: ApiRequest, application: HostApplication, asked: Annotated[GrantsAsked, Query()]
) -> dict[str, Any]:
    """List where a host app lets mini programs skip domain verification, or was asked to, newest first (D-2)."""
    return grants_page(_given(DomainExemption, application), asked, lambda row: exemption_out(row) | _program_of(row))


@endpoint(api.get, "/teams", Scope.READ, Permission.VIEW, response=Page[TeamOut], tags=["Teams"])
def list_teams(request: ApiRequest, asked: Paged) -> dict[str, Any]:
    """List the holder's teams; a token for one mini program sees none."""
    rows = Membership.objects.filter(user=request.user).select_related("team")
    return page_of(rows.none() if request.token.mini_program_id else rows, asked, _team_out)


@endpoint(api.get, "/teams/{team_id}", Scope.READ, Permission.VIEW, load=team_for, response=TeamOut, tags=["Teams"])
def get_team(request: ApiRequest, team: Team) -> dict[str, Any]:
    """Return a team."""
    return _team_out(team.membership)


def _application_out(application: HostApplication) -> dict[str, Any]:
    return {
        "application_id": application.application_id,
        "name": application.name,
        "team": team_ref(application.team),
        "description": application.description,
        "listed": application.listed,
        "url": settings.BASE_URL + application.get_absolute_url(),
    }


def _given(kind: type[ProgramGrant], application: HostApplication) -> QuerySet[Any]:
    rows = kind.objects.filter(application=application)
    return rows.select_related("application", "requested_by", "mini_program__team")


def _program_of(row: ProgramGrant | Binding) -> dict[str, Any]:
    return {"program": program_ref(row.mini_program)}


def _served_out(binding: Binding) -> dict[str, Any]:
    online = binding.mini_program.online_number or None
    return _program_of(binding) | {"bound_at": binding.decided_at, "online_version": online}


def _api_out(row: SensitiveApi) -> dict[str, Any]:
    return {"name": row.name, "purpose": row.purpose, "restricted": row.restricted}


def _team_out(membership: Membership) -> dict[str, Any]:
    team = membership.team
    return {
        "id": team.pk,
        "name": team.name,
        "role": membership.role,
        "requires_second_factor": team.requires_second_factor,
    }
