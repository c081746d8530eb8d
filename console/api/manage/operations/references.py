"""How answers name what belongs to something else: a key and a name, in the same shape everywhere (A-2)."""

from __future__ import annotations

from typing import Any

from ninja import Schema

from console.base.accounts.models import Team
from console.base.hosts.models import HostApplication
from miniprograms.models import MiniProgram


class TeamRef(Schema):
    """A team by name."""

    id: int
    name: str


class ApplicationRef(Schema):
    """A host app by name."""

    application_id: str
    name: str


class ProgramRef(Schema):
    """A mini program by name."""

    app_id: str
    name: str
    team: TeamRef


def team_ref(team: Team) -> dict[str, Any]:
    """Return a team by name."""
    return {"id": team.pk, "name": team.name}


def application_ref(application: HostApplication) -> dict[str, Any]:
    """Return a host app by name."""
    return {"application_id": application.application_id, "name": application.name}


def program_ref(program: MiniProgram) -> dict[str, Any]:
    """Return a mini program, whose team is loaded, by name."""
    return {"app_id": program.app_id, "name": program.name, "team": team_ref(program.team)}
