"""What webhooks tell of an event (A-4): one shape for all, made from the registry, versioned; docs/webhooks.md.

It holds what the activity log keeps, which is nothing secret. VERSION rises when something is taken away or means
something else; what is added raises nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.urls import NoReverseMatch
from django.utils.translation import gettext as _

from console.base.activity.events import EVENTS, Event, event_of, in_list
from console.base.activity.models import ActivityEntry

VERSION = 1
SAMPLE_AT = "2026-11-24T09:36:00Z"


def payload(event: Event, entry: ActivityEntry) -> dict[str, Any]:
    """Return what is told of an event that was written as `entry`, its summary in the language that is active."""
    return _body(
        type(event),
        timestamp=iso(entry.at),
        label=event.short or entry.target_label,
        actor={"name": entry.actor_label, "kind": _kind(event.by)},
        team_id=entry.team_id,
        program=_named(getattr(event, "program", None), "app_id"),
        application=_named(getattr(event, "application", None), "application_id"),
        version=_version(event),
        target={"type": entry.target_type, "id": entry.target_id, "label": entry.target_label},
        before=entry.before,
        after=entry.after,
        reason=entry.reason,
        source=entry.source,
        url=_url(event),
    )


def example(event: type[Event]) -> dict[str, Any]:
    """Return a payload of the event with sample values: the same shape, from what the event declares."""
    program = {"app_id": "mpjpb3vq8du7ibcv", "name": "City Bus"} if hasattr(event, "program") else None
    wallet = {"application_id": "hak3mx7qw2r9ty5d", "name": "Metro Wallet"}
    version = "2.4.0" if hasattr(event, "version") else None
    return _body(
        event,
        timestamp=SAMPLE_AT,
        label=version or "Sample",
        actor={"name": "Mira Lindqvist", "kind": "person"},
        team_id=12,
        program=program,
        application=wallet if hasattr(event, "application") else None,
        version=version,
        target={"type": event.name.partition(".")[0], "id": "41", "label": "City Bus 2.4.0" if version else "Sample"},
        before={key: field.sample(earlier=True) for key, field in event.fields.items()} or None,
        after={key: field.sample() for key, field in event.fields.items()} or None,
        reason="",
        source="web",
        url=urljoin(settings.BASE_URL, "/"),
    )


def told() -> list[type[Event]]:
    """Return the events that webhooks can hear, by name: those of a team, a mini program or a host app."""
    return [event for name, event in sorted(EVENTS.items()) if event.belongs is not Event.belongs]


def details(body: Mapping[str, Any]) -> list[str]:
    """Return what the event of a payload changed, in words, and why, in the language that is active."""
    data = body["data"]
    entry = ActivityEntry(verb=body["type"], before=data.get("before"), after=data.get("after"))
    return [*event_of(body["type"]).lines(entry), *filter(None, [data.get("reason", "")])]


def iso(at: datetime) -> str:
    """Return a moment as payloads have it: ISO 8601 in UTC."""
    return at.isoformat().replace("+00:00", "Z")


def summary(name: str, *, label: str, where: str, person: str) -> str:
    """Return the event in a sentence: “Version 2.4.0 published – City Bus (Mira Lindqvist)”."""
    words = in_list(name, label)
    parts = {"what": words, "where": where, "person": person}
    if where and where not in words:
        return (_("%(what)s – %(where)s (%(person)s)") if person else _("%(what)s – %(where)s")) % parts
    return _("%(what)s (%(person)s)") % parts if person else words


def _body(event: type[Event], *, timestamp: str, label: str, **data: Any) -> dict[str, Any]:
    """The one shape; `data` in the order in which it is shown."""
    where = data["program"] or data["application"] or {"name": ""}
    words = summary(event.name, label=label, where=where["name"], person=data["actor"]["name"])
    return {"type": event.name, "timestamp": timestamp, "version": VERSION, "data": {"summary": words, **data}}


def _kind(by: Any) -> str:
    if by is None:
        return "system"
    return "robot" if getattr(by, "is_robot", False) else "person"


def _named(thing: Any, key: str) -> dict[str, str] | None:
    return {key: getattr(thing, key), "name": thing.name} if thing is not None else None


def _version(event: Event) -> str | None:
    version = getattr(event, "version", None)
    return str(version.number) if version is not None else None


def _url(event: Event) -> str:
    """The page of what it is about, as far as there is one."""
    for thing in (event.on, getattr(event, "program", None), getattr(event, "application", None)):
        if (page := getattr(thing, "get_absolute_url", None)) is not None:
            with suppress(NoReverseMatch):  # It is gone.
                return urljoin(settings.BASE_URL, page())
    return urljoin(settings.BASE_URL, "/activity/")
