"""Programs, and who asks (A-2)."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from ninja import Field, Schema

from console.api.manage.api import api
from console.api.manage.endpoint import ApiRequest, endpoint
from console.api.manage.paging import Page, Paged, page_of
from console.api.manage.states import Scope
from console.base.accounts.permissions import Permission
from miniprograms.access import mini_program_for
from miniprograms.models import MiniProgram


class Me(Schema):
    """Whom the token acts for, and what it opens."""

    name: str
    robot: bool
    team: str | None = Field(description="of a robot")
    app_id: str | None = Field(description="of a robot for one program")
    scopes: list[str]
    expires_at: datetime | None


class Program(Schema):
    """A mini program."""

    app_id: str
    name: str
    team: str
    category: str
    introduction: str
    shelf: str = Field(description="on or off")
    online_version: str | None
    version_in_audit: str | None
    url: str = Field(description="its page in the console")


@endpoint(api.get, "/me", Scope.READ, Permission.SIGNED_IN, response=Me, tags=["Tokens"])
def me(request: ApiRequest) -> dict[str, object]:
    """Say who asks."""
    token = request.token
    return {
        "name": str(token.holder),
        "robot": token.holder.is_robot,
        "team": str(token.team) if token.team else None,
        "app_id": token.mini_program.app_id if token.mini_program else None,
        "scopes": token.scopes,
        "expires_at": token.expires_at,
    }


@endpoint(api.get, "/programs", Scope.READ, Permission.VIEW, response=Page[Program], tags=["Programs"])
def list_programs(request: ApiRequest, asked: Paged) -> dict[str, object]:
    """List the mini programs that the token opens, newest first."""
    rows = MiniProgram.objects.visible_to(request.user).select_related("team", "category")
    if request.token.mini_program_id:
        rows = rows.filter(pk=request.token.mini_program_id)
    return page_of(rows, asked, program_of)


@endpoint(
    api.get,
    "/programs/{app_id}",
    Scope.READ,
    Permission.VIEW,
    load=mini_program_for,
    response=Program,
    tags=["Programs"],
)
def get_program(request: ApiRequest, program: MiniProgram) -> dict[str, object]:
    """Return a mini program."""
    return program_of(program)


def program_of(program: MiniProgram) -> dict[str, object]:
    """Return a program as the API shows it."""
    return {
        "app_id": program.app_id,
        "name": program.name,
        "team": str(program.team),
        "category": str(program.category),
        "introduction": program.introduction,
        "shelf": program.shelf,
        "online_version": program.online_number or None,
        "version_in_audit": program.in_audit_number or None,
        "url": settings.BASE_URL + program.get_absolute_url(),
    }
