"""Questions about grayscale tasks and object lists; time comes in as an argument."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from grayscale.states import TaskState

if TYPE_CHECKING:
    from grayscale.models import GrayscaleTask, ObjectList

# Whether a task has started for `version`: its devices may report on it.
STARTED = """EXISTS (SELECT FROM grayscale_grayscaletask AS task WHERE task.version_id = version.id
    AND (task.state <> 'pending' OR task.starts_at <= statement_timestamp()))"""


class GrayscaleTaskQuerySet(models.QuerySet["GrayscaleTask"]):
    """Which tasks. What the clock has decided counts, also where it is not yet written (G-4)."""

    def pending(self, *, at: datetime) -> GrayscaleTaskQuerySet:
        """Not yet started."""
        return self.filter(state=TaskState.PENDING, starts_at__gt=at, ends_at__gt=at)

    def delivering(self, *, at: datetime) -> GrayscaleTaskQuerySet:
        """Taking new users."""
        started = Q(state=TaskState.DELIVERING) | Q(state=TaskState.PENDING, starts_at__lte=at)
        return self.filter(started, ends_at__gt=at)

    def suspended(self, *, at: datetime) -> GrayscaleTaskQuerySet:
        """Taking no new users for now."""
        return self.filter(state=TaskState.SUSPENDED, ends_at__gt=at)

    def ended(self, *, at: datetime) -> GrayscaleTaskQuerySet:
        """Over, for good."""
        return self.filter(Q(state=TaskState.ENDED) | Q(ends_at__lte=at))

    def running(self, *, at: datetime) -> GrayscaleTaskQuerySet:
        """Not over: pending, delivering or suspended."""
        return self.exclude(state=TaskState.ENDED).filter(ends_at__gt=at)

    def overdue(self, *, at: datetime) -> GrayscaleTaskQuerySet:
        """Where the clock has decided what is not yet written."""
        return self.exclude(state=TaskState.ENDED).filter(
            Q(ends_at__lte=at) | Q(state=TaskState.PENDING, starts_at__lte=at)
        )

    def to_watch(self, *, at: datetime, looked_before: datetime) -> GrayscaleTaskQuerySet:
        """Taking new users, with a guardrail that has not looked since (G-13), or has before a clock was set back."""
        unseen = Q(guard_looked_at=None) | Q(guard_looked_at__lt=looked_before) | Q(guard_looked_at__gt=at)
        return self.delivering(at=at).filter(unseen, guard_devices__isnull=False)


class ObjectListQuerySet(models.QuerySet["ObjectList"]):
    def drafts(self) -> ObjectListQuerySet:
        """Read, but not part of a task."""
        return self.filter(task=None)
