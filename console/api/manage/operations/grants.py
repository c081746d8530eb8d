"""What host apps decide about a program: the shape of bindings, exemptions and permissions (A-2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import QuerySet
from ninja import Field, Schema

from console.api.manage.operations.references import ApplicationRef, application_ref
from console.api.manage.paging import Asked, page_of
from console.api.manage.reading import Sent
from console.base.hosts.models import Grant
from console.base.hosts.states import DecisionState

G = TypeVar("G", bound=Grant)


class GrantOut(Schema):
    """A request to a host app, and what became of it."""

    id: int
    application: ApplicationRef
    state: str = Field(description="waiting, approved, rejected, withdrawn or ended")
    reason: str = Field(description="why it was asked for")
    requested_by: str
    requested_at: datetime
    note: str = Field(description="of the reviewer who decided")
    decided_at: datetime | None
    end_reason: str
    ended_at: datetime | None


class GrantsAsked(Asked):
    """Which requests, and which part of the list."""

    state: DecisionState | None = None


class GrantNew(Sent):
    """Which host app to ask, and why its reviewers should say yes."""

    application_id: str
    reason: str = Field(description="for its reviewers, at most 500 characters")


def grants_page(rows: QuerySet[G], asked: GrantsAsked, shown: Callable[[G], Any]) -> dict[str, Any]:
    """Return a page of requests, of one state if it is named."""
    return page_of(rows.filter(state=asked.state) if asked.state else rows, asked, shown)


def grant_out(grant: Grant) -> dict[str, Any]:
    """Return a request as the API shows it."""
    return {
        "id": grant.pk,
        "application": application_ref(grant.application),
        "state": grant.state,
        "reason": grant.reason,
        "requested_by": str(grant.requested_by),
        "requested_at": grant.requested_at,
        "note": grant.note,
        "decided_at": grant.decided_at,
        "end_reason": grant.end_reason,
        "ended_at": grant.ended_at,
    }
