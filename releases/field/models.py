"""What devices say of themselves when they ask, and how their updates end (R-1, R-7)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from console.base.hosts.models import HostApplication
from miniprograms.models import MiniProgram
from releases.field.states import ReportResult
from releases.models import Version


class SeenDevice(models.Model):
    """A device that asked for a mini program, as it was when it was seen last: what estimates are made from.

    Written in batches and about once a day for each device; some may be missing after a crash.
    """

    pk = models.CompositePrimaryKey("mini_program_id", "guid")
    mini_program = models.ForeignKey(
        MiniProgram, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    guid = models.CharField(max_length=32)
    application = models.ForeignKey(
        HostApplication, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    device_id = models.CharField(max_length=128, blank=True)
    account = models.CharField(max_length=128, blank=True)
    platform = models.CharField(max_length=10)
    os_version = models.CharField(max_length=40)
    app_version = models.CharField(max_length=40)
    network = models.CharField(max_length=10)
    seen_at = models.DateTimeField()

    class Meta:
        db_table = "grayscale_seendevice"
        indexes = [models.Index(fields=["mini_program", "-seen_at"], name="grayscale_seen_newest")]

    def __str__(self) -> str:
        return f"{self.mini_program_id}, {self.guid}"


class UpdateReport(models.Model):
    """How the update to a version ended on a device, by its last report (R-7, G-11)."""

    pk = models.CompositePrimaryKey("version_id", "guid")
    version = models.ForeignKey(
        Version, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    guid = models.CharField(max_length=32)
    application = models.ForeignKey(
        HostApplication, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    result = models.CharField(max_length=10, choices=ReportResult)
    failures = models.PositiveIntegerField(default=0)
    reason = models.CharField(max_length=200, blank=True)
    reported_at = models.DateTimeField()

    class Meta:
        db_table = "grayscale_updatereport"
        constraints = [
            models.CheckConstraint(condition=Q(result__in=ReportResult.values), name="grayscale_report_result_known")
        ]
        indexes = [models.Index(fields=["version", "reported_at"], name="grayscale_report_time")]

    def __str__(self) -> str:
        return f"{self.version_id}, {self.guid}: {self.result}"
