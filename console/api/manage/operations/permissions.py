"""What host apps grant a mini program: restricted APIs, and to skip domain verification (A-2, D-2, D-3)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.db.models import QuerySet
from ninja import Body, Field, Query, Schema, Status

from console.api.manage.api import api
from console.api.manage.endpoint import ApiRequest, endpoint
from console.api.manage.operations.checking import by_id, checked, typed
from console.api.manage.operations.grants import GrantNew, GrantOut, GrantsAsked, grant_out, grants_page
from console.api.manage.operations.references import ApplicationRef, application_ref
from console.api.manage.paging import Asked, Page, Whole, page_of
from console.api.manage.states import Scope
from console.base.accounts.permissions import Permission
from console.base.hosts.models import SensitiveApi
from devmgmt import actions, submissions
from devmgmt.access import exemption_for, permission_for
from devmgmt.forms.grants import ExemptionForm
from devmgmt.forms.permissions import PermissionsForm
from devmgmt.models import ApiPermission, DomainExemption, ProgramGrant
from miniprograms.access import mini_program_for
from miniprograms.models import MiniProgram

TAGS = ["Permissions"]
ALL, EXEMPTIONS = "/programs/{app_id}/permissions", "/programs/{app_id}/exemptions"
ONE, EXEMPTION = f"{ALL}/{{permission_id}}", f"{EXEMPTIONS}/{{exemption_id}}"


class RestrictedApi(Schema):
    """An API that a host app restricts to the programs that it granted it."""

    application: ApplicationRef
    api: str
    purpose: str
    expires_at: datetime | None = Field(description="of what the program has; it can ask for more time")


class RestrictedAsked(Asked):
    """Which part of the list."""

    application_id: str = Field("", description="empty: every host app that the program is bound to")


class ExemptionOut(GrantOut):
    """A request to skip domain verification, and what became of it."""

    expires_at: datetime | None = Field(description="without effect from then on; null: without end")
    in_force: bool


class PermissionOut(ExemptionOut):
    """A request for an API, and what became of it."""

    api: str


class PermissionsNew(GrantNew):
    """Which APIs to ask a host app for, with one reason."""

    apis: list[str] = Field(max_length=1000, description="names, such as wx.getLocation")


@endpoint(
    api.get,
    "/programs/{app_id}/restricted-apis",
    Scope.READ,
    Permission.VIEW,
    load=mini_program_for,
    response=Page[RestrictedApi],
    tags=TAGS,
)
def list_restricted_apis(
    request: ApiRequest, program: MiniProgram, asked: Annotated[RestrictedAsked, Query()]
) -> dict[str, Any]:
    """List the APIs that a program can ask its host apps for (D-3)."""
    bound = program.bindings.bound().applications()
    if asked.application_id:
        bound = bound.filter(application_id=asked.application_id)
    return page_of(submissions.askable(program, *bound).select_related("application"), asked, _api_out)


@endpoint(api.get, ALL, Scope.READ, Permission.VIEW, load=mini_program_for, response=Page[PermissionOut], tags=TAGS)
def list_permissions(
    request: ApiRequest, program: MiniProgram, asked: Annotated[GrantsAsked, Query()]
) -> dict[str, Any]:
    """List a program's permissions and requests for them, also those of the past, newest first."""
    return grants_page(_of(ApiPermission.objects.all(), program), asked, permission_out)


@endpoint(api.get, ONE, Scope.READ, Permission.VIEW, load=permission_for, response=PermissionOut, tags=TAGS)
def get_permission(request: ApiRequest, permission: ApiPermission) -> dict[str, Any]:
    """Return a permission, or the request for one."""
    return permission_out(permission)


@endpoint(
    api.post,
    ALL,
    Scope.CONFIGURE,
    Permission.DEVELOP,
    load=mini_program_for,
    response={201: Whole[PermissionOut]},
    tags=TAGS,
)
def request_permissions(
    request: ApiRequest, program: MiniProgram, body: Annotated[PermissionsNew, Body()]
) -> Status[dict[str, Any]]:
    """Ask a host app for restricted APIs (D-3); its reviewers decide on each one."""
    values = typed(body.dict())
    bound = program.bindings.bound().applications()
    application = checked(by_id(ExemptionForm(values, applications=bound)))["application"]
    data = checked(PermissionsForm(values, apis=submissions.askable(program, application)))
    made = actions.apply_for_permissions(program, application=application, by=request.user, **data)
    return Status(201, {"items": [permission_out(permission) for permission in made]})


