"""Signs of life: one row for each part that must go on by itself; and how large things were."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

WORKER_NAME = "worker:"  # the beginning of a worker's name in its row


class Part(models.TextChoices):
    """What shows a heartbeat."""

    TASK = "task", _("Periodic task")
    WORKER = "worker", _("Worker")
    BEAT = "beat", _("Scheduler")


class Heartbeat(models.Model):
    """The last heartbeat of a part; all times are the database's, whatever the clocks of other machines say.

    A task shows it when it ends well, a worker and the scheduler each `seconds`.
    """

    name = models.CharField(primary_key=True, max_length=200)
    part = models.CharField(max_length=10, choices=Part)
    queue = models.CharField(max_length=20, blank=True, db_default="", help_text="of a task")
    seconds = models.PositiveIntegerField(help_text="how often a sign is due")
    first_at = models.DateTimeField(db_default=Now(), help_text="when it was first expected")
    seen_at = models.DateTimeField(null=True, help_text="the last sign")
    sent_at = models.DateTimeField(null=True, help_text="when a task was last sent")
    started_at = models.DateTimeField(null=True, help_text="when a task last began")
    failed_at = models.DateTimeField(null=True, help_text="when a task last ended with an error")
    error = models.CharField(max_length=300, blank=True, db_default="", help_text="of the last failure")
    facts = models.JSONField(default=dict, db_default={}, help_text="version, queues, process")
    notified_at = models.DateTimeField(null=True, help_text="when operators were notified that it is late")

    # Of those that `heartbeats.signs` returns.
    now: datetime
    is_late: bool
    is_sent: bool

    class Meta:
        ordering = ["part", "name"]

    def __str__(self) -> str:
        return self.name


class Backup(models.Model):
    """A backup that `manage.py backup` wrote and verified; one made in another way is not known."""

    taken_at = models.DateTimeField(help_text="the moment that it shows, by the database's clock")
    finished_at = models.DateTimeField(db_default=Now())
    place = models.CharField(max_length=1000, help_text="machine and folder")
    size = models.PositiveBigIntegerField(help_text="bytes")
    faults = models.PositiveIntegerField(db_default=0, help_text="files that it lacks, as the storage lacked them")

    class Meta:
        ordering = ["-taken_at"]

    def __str__(self) -> str:
        return self.place


class SizeSample(models.Model):
    """How large the tables and files were at a moment, once a day: what growth is reckoned from."""

    taken_at = models.DateTimeField(db_index=True)
    tables = models.JSONField(help_text="table → [rows, bytes with indexes]")
    files = models.JSONField(default=dict, db_default={}, help_text="what → [files, bytes]")

    def __str__(self) -> str:
        return f"{self.taken_at:%Y-%m-%d}"
