"""On and off the shelf (A-2, L-4)."""

from __future__ import annotations

from typing import Annotated, Any

from ninja import Body

from console.api.manage.api import api
from console.api.manage.endpoint import ApiRequest, endpoint
from console.api.manage.operations.checking import Reason, reason_of
from console.api.manage.operations.programs import Program, program_out
from console.api.manage.states import Scope
from console.base.accounts.permissions import Permission
from miniprograms import actions
from miniprograms.access import mini_program_for
from miniprograms.models import MiniProgram

TAGS = ["Programs"]
ONE = "/programs/{app_id}"


@endpoint(
    api.post,
    f"{ONE}/take-off-shelf",
    Scope.PUBLISH,
    Permission.MANAGE,
    load=mini_program_for,
    response=Program,
    tags=TAGS,
)
def take_program_off_shelf(
    request: ApiRequest, program: MiniProgram, body: Annotated[Reason, Body()]
) -> dict[str, Any]:
    """Take a mini program off the shelf immediately; needs a reason."""
    return program_out(actions.take_off_shelf(program, by=request.user, reason=reason_of(body, needed=True)))


@endpoint(
    api.post,
    f"{ONE}/put-on-shelf",
    Scope.PUBLISH,
    Permission.MANAGE,
    load=mini_program_for,
    response=Program,
    tags=TAGS,
)
def put_program_on_shelf(request: ApiRequest, program: MiniProgram, body: Annotated[Reason, Body()]) -> dict[str, Any]:
    """Serve the same online version again; suspended grayscale tasks stay suspended."""
    return program_out(actions.put_on_shelf(program, by=request.user, reason=reason_of(body)))