@endpoint(
    api.post,
    f"{ONE}/withdraw",
    Scope.CONFIGURE,
    Permission.DEVELOP,
    load=permission_for,
    response=PermissionOut,
    tags=TAGS,
)
def withdraw_permission(request: ApiRequest, permission: ApiPermission) -> dict[str, Any]:
    """Withdraw a pending API request (D-3)."""
    return permission_out(actions.withdraw(permission, by=request.user))


@endpoint(
    api.post,
    f"{ONE}/give-up",
    Scope.CONFIGURE,
    Permission.DEVELOP,
    load=permission_for,
    response=PermissionOut,
    tags=TAGS,
)
def give_up_permission(request: ApiRequest, permission: ApiPermission) -> dict[str, Any]:
    """Give up a granted API permission (D-3)."""
    return permission_out(actions.give_up(permission, by=request.user))


# To skip domain verification (D-2) ---------------------------------------------------------------------------------


@endpoint(
    api.get, EXEMPTIONS, Scope.READ, Permission.VIEW, load=mini_program_for, response=Page[ExemptionOut], tags=TAGS
)
def list_exemptions(
    request: ApiRequest, program: MiniProgram, asked: Annotated[GrantsAsked, Query()]
) -> dict[str, Any]:
    """List where a program skips domain verification, or asked for it, newest first."""
    return grants_page(_of(DomainExemption.objects.all(), program), asked, exemption_out)


@endpoint(api.get, EXEMPTION, Scope.READ, Permission.VIEW, load=exemption_for, response=ExemptionOut, tags=TAGS)
def get_exemption(request: ApiRequest, exemption: DomainExemption) -> dict[str, Any]:
    """Return an exemption from domain verification, or the request for one."""
    return exemption_out(exemption)


@endpoint(
    api.post,
    EXEMPTIONS,
    Scope.CONFIGURE,
    Permission.DEVELOP,
    load=mini_program_for,
    response={201: ExemptionOut},
    tags=TAGS,
)
def request_exemption(
    request: ApiRequest, program: MiniProgram, body: Annotated[GrantNew, Body()]
) -> Status[dict[str, Any]]:
    """Ask a host app to let a program skip domain verification (D-2)."""
    settled = DomainExemption.objects.filter(mini_program=program).not_renewable()
    askable = program.bindings.bound().applications().exclude(pk__in=settled.values("application"))
    data = checked(by_id(ExemptionForm(typed(body.dict()), applications=askable)))
    return Status(201, exemption_out(actions.apply_for_exemption(program, by=request.user, **data)))


@endpoint(
    api.post,
    f"{EXEMPTION}/withdraw",
    Scope.CONFIGURE,
    Permission.DEVELOP,
    load=exemption_for,
    response=ExemptionOut,
    tags=TAGS,
)
def withdraw_exemption(request: ApiRequest, exemption: DomainExemption) -> dict[str, Any]:
    """Take back the request to skip domain verification (D-2)."""
    return exemption_out(actions.withdraw(exemption, by=request.user))


@endpoint(
    api.post,
    f"{EXEMPTION}/give-up",
    Scope.CONFIGURE,
    Permission.DEVELOP,
    load=exemption_for,
    response=ExemptionOut,
    tags=TAGS,
)
def give_up_exemption(request: ApiRequest, exemption: DomainExemption) -> dict[str, Any]:
    """End a grant to skip domain verification (D-2)."""
    return exemption_out(actions.give_up(exemption, by=request.user))


def _of(rows: QuerySet[Any], program: MiniProgram) -> QuerySet[Any]:
    return rows.filter(mini_program=program).select_related("application", "requested_by")


def _api_out(row: SensitiveApi) -> dict[str, Any]:
    until = getattr(row, "granted_until", None)
    return {
        "application": application_ref(row.application),
        "api": row.name,
        "purpose": row.purpose,
        "expires_at": until,
    }


def exemption_out(grant: ProgramGrant) -> dict[str, Any]:
    """Return a grant for a time, or the request for one."""
    return grant_out(grant) | {"expires_at": grant.expires_at, "in_force": grant.shown_state == "granted"}


def permission_out(permission: ApiPermission) -> dict[str, Any]:
    """Return a permission, or the request for one."""
    return exemption_out(permission) | {"api": permission.api}
