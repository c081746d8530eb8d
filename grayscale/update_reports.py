"""How updates to a version ended on devices, as a task's page shows it (G-11, G-17)."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import BooleanField, Count, ExpressionWrapper, Q, Sum

from grayscale.error_rates import Counting
from grayscale.models import GrayscaleTask
from grayscale.stats import kept
from releases.field.models import UpdateReport
from releases.field.states import ReportResult

MOST_REPORTS = 500_000  # of a version that are read, to be counted or left out


@dataclass(frozen=True, kw_only=True)
class Reports:
    """What devices reported about the update to a version: how many have it, and on how many it failed.

    `left_out` is how many devices reported whose reports do not count (G-17).
    """

    installed: int = 0
    failed: int = 0
    tries: int = 0
    left_out: int = 0

    @property
    def devices(self) -> int:
        """How many devices reported."""
        return self.installed + self.failed

    @property
    def success(self) -> float | None:
        """How many of a hundred have it; None before the first report."""
        return 100 * self.installed / self.devices if self.devices else None

    @property
    def tries_per_hundred(self) -> float | None:
        """How many tries failed for each hundred devices, also where a later one succeeded."""
        return 100 * self.tries / self.devices if self.devices else None


def reports_of(counting: Counting, task: GrayscaleTask) -> Reports:
    """Return what counts for the page of this task; from the cache for a while."""

    def count() -> Reports:
        counts = ExpressionWrapper(counting.condition(), output_field=BooleanField())
        rows = UpdateReport.objects.filter(version=counting.version).annotate(counts=counts)[:MOST_REPORTS]
        found = rows.aggregate(
            installed=Count("guid", filter=Q(counts=True, result=ReportResult.INSTALLED)),
            failed=Count("guid", filter=Q(counts=True, result=ReportResult.FAILED)),
            tries=Sum("failures", filter=Q(counts=True), default=0),
            left_out=Count("guid", filter=Q(counts=False)),
        )
        return Reports(**found)

    reports: Reports = kept(f"grayscale-reports-3-{task.pk}-{counting.version.pk}", count)
    return reports
