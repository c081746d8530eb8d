"""From an event to what is sent: rows in the transaction of the event, so that both happen or neither."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
from django.conf import settings
from django.utils import translation

from console.api.hooks.models import Delivery, Webhook
from console.api.hooks.states import TEST
from console.base.activity import payloads
from console.base.activity.events import Event
from console.base.activity.models import ActivityEntry
from console.base.core import times
from console.base.core.outbox.retrying import expires_at
from console.base.core.wakeups import Waker

DELIVER = "webhooks.deliver"
_wake = Waker(DELIVER)


def tell(event: Event, entry: ActivityEntry) -> None:
    """Write a delivery for each webhook that hears the entry; one query where none does."""
    if entry.team_id is None and not entry.application_id:
        return
    hearing = list(Webhook.objects.hearing(entry))
    event_id, bodies = new_id(), dict[str, str]()
    for language in {webhook.language for webhook in hearing}:
        with translation.override(language):
            bodies[language] = encode(payloads.payload(event, entry))
    write(((webhook, bodies[webhook.language]) for webhook in hearing), name=event.name, event_id=event_id)


def test_body(webhook: Webhook, *, at: datetime) -> str:
    """Return what the button sends, so that nobody takes it for an event."""
    with translation.override(webhook.language):
        words = translation.gettext("This is a test of the webhook. Nothing has happened.")
    data = {"summary": words, "url": settings.BASE_URL}
    return encode({"type": TEST, "timestamp": payloads.iso(at), "version": payloads.VERSION, "data": data})


def write(rows: Iterable[tuple[Webhook, str]], *, name: str, event_id: str) -> list[Delivery]:
    """Write deliveries of one event, and wake who brings them; no query where there are none."""
    if not (hearing := list(rows)):
        return []
    at = times.of_the_database()  # by whose clock they are due
    until = expires_at(at, pauses=pauses())
    made = Delivery.objects.bulk_create(
        Delivery(
            webhook=webhook,
            event_id=event_id,
            name=name,
            payload=body,
            created_at=at,
            next_try_at=at,
            give_up_at=until,
        )
        for webhook, body in hearing
    )
    _wake()
    return made


def pauses() -> list[int]:
    """Return the seconds between the tries of a delivery."""
    found: list[int] = settings.WEBHOOK_RETRY_SECONDS
    return found


def new_id() -> str:
    """Return another `webhook-id`."""
    return f"evt_{secrets.token_hex(16)}"


def encode(body: dict[str, Any]) -> str:
    """Return a payload as it is sent, byte for byte, on each try."""
    return msgspec.json.encode(body).decode()
