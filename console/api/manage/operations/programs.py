"""Programs, and who asks (A-2)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.conf import settings
from django.db.models import QuerySet
from django.utils.datastructures import MultiValueDict
from ninja import Body, Field, File, Query, Schema, Status
from ninja.files import UploadedFile

from console.api.manage.api import api
from console.api.manage.endpoint import ApiRequest, endpoint
from console.api.manage.operations.checking import by_id, checked, typed
from console.api.manage.operations.references import ProgramRef, TeamRef, program_ref, team_ref
from console.api.manage.paging import Asked, Page, Paged, Whole, page_of
from console.api.manage.reading import Sent
from console.api.manage.states import Scope
from console.base.accounts.access import teams_for
from console.base.accounts.models import Team
from console.base.accounts.permissions import Permission
from miniprograms import actions
from miniprograms.access import mini_program_for
from miniprograms.actions import DESCRIPTIVE
from miniprograms.forms import CreateForm, EditForm
from miniprograms.models import Category, IdeDownload, MiniProgram


class Me(Schema):
    """Whom the token acts for, and what it opens."""

    name: str
    robot: bool
    team: TeamRef | None = Field(description="of a robot")
    program: ProgramRef | None = Field(description="of a robot for one program")
    scopes: list[str]
    expires_at: datetime | None


class CategoryOut(Schema):
    """What a mini program may be about."""

    id: int
    name: str


class Program(Schema):
    """A mini program."""

    app_id: str
    name: str
    team: TeamRef
    category: CategoryOut
    introduction: str
    description: str
    shelf: str = Field(description="on or off")
    online_version: str | None
    version_in_audit: str | None
    revision: int = Field(description="rises with each edit")
    url: str = Field(description="its page in the console")


class ProgramsAsked(Asked):
    """Which mini programs, and which part of the list."""

    q: str = Field("", max_length=100, description="a part of the name, or how the App ID begins")
    shelf: Literal["", "on", "off"] = ""
    team_id: int | None = None
    category_id: int | None = None


class IdeDownloadOut(Schema):
    """A version of the IDE for one system."""

    version: str
    platform: str = Field(description="macos, windows or linux")
    requirement: str
    url: str
    size: int | None = Field(description="bytes")
    released_on: date
    notes: str


class ProgramNew(Sent):
    """A mini program to create."""

    team_id: int | None = Field(None, description="may be left out where the token opens one team")
    name: str = Field(description="2 to 30 characters, once in the team")
    category_id: int
    introduction: str = Field(description="one sentence that users see")
    description: str = ""
    application_id: str = Field("", description="of a host app to ask for a binding, with the introduction as reason")


class ProgramChange(Sent):
    """What is to change; what is left out or null stays."""

    name: str | None = None
    category_id: int | None = None
    introduction: str | None = None
    description: str | None = None
    revision: int | None = Field(None, description="the one that was read: 409 when someone has edited since")


@endpoint(api.get, "/me", None, Permission.SIGNED_IN, response=Me, tags=["Tokens"])
def get_me(request: ApiRequest) -> dict[str, object]:
    """Return the token’s holder and scopes; needs no scope."""
    token = request.token
    return {
        "name": str(token.holder),
        "robot": token.holder.is_robot,
        "team": team_ref(token.team) if token.team else None,
        "program": program_ref(token.mini_program) if token.mini_program else None,
        "scopes": token.scopes,
        "expires_at": token.expires_at,
    }


@endpoint(api.get, "/programs", Scope.READ, Permission.VIEW, response=Page[Program], tags=["Programs"])
def list_programs(request: ApiRequest, asked: Annotated[ProgramsAsked, Query()]) -> dict[str, object]:
    """List the mini programs that the token opens, newest first."""
    rows = MiniProgram.objects.visible_to(request.user).select_related("team", "category")
    if asked.q:
        rows = rows.matching(asked.q)
    wanted = {"shelf": asked.shelf, "team": asked.team_id, "category": asked.category_id}
    rows = rows.filter(**{name: value for name, value in wanted.items() if value not in ("", None)})
    if request.token.mini_program_id:
        rows = rows.filter(pk=request.token.mini_program_id)
    return page_of(rows, asked, program_out)


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
    return program_out(program)


@endpoint(
    api.post,
    "/programs",
    Scope.CONFIGURE,
    Permission.MANAGE,
    load=teams_for,
    response={201: Program},
    tags=["Programs"],
)
def create_program(
    request: ApiRequest, teams: QuerySet[Team], body: Annotated[ProgramNew, Body()]
) -> Status[dict[str, object]]:
    """Create a mini program in a team (L-1); its icon is drawn from the name."""
    values = body.dict()
    if body.team_id is None and len(teams) == 1:
        values["team_id"] = teams[0].pk
    data = checked(by_id(CreateForm(typed(values), teams=teams)))
    return Status(201, program_out(actions.create(by=request.user, **data)))


@endpoint(
    api.patch,
    "/programs/{app_id}",
    Scope.CONFIGURE,
    Permission.MANAGE,
    load=mini_program_for,
    response=Program,
    tags=["Programs"],
)
def edit_program(
    request: ApiRequest, program: MiniProgram, body: Annotated[ProgramChange, Body()]
) -> dict[str, object]:
    """Edit a mini program (L-3)."""
    return program_out(_edited(request, program, body.dict(exclude_none=True)))


@endpoint(
    api.post,
    "/programs/{app_id}/icon",
    Scope.CONFIGURE,
    Permission.MANAGE,
    load=mini_program_for,
    response=Program,
    tags=["Programs"],
)
def set_program_icon(
    request: ApiRequest,
    program: MiniProgram,
    icon: Annotated[UploadedFile, File(description="PNG, JPEG or WebP up to 1 MB; it is cut to a square")],
) -> dict[str, object]:
    """Give a mini program another icon (L-3)."""
    return program_out(_edited(request, program, {}, MultiValueDict({"icon": [icon]})))


@endpoint(api.get, "/categories", Scope.READ, Permission.SIGNED_IN, response=Whole[CategoryOut], tags=["Programs"])
def list_categories(request: ApiRequest) -> dict[str, object]:
    """List categories."""
    return {"items": [category_out(category) for category in Category.objects.all()]}


@endpoint(api.get, "/ide-downloads", Scope.READ, Permission.SIGNED_IN, response=Page[IdeDownloadOut], tags=["Programs"])
def list_ide_downloads(request: ApiRequest, asked: Paged) -> dict[str, object]:
    """List the versions of the IDE (L-5)."""
    names = ("version", "platform", "requirement", "url", "size", "released_on", "notes")
    return page_of(IdeDownload.objects.all(), asked, lambda row: {name: getattr(row, name) for name in names})


def _edited(
    request: ApiRequest, program: MiniProgram, changes: dict[str, Any], files: MultiValueDict[str, Any] | None = None
) -> MiniProgram:
    """Edit a program by what the page's form has read; what does not change is what was there."""
    there = {name: getattr(program, name) for name in (*DESCRIPTIVE, "revision")} | {"category_id": program.category_id}
    form = EditForm(typed(there | changes), files, program=program)
    return actions.edit(program, by=request.user, **checked(form))


def category_out(category: Category) -> dict[str, object]:
    """Return what a mini program is about as the API shows it."""
    return {"id": category.pk, "name": str(category)}


def program_out(program: MiniProgram) -> dict[str, object]:
    """Return a program as the API shows it."""
    return {
        "app_id": program.app_id,
        "name": program.name,
        "team": team_ref(program.team),
        "category": category_out(program.category),
        "introduction": program.introduction,
        "description": program.description,
        "shelf": program.shelf,
        "online_version": program.online_number or None,
        "version_in_audit": program.in_audit_number or None,
        "revision": program.revision,
        "url": settings.BASE_URL + program.get_absolute_url(),
    }
