"""The events that webhooks can hear, from the registry (A-4)."""

from __future__ import annotations

from typing import Any

from ninja import Field, Schema

from console.api.manage.api import api
from console.api.manage.endpoint import ApiRequest, endpoint
from console.api.manage.states import Scope
from console.base.accounts.permissions import Permission
from console.base.activity import payloads

TAGS = ["Events"]


class EventOut(Schema):
    """An event that a webhook can hear."""

    name: str
    description: str
    example: dict[str, Any] = Field(description="its payload, with sample values")


class EventsOut(Schema):
    """The registry of events."""

    version: int = Field(description="of the payloads")
    items: list[EventOut]


@endpoint(api.get, "/events", Scope.READ, Permission.SIGNED_IN, response=EventsOut, tags=TAGS)
def list_events(request: ApiRequest) -> dict[str, Any]:
    """List webhook events, each with a sample payload."""
    items = [
        {"name": event.name, "description": str(event.log), "example": payloads.example(event)}
        for event in payloads.told()
    ]
    return {"version": payloads.VERSION, "items": items}
