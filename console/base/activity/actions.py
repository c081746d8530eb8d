"""The one verb of the log."""

from __future__ import annotations

from typing import Any, Protocol

from django.db import models, transaction
from django.utils import timezone

from console.base.activity.middleware import source
from console.base.activity.models import ActivityEntry
from console.base.activity.verbs import Verb


class Actor(Protocol):
    """Who can be named as the one who did it."""

    pk: Any

    def get_full_name(self) -> str: ...


def record(
    verb: Verb,
    *,
    by: Actor | None,
    on: models.Model,
    label: str = "",
    team_id: int | None = None,
    mini_program_id: str = "",
    application_id: str = "",
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> ActivityEntry:
    """Write the entry of one state change; call it once, inside the verb's own transaction (P-5).

    `by` is None when the clock or the operator's command line did it. `before` and `after` hold JSON values.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("An activity entry belongs in the transaction of the change that it tells of.")
    where = source.get()
    return ActivityEntry.objects.create(
        at=timezone.now(),
        actor_id=by.pk if by else None,
        actor_label=by.get_full_name()[:150] if by else "",
        verb=verb,
        target_type=on._meta.model_name or "",
        target_id=str(on.pk),
        target_label=(label or str(on))[:200],
        team_id=team_id,
        mini_program_id=mini_program_id,
        application_id=application_id,
        before=before,
        after=after,
        reason=reason,
        source=where.kind,
        address=where.address,
    )
