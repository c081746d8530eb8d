"""Bindings: in which host apps a mini program runs (A-2, L-6)."""

from __future__ import annotations

from typing import Annotated, Any

from ninja import Body, Query, Status

from console.api.manage.api import api
from console.api.manage.endpoint import ApiRequest, endpoint
from console.api.manage.operations.checking import Reason, by_id, checked, reason_of, typed
from console.api.manage.operations.grants import GrantNew, GrantOut, GrantsAsked, grant_out, grants_page
from console.api.manage.operations.references import ApplicationRef, application_ref
from console.api.manage.paging import Page, Paged, page_of
from console.api.manage.states import Scope
from console.base.accounts.permissions import Permission
from miniprograms import actions
from miniprograms.access import binding_for, mini_program_for
from miniprograms.forms import BindingForm
from miniprograms.models import Binding, MiniProgram

TAGS = ["Bindings"]
ALL = "/programs/{app_id}/bindings"
ONE = f"{ALL}/{{binding_id}}"


@endpoint(
    api.get,
    "/programs/{app_id}/bindable-applications",
    Scope.READ,
    Permission.VIEW,
    load=mini_program_for,
    response=Page[ApplicationRef],
    tags=TAGS,
)
def list_bindable_applications(request: ApiRequest, program: MiniProgram, asked: Paged) -> dict[str, Any]:
    """List the host apps that a program may ask for a binding."""
    return page_of(program.askable_applications(), asked, application_ref)


@endpoint(api.get, ALL, Scope.READ, Permission.VIEW, load=mini_program_for, response=Page[GrantOut], tags=TAGS)
def list_bindings(request: ApiRequest, program: MiniProgram, asked: Annotated[GrantsAsked, Query()]) -> dict[str, Any]:
    """List a program's bindings and requests for them, also those of the past, newest first."""
    return grants_page(program.bindings.select_related("application", "requested_by"), asked, grant_out)


@endpoint(api.get, ONE, Scope.READ, Permission.VIEW, load=binding_for, response=GrantOut, tags=TAGS)
def get_binding(request: ApiRequest, binding: Binding) -> dict[str, Any]:
    """Return a binding or binding request."""
    return grant_out(binding)


@endpoint(
    api.post,
    ALL,
    Scope.CONFIGURE,
    Permission.MANAGE,
    load=mini_program_for,
    response={201: GrantOut},
    tags=TAGS,
)
def request_binding(
    request: ApiRequest, program: MiniProgram, body: Annotated[GrantNew, Body()]
) -> Status[dict[str, Any]]:
    """Ask a host app for a binding (L-6); its reviewers decide."""
    form = by_id(BindingForm(typed(body.dict()), applications=program.askable_applications()))
    return Status(201, grant_out(actions.request_binding(program, by=request.user, **checked(form))))


@endpoint(
    api.post, f"{ONE}/withdraw", Scope.CONFIGURE, Permission.MANAGE, load=binding_for, response=GrantOut, tags=TAGS
)
def withdraw_binding(request: ApiRequest, binding: Binding) -> dict[str, Any]:
    """Withdraw a pending binding request (L-6)."""
    return grant_out(actions.withdraw_binding(binding, by=request.user))


@endpoint(api.post, f"{ONE}/unbind", Scope.CONFIGURE, Permission.MANAGE, load=binding_for, response=GrantOut, tags=TAGS)
def unbind_application(request: ApiRequest, binding: Binding, body: Annotated[Reason, Body()]) -> dict[str, Any]:
    """End a binding: the host app no longer gets the program (L-6)."""
    return grant_out(actions.unbind(binding, by=request.user, reason=reason_of(body)))
