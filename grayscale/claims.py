"""Who has a place in which task: exact, under any concurrency, crash or retry (G-5)."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from grayscale.decision import Candidate, TaskRule
from grayscale.matching import Device

TAKE = "SELECT grayscale_take(%s, %s, %s, %s, %s, %s, %s, %s)"


class DatabaseClaims:
    """Asks the database each time."""

    def take(self, candidates: Sequence[Candidate], device: Device, *, application: int) -> TaskRule | None:
        """Return the first task in which the GUID has a place, or now got one; None without any."""
        facts = (application, device.app_version, device.platform, device.os_version, device.network)
        tasks = [candidate.task.id for candidate in candidates]
        with connection.cursor() as cursor:
            cursor.execute(TAKE, [device.guid, tasks, [candidate.may_claim for candidate in candidates], *facts])
            (taken,) = cursor.fetchone()
        return next((candidate.task for candidate in candidates if candidate.task.id == taken), None)
