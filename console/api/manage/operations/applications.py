"""Host apps, teams, and what was done in them (A-2, P-5, D-3). Members and keys are not for tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.conf import settings
from ninja import Field, Query, Schema

from console.api.manage.api import api
from console.api.manage.endpoint import ApiRequest, endpoint
from console.api.manage.operations.typed import typed
from console.api.manage.paging import Asked, Page, Paged, page_of
from console.api.manage.problems import Problem
from console.api.manage.states import Scope
from console.base.accounts.access import team_for
from console.base.accounts.models import Membership, Team
from console.base.accounts.permissions import Permission
from console.base.activity.events import EVENTS, event_of, log_words
from console.base.activity.filters import ActivityFilter
from console.base.activity.models import ActivityEntry
from console.base.activity.querysets import ActivityQuerySet
from console.base.hosts.access import activity_for, application_for
from console.base.hosts.models import HostApplication, SensitiveApi
from miniprograms.access import mini_program_for
from miniprograms.models import MiniProgram


class ApplicationOut(Schema):
    """A host app: an app in which mini programs run."""

    application_id: str
    name: str
    team_id: int
    team: str
    description: str
    listed: bool = Field(description="whether every team can ask it for a binding")
    url: str = Field(description="its page in the console")


class ApplicationApi(Schema):
    """An API in a host app's list."""

    name: str
    purpose: str
    restricted: bool = Field(description="whether only programs that were granted it may call it")


class TeamOut(Schema):
    """A team, and what the token's holder is in it."""

    id: int
    name: str
    role: str = Field(description="admin, license_holder, developer or viewer")
    requires_second_factor: bool


class ActivityAsked(Asked):
    """The filters of the page, and which part of the list."""

    who: str = Field("", max_length=100, description="a part of the name")
    what: str = Field("", description="an event, such as version.published")
    when: Literal["", "1", "7", "30"] = Field("", description="within so many days")
    request: str = Field("", max_length=100, description="the id of a request")


class EntryChange(Schema):
    """What was there before and what after; null: nothing."""

    field: str
    before: Any
    after: Any


class EntryOut(Schema):
    """What somebody did."""

    id: int
    at: datetime
    event: str = Field(description="its name, such as version.published")
    words: str = Field(description="what stands between who did it and the target")
    actor: str
    target_type: str
    target: str
    team_id: int | None
    app_id: str
    application_id: str
    changes: list[EntryChange]
    reason: str
    source: str = Field(description="web, api, command or job")
    request: str = Field(description="the id of the request that did it")


@endpoint(
    api.get,
    "/applications",
    Scope.READ,
    Permission.VIEW_APPLICATION,
    response=Page[ApplicationOut],
    tags=["Host apps"],
)
def list_applications(request: ApiRequest, asked: Paged) -> dict[str, Any]:
    """List the host apps of the holder's teams; none for a token of one program."""
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


@endpoint(api.get, "/teams", Scope.READ, Permission.VIEW, response=Page[TeamOut], tags=["Teams"])
def list_teams(request: ApiRequest, asked: Paged) -> dict[str, Any]:
    """List the holder's teams; none for a token of one program."""
    rows = Membership.objects.filter(user=request.user).select_related("team")
    return page_of(rows.none() if request.token.mini_program_id else rows, asked, _team_out)


@endpoint(api.get, "/teams/{team_id}", Scope.READ, Permission.VIEW, load=team_for, response=TeamOut, tags=["Teams"])
def get_team(request: ApiRequest, team: Team) -> dict[str, Any]:
    """Return a team."""
    return _team_out(team.membership)


# What was done (P-5) -----------------------------------------------------------------------------------------------


@endpoint(api.get, "/activity", Scope.READ, Permission.SIGNED_IN, response=Page[EntryOut], tags=["Activity"])
def list_activity(request: ApiRequest, asked: Annotated[ActivityAsked, Query()]) -> dict[str, Any]:
    """List what was done in the holder's teams and host apps, newest first; for a token of one program, in that."""
    if program := request.token.mini_program:
        return _entries(ActivityEntry.objects.of_program(program.app_id), asked)
    return _entries(activity_for(request.user), asked)


@endpoint(
    api.get,
    "/programs/{app_id}/activity",
    Scope.READ,
    Permission.VIEW,
    load=mini_program_for,
    response=Page[EntryOut],
    tags=["Activity"],
)
def list_program_activity(
    request: ApiRequest, program: MiniProgram, asked: Annotated[ActivityAsked, Query()]
) -> dict[str, Any]:
    """List what was done with a mini program, newest first."""
    return _entries(ActivityEntry.objects.of_program(program.app_id), asked)


@endpoint(
    api.get,
    "/teams/{team_id}/activity",
    Scope.READ,
    Permission.VIEW,
    load=team_for,
    response=Page[EntryOut],
    tags=["Activity"],
)
def list_team_activity(request: ApiRequest, team: Team, asked: Annotated[ActivityAsked, Query()]) -> dict[str, Any]:
    """List what was done in a team, newest first."""
    return _entries(ActivityEntry.objects.of_team(team.pk), asked)


@endpoint(
    api.get,
    "/applications/{application_id}/activity",
    Scope.READ,
    Permission.VIEW_APPLICATION,
    load=application_for,
    response=Page[EntryOut],
    tags=["Activity"],
)
def list_application_activity(
    request: ApiRequest, application: HostApplication, asked: Annotated[ActivityAsked, Query()]
) -> dict[str, Any]:
    """List what was done in a host app and for it, newest first."""
    return _entries(ActivityEntry.objects.of_application(application.application_id), asked)


def _entries(entries: ActivityQuerySet, asked: ActivityAsked) -> dict[str, Any]:
    """Return a page of what the filters keep; raises Problem 422 for an event that there is not."""
    if asked.what and asked.what not in EVENTS:
        words = "There is no event of this name."
        raise Problem(422, words, code="invalid", errors=[{"field": "what", "message": words}])
    return page_of(ActivityFilter(typed(asked.dict()), entries).qs, asked, _entry_out)


def _application_out(application: HostApplication) -> dict[str, Any]:
    return {
        "application_id": application.application_id,
        "name": application.name,
        "team_id": application.team_id,
        "team": str(application.team),
        "description": application.description,
        "listed": application.listed,
        "url": settings.BASE_URL + application.get_absolute_url(),
    }


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


def _entry_out(entry: ActivityEntry) -> dict[str, Any]:
    names = ("id", "at", "target_type", "team_id", "application_id", "reason", "source")
    return {name: getattr(entry, name) for name in names} | {
        "event": entry.verb,
        "words": log_words(entry.verb),
        "actor": entry.actor_label,
        "target": event_of(entry.verb).target(entry.target_label),
        "app_id": entry.mini_program_id,
        "changes": [{"field": field, "before": before, "after": after} for field, before, after in entry.changes()],
        "request": entry.request_id,
    }
