"""What devices send that guardrails count: reports and log entries, each of another device."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count

from django.utils import timezone

from grayscale.models import Claim
from releases.field.models import UpdateReport
from releases.models import Version
from tests import factories

_numbers = count(1)


def guids(devices: int) -> list[str]:
    """That many new devices."""
    return [f"03029{next(_numbers):027}" for _ in range(devices)]


def enrol(version: Version, guids: list[str]) -> None:
    """Give devices a place in each task of the version, as its last application's."""
    facts = {"app_version": "9.2.0", "platform": "android", "os_version": "14", "network": "wifi"}
    Claim.objects.bulk_create(
        Claim(task=task, guid=guid, application=row.application, claimed_at=timezone.now(), **facts)
        for task in version.grayscale_tasks.all()
        for row in task.applications.all()[:1]
        for guid in guids
    )


def report(
    version: Version, installed: int = 0, failed: int = 0, *, at: datetime | None = None, enrolled: bool = True
) -> list[str]:
    """Let new devices, enrolled in the version's tasks, report how their update ended a minute ago; return GUIDs."""
    at = at or timezone.now() - timedelta(minutes=1)
    application = version.mini_program.bindings.bound().applications().first()
    found = guids(installed + failed)
    if enrolled:
        enrol(version, found)
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


def log(
    version: Version, fine: int = 0, wrong: int = 0, *, at: datetime | None = None, enrolled: bool = True
) -> list[str]:
    """Let new devices, enrolled as in `report`, log a minute ago: an info, and `wrong` of them an error, too."""
    found = guids(fine + wrong)
    if enrolled:
        enrol(version, found)
    application = version.mini_program.bindings.bound().applications().first()
    for number, guid in enumerate(found):
        facts = {"version": version.number, "guid": guid, "application": application.pk, **({"time": at} if at else {})}
        factories.make_entries(version.mini_program, **facts)
        if number < wrong:
            factories.make_entries(version.mini_program, level=8, text="TypeError", **facts)
    return found
