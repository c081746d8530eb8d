"""How long messages are kept once they were delivered or have failed, and calls that a device may repeat.

A consent counts what was sent for it by itself (M-5, M-6), so it stays exact without its messages.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from console.base.core.retention import Kind, Place, by_id, of_moment, register
from messaging.models import ConsentCall, Message

DUE = "row.state IN ('delivered', 'failed') AND row.finished_at < %(before)s"


def _steps(at: datetime, days: int, place: Place) -> Iterator[int]:
    return by_id("messaging_message", place, moment="accepted_at", due=DUE, before=at - timedelta(days=days))


def _oldest() -> datetime | None:
    return Message.objects.order_by("id").values_list("accepted_at", flat=True).first()


register(Kind("messages", _("Subscription messages"), "MESSAGE_DAYS", "messaging_message", _steps, _oldest))
# No device repeats a call any more.
register(of_moment("consent_calls", _("Consent requests and their responses"), 7, ConsentCall, "created_at"))
