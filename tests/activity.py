"""What the activity log has."""

from __future__ import annotations

from console.base.activity.models import ActivityEntry


def entries() -> list[tuple[str, str, str]]:
    """Verb, actor and target of each entry, oldest first."""
    return [(row.verb, row.actor_label, row.target_label) for row in ActivityEntry.objects.order_by("pk")]
