"""What devices send that guardrails count: reports and log entries, each of another device."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count

from django.utils import timezone

from releases.field.models import UpdateReport
from releases.models import Version
from tests import factories

_numbers = count(1)


def guids(devices: int) -> list[str]:
    """That many new devices."""
    return [f"03029{next(_numbers):027}" for _ in range(devices)]


def report(version: Version, installed: int = 0, failed: int = 0, *, at: datetime | None = None) -> list[str]:
    """Let new devices report how their update ended, a minute ago; return their GUIDs."""
    at = at or timezone.now() - timedelta(minutes=1)
    application = version.mini_program.bindings.bound().applications().first()
    found = guids(installed + failed)
    UpdateReport.objects.bulk_create(
        UpdateReport(
            version=version,
            guid=guid,
            application=application,
            result="failed" if number < failed else "installed",
            reported_at=at,
        )
        for number, guid in enumerate(found)
    )
    return found


def log(version: Version, fine: int = 0, wrong: int = 0, *, at: datetime | None = None) -> list[str]:
    """Let new devices log with the version, a minute ago: an info, and `wrong` of them an error, too."""
    found = guids(fine + wrong)
    for number, guid in enumerate(found):
        facts = {"version": version.number, "guid": guid, **({"time": at} if at else {})}
        factories.make_entries(version.mini_program, **facts)
        if number < wrong:
            factories.make_entries(version.mini_program, level=8, text="TypeError", **facts)
    return found
