"""Review reports: what a package is and does, beside what its program was granted and has declared (V-9)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext

from releases.models import Audit, Version


class Report(models.Model):
    """A report on a version, written by a job and never changed afterwards; the newest one counts.

    It belongs to an audit, or was asked for before submitting. `content` is a `console.reviews.report.Content`;
    while it is empty the report is being written, with `failed` it can't be.
    """

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="reports")
    audit = models.ForeignKey(Audit, on_delete=models.PROTECT, null=True, related_name="reports")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    content = models.JSONField(null=True)
    written_at = models.DateTimeField(null=True)
    failed = models.BooleanField(default=False)
    tries = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True, help_text="not tried again before")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "audit"],
                condition=models.Q(written_at=None, failed=False),
                nulls_distinct=False,
                name="report_to_write_once",
            ),
            models.CheckConstraint(
                condition=models.Q(content=None, written_at=None)
                | models.Q(content__isnull=False, written_at__isnull=False),
                name="report_written_at",
            ),
            models.CheckConstraint(
                condition=models.Q(failed=False) | models.Q(written_at=None), name="report_failed_or_written"
            ),
        ]
        indexes = [
            models.Index(fields=["id"], condition=models.Q(written_at=None, failed=False), name="report_to_write"),
        ]

    def __str__(self) -> str:
        return gettext("Report on %(version)s") % {"version": self.version}
