"""How long answers to an Idempotency-Key are kept: a day; and keys whose process died under way, no longer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from console.api.manage.models import KeptAnswer
from console.base.core.retention import Kind, Place, by_time, register


def _answers(at: datetime, days: int, place: Place) -> Iterator[int]:
    return by_time("automation_keptanswer", moment="created_at", before=at - timedelta(days=days))


def _oldest() -> datetime | None:
    return KeptAnswer.objects.order_by("created_at").values_list("created_at", flat=True).first()


register(Kind("kept_answers", _("Answers to repeated requests"), 1, "automation_keptanswer", _answers, _oldest))
