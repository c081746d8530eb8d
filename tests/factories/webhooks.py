"""Webhooks and what was sent to them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.utils import timezone

from console.api.hooks import actions, telling
from console.api.hooks.actions import Made
from console.api.hooks.models import Delivery, Webhook
from console.base.accounts.models import Team
from console.base.core.outbox.retrying import expires_at
from console.base.hosts.models import HostApplication
from tests.factories.people import make_user


def make_webhook(
    owner: Team | HostApplication, url: str = "https://ops.example.com/hooks", *events: str, **fields: Any
) -> Made:
    """A webhook of a team or an application, which hears everything unless `events` are named; and its secret."""
    fields = {"format": "standard", "language": "en", "by": make_user(), **fields}
    return actions.create(owner, url=url, patterns=list(events) or ["*"], **fields)


def make_delivery(webhook: Webhook, name: str = "version.published", **fields: Any) -> Delivery:
    """What waits for the webhook; `state="failed"` and so on for another one."""
    at: datetime = timezone.now()
    values = {"event_id": telling.new_id(), "payload": json.dumps({"type": name}), "created_at": at, "next_try_at": at}
    values |= {"give_up_at": expires_at(at, pauses=telling.pauses()), **fields}
    if values.get("state", "waiting") != "waiting":
        values.setdefault("finished_at", at)
    return Delivery.objects.create(webhook=webhook, name=name, **values)


def point(webhook: Webhook, url: str) -> Webhook:
    """Let the webhook be at another address, which is known only once a receiver runs with its secret."""
    facts = {"language": webhook.language, "patterns": webhook.events, "revision": webhook.revision}
    return actions.edit(webhook, url=url, by=webhook.created_by, **facts)
