"""What tokens uploaded, accepted or refused: a pipeline at night has nobody who reads its answer (A-2)."""

from __future__ import annotations

from django.db import models

from console.api.manage.models import Token, Upload
from console.base.accounts.models import User
from miniprograms.models import MiniProgram


def note(
    token: Token,
    program: MiniProgram,
    *,
    number: str,
    source: str,
    size: int,
    warnings: int = 0,
    reason: str = "",
) -> None:
    """Write down an upload: with the `warnings` of a version that was stored, or the `reason` of a refusal."""
    Upload.objects.create(
        token=token,
        mini_program=program,
        number=number[:20],
        source=source,
        size=size,
        is_accepted=not reason,
        warnings=warnings,
        reason=reason[:500],
    )


def by_robots(user: User) -> models.QuerySet[Upload]:
    """Return what robots uploaded to programs of the user's teams, newest first."""
    rows = Upload.objects.filter(mini_program__in=MiniProgram.objects.visible_to(user), token__team__isnull=False)
    return rows.select_related("token", "mini_program")
