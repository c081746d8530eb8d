"""What tokens uploaded, accepted or refused: a pipeline at night has nobody who reads its answer (A-2)."""

from __future__ import annotations

from django.db import models

from console.api.manage.models import Token, Upload
from console.base.accounts.models import User
from miniprograms.models import MiniProgram
from releases.package import Inspection


def note(
    token: Token,
    program: MiniProgram,
    *,
    number: str,
    source: str,
    size: int,
    warnings: int = 0,
    refusal: str = "",
) -> None:
    """Write down an upload: with the `warnings` of a version that was stored, or its `refusal`, a line of it.

    That is the first error in the package; the sentence, where none was found.
    """
    sentence, *errors = refusal.split("\n")
    Upload.objects.create(
        token=token,
        mini_program=program,
        number=number[:20],
        source=source,
        size=size,
        is_accepted=not refusal,
        warnings=warnings,
        reason=(errors or [sentence])[0][:500],
    )


def refusal_of(message: str, inspection: Inspection | None) -> str:
    """Return why an upload was refused: the sentence, and a line for each error that was found in the package."""
    errors = inspection.errors if inspection else []
    lines = [(error.title, error.where and f"({error.where})", error.detail) for error in errors]
    return "\n".join((message, *(" ".join(" ".join(line).split()) for line in lines)))


def by_robots(user: User) -> models.QuerySet[Upload]:
    """Return what robots uploaded to programs of the user's teams, newest first."""
    rows = Upload.objects.filter(mini_program__in=MiniProgram.objects.visible_to(user), token__team__isnull=False)
    return rows.select_related("token", "mini_program")
