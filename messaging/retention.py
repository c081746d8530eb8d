"""How long messages are kept once they were delivered or have failed, and calls that a device may repeat.

A consent counts what was sent for it by itself (M-5, M-6), so it stays exact without its messages.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from console.base.core.retention import Kind, Place, by_id, by_time, register
from messaging.models import ConsentCall, Message

DUE = "row.state IN ('delivered', 'failed') AND row.finished_at < %(before)s"


def _steps(at: datetime, days: int, place: Place) -> Iterator[int]:
    return by_id("messaging_message", place, moment="accepted_at", due=DUE, before=at - timedelta(days=days))


def _oldest() -> datetime | None:
    return Message.objects.order_by("id").values_list("accepted_at", flat=True).first()


def _calls(at: datetime, days: int, place: Place) -> Iterator[int]:
    """Delete calls that no device repeats any more."""
    return by_time("messaging_consentcall", moment="created_at", before=at - timedelta(days=days))


def _oldest_call() -> datetime | None:
    return ConsentCall.objects.order_by("created_at").values_list("created_at", flat=True).first()


register(Kind("messages", _("Subscription messages"), "MESSAGE_DAYS", "messaging_message", _steps, _oldest))
register(Kind("consent_calls", _("Answered consent calls"), 7, "messaging_consentcall", _calls, _oldest_call))
