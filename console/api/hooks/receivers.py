"""What happens elsewhere and webhooks hear of."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from console.api.hooks import telling
from console.base.activity.events import Event
from console.base.activity.models import ActivityEntry
from console.base.activity.signals import emitted


@receiver(emitted)
def tell(sender: type[Event], *, event: Event, entry: ActivityEntry, **_rest: Any) -> None:
    """Write what webhooks are told, in the event's transaction."""
    telling.tell(event, entry)
