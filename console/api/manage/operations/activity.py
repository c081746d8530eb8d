"""What was done in teams, host apps and mini programs (A-2, P-5)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Field, Query, Schema

from console.api.manage.api import api
from console.api.manage.endpoint import ApiRequest, endpoint
from console.api.manage.operations.checking import typed
from console.api.manage.paging import Asked, Page, page_of
from console.api.manage.problems import wrong_fields
from console.api.manage.states import Scope
from console.base.accounts.access import team_for
from console.base.accounts.models import Team
from console.base.accounts.permissions import Permission
from console.base.activity.events import EVENTS, event_of, log_words
from console.base.activity.filters import ActivityFilter
from console.base.activity.models import ActivityEntry
from console.base.activity.presenters import readable
from console.base.activity.querysets import ActivityQuerySet
from console.base.hosts.access import activity_for, application_for
from console.base.hosts.models import HostApplication
from miniprograms.access import mini_program_for
from miniprograms.models import MiniProgram

TAGS = ["Activity"]


class ActivityAsked(Asked):
    """The filters of the page, and which part of the list."""

    by: str = Field("", max_length=100, description="a part of the name")
    event: str = Field("", description="its name, such as version.published")
    days: Literal["", "1", "7", "30"] = Field("", description="within so many days")
    request_id: str = Field("", max_length=100, description="the id of a request")


class ActivityChange(Schema):
    """What was there before and what after; null: nothing."""

    field: str
    before: Any
    after: Any


class ActivityEntryOut(Schema):
    """What somebody did."""

    id: int
    at: datetime
    event: str = Field(description="its name, such as version.published")
    description: str = Field(description="the event in words")
    by: str
    target_type: str
    target: str
    team_id: int | None
    app_id: str
    application_id: str
    changes: list[ActivityChange] = Field(description="empty for who may not see them: of keys, only administrators do")
    reason: str = Field(description="empty for who may not see it, as with changes")
    source: str = Field(description="web, api, command or job")
    request_id: str = Field(description="of the request that did it")


@endpoint(api.get, "/activity", Scope.READ, Permission.SIGNED_IN, response=Page[ActivityEntryOut], tags=TAGS)
def list_activity(request: ApiRequest, asked: Annotated[ActivityAsked, Query()]) -> dict[str, Any]:
    """List the activity of the holder's teams and host apps, newest first; a mini program's token sees only its own."""
    if program := request.token.mini_program:
        return _entries(ActivityEntry.objects.of_program(program.app_id), asked, request)
    return _entries(activity_for(request.user), asked, request)


@endpoint(
    api.get,
    "/programs/{app_id}/activity",
    Scope.READ,
    Permission.VIEW,
    load=mini_program_for,
    response=Page[ActivityEntryOut],
    tags=TAGS,
)
def list_program_activity(
    request: ApiRequest, program: MiniProgram, asked: Annotated[ActivityAsked, Query()]
) -> dict[str, Any]:
    """List what was done with a mini program, newest first."""
    return _entries(ActivityEntry.objects.of_program(program.app_id), asked, request)


@endpoint(
    api.get,
    "/teams/{team_id}/activity",
    Scope.READ,
    Permission.VIEW,
    load=team_for,
    response=Page[ActivityEntryOut],
    tags=TAGS,
)
def list_team_activity(request: ApiRequest, team: Team, asked: Annotated[ActivityAsked, Query()]) -> dict[str, Any]:
    """List what was done in a team, newest first."""
    return _entries(ActivityEntry.objects.of_team(team.pk), asked, request)


@endpoint(
    api.get,
    "/applications/{application_id}/activity",
    Scope.READ,
    Permission.VIEW_APPLICATION,
    load=application_for,
    response=Page[ActivityEntryOut],
    tags=TAGS,
)
def list_application_activity(
    request: ApiRequest, application: HostApplication, asked: Annotated[ActivityAsked, Query()]
) -> dict[str, Any]:
    """List what was done in a host app and for it, newest first."""
    return _entries(ActivityEntry.objects.of_application(application.application_id), asked, request)


def _entries(entries: ActivityQuerySet, asked: ActivityAsked, request: ApiRequest) -> dict[str, Any]:
    """Return a page of what the filters keep; raises Problem 422 for an event that there is not."""
    if asked.event and asked.event not in EVENTS:
        raise wrong_fields([("event", "There is no event of this name.")])
    criteria = {"who": asked.by, "what": asked.event, "when": asked.days, "request": asked.request_id}
    rows = ActivityFilter(typed(criteria), entries).qs
    return page_of(rows, asked, lambda entry: _entry_out(readable(entry, request.user)))


def _entry_out(entry: ActivityEntry) -> dict[str, Any]:
    names = ("id", "at", "target_type", "team_id", "application_id", "reason", "source", "request_id")
    return {name: getattr(entry, name) for name in names} | {
        "event": entry.verb,
        "description": log_words(entry.verb),
        "by": entry.actor_label,
        "target": event_of(entry.verb).target(entry.target_label),
        "app_id": entry.mini_program_id,
        "changes": [{"field": field, "before": before, "after": after} for field, before, after in entry.changes()],
    }
