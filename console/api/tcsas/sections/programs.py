"""Mini programs (A-5)."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from console.api.manage.endpoint import ApiRequest
from console.api.manage.states import Scope
from console.api.tcsas.forms import valid
from console.api.tcsas.loading import program_of
from console.api.tcsas.registry import action
from console.api.tcsas.schema import Asked, OfProgram, Part
from console.api.tcsas.shown import moment, program_facts
from console.base.accounts.access import teams_for
from console.base.accounts.models import Team, User
from console.base.accounts.permissions import Permission
from miniprograms import actions
from miniprograms.forms import CreateForm, EditForm
from miniprograms.models import Binding, Category, MiniProgram

AVAILABLE, UNAVAILABLE = 1, 2
OF_PROGRAMS = 1  # a kind of team; the console has no other


class Listed(Part):
    """Which mini programs."""

    keyword: str = ""
    team_id: str = ""
    application_id: str = ""


class Described(Asked):
    """What people read about a mini program; the console draws the icon itself, and people change it at the page."""

    mnp_name: str = ""
    mnp_type: str = ""
    mnp_intro: str = ""
    mnp_desc: str | None = None


class New(Described):
    """A mini program that is not there yet."""

    team_id: str = ""


class Changed(Described, kw_only=True):
    """What is left out stays."""

    mnp_id: str


def _teams(user: User, permission: Permission, asked: New) -> QuerySet[Team]:
    return teams_for(user, permission)


@action("DescribeMNPList", Scope.READ, Permission.VIEW)
def describe_list(request: ApiRequest, asked: Listed) -> dict[str, Any]:
    """List the mini programs that the token opens, what was changed last first."""
    rows = MiniProgram.objects.visible_to(request.user).select_related("team", "category", "created_by")
    if request.token.mini_program_id:
        rows = rows.filter(pk=request.token.mini_program_id)
    if asked.keyword:
        rows = rows.filter(name__icontains=asked.keyword)
    if asked.team_id:
        rows = rows.filter(team_id=_number(asked.team_id))
    if asked.application_id:
        bound = Binding.objects.bound().filter(application__application_id=asked.application_id)
        rows = rows.filter(pk__in=bound.values("mini_program"))
    found = [{**_row(program), "UpdateTime": moment(program.changed_at)} for program in rows[asked.rows]]
    return {"TotalCount": rows.count(), "DataList": found}


@action("DescribeMNP", Scope.READ, Permission.VIEW, load=program_of)
def describe(request: ApiRequest, program: MiniProgram, asked: OfProgram) -> dict[str, Any]:
    """Return a mini program."""
    return {**_row(program), "MNPDesc": program.description}


@action("CreateMNP", Scope.CONFIGURE, Permission.MANAGE, load=_teams)
def create(request: ApiRequest, teams: QuerySet[Team], asked: New) -> dict[str, str]:
    """Create a mini program (L-1); its icon is drawn from the name."""
    team = asked.team_id or (str(teams[0].pk) if len(teams) == 1 else "")
    form = CreateForm({**_typed(asked), "team": team}, None, teams=teams)
    return {"ResourceId": actions.create(by=request.user, **valid(form)).app_id}


@action("ModifyMNP", Scope.CONFIGURE, Permission.MANAGE, load=program_of)
def modify(request: ApiRequest, program: MiniProgram, asked: Changed) -> dict[str, int]:
    """Change what people read about a mini program (L-3)."""
    kept = {"name": program.name, "introduction": program.introduction, "category": str(program.category_id)}
    typed = {name: value for name, value in _typed(asked).items() if value}
    description = program.description if asked.mnp_desc is None else asked.mnp_desc
    data = {**kept, **typed, "description": description, "revision": str(program.revision)}
    form = EditForm(data, None, program=program)  # type: ignore[arg-type]
    return {"ResourceId": actions.edit(program, by=request.user, **valid(form)).pk}


def _typed(asked: Described) -> dict[str, str]:
    """Return the fields of the form; a category goes by its name, or its number."""
    named = Category.objects.filter(name__iexact=asked.mnp_type).values_list("pk", flat=True).first()
    return {
        "name": asked.mnp_name,
        "introduction": asked.mnp_intro,
        "description": asked.mnp_desc or "",
        "category": str(named or _number(asked.mnp_type)) if asked.mnp_type else "",
    }


def _number(text: str) -> int:
    """Return a number of ours; 0, which no row has, for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _row(program: MiniProgram) -> dict[str, Any]:
    return {
        **program_facts(program),
        "TeamId": str(program.team_id),
        "TeamName": str(program.team),
        "TeamTypeId": OF_PROGRAMS,
        "Status": AVAILABLE if program.on_shelf else UNAVAILABLE,
        "CreateUser": str(program.created_by),
        "CreateTime": moment(program.created_at),
    }
