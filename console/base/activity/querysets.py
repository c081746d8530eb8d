"""Questions to the activity log."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:
    from console.base.activity.models import ActivityEntry


class ActivityQuerySet(models.QuerySet["ActivityEntry"]):
    def of_team(self, team_id: int) -> ActivityQuerySet:
        """Entries that belong to the team."""
        return self.filter(team_id=team_id)

    def of_program(self, app_id: str) -> ActivityQuerySet:
        """Entries about the mini program with this App ID."""
        return self.filter(mini_program_id=app_id)

    def of_application(self, application_id: str) -> ActivityQuerySet:
        """Entries about the host application with this Application ID."""
        return self.filter(application_id=application_id)

    def of_any(self, *, team_ids: Iterable[int], application_ids: Iterable[str]) -> ActivityQuerySet:
        """Entries of any of the teams or applications."""
        return self.filter(models.Q(team_id__in=team_ids) | models.Q(application_id__in=application_ids))
