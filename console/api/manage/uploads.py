"""What tokens uploaded, accepted or refused: a pipeline at night has nobody who reads its answer (A-2)."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import models

from console.api.manage.models import Token, Upload
from console.base.accounts.models import User
from miniprograms.models import MiniProgram


def note(
    token: Token, program: MiniProgram, *, number: str, source: str, file: UploadedFile[Any], **found: Any
) -> None:
    """Write down an upload; `found` are `warnings` of a version that was stored, or the `reason` of a refusal."""
    Upload.objects.create(
        token=token,
        mini_program=program,
        number=number[:20],
        source=source,
        size=file.size or 0,
        is_accepted="reason" not in found,
        warnings=found.get("warnings", 0),
        reason=found.get("reason", "")[:500],
    )


def by_robots(user: User) -> models.QuerySet[Upload]:
    """Return what robots uploaded to programs of the user's teams, newest first."""
    rows = Upload.objects.filter(mini_program__in=MiniProgram.objects.visible_to(user), token__team__isnull=False)
    return rows.select_related("token", "mini_program")
