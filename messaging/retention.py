"""How long messages are kept once they were delivered or have failed.

A consent counts what was sent for it by itself (M-5, M-6), so it stays exact without its messages.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from console.base.core.retention import Kind, by_id, register
from messaging.models import Message

DUE = "row.state IN ('delivered', 'failed') AND row.finished_at < %(before)s"


def _steps(at: datetime, days: int) -> Iterator[int]:
    return by_id("messaging_message", moment="accepted_at", due=DUE, before=at - timedelta(days=days))


def _oldest() -> datetime | None:
    return Message.objects.order_by("id").values_list("accepted_at", flat=True).first()


register(Kind("messages", _("Subscription messages"), "MESSAGE_DAYS", _steps, _oldest))
