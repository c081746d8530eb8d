"""How updates to a version ended on devices, as a task's page shows it (G-11, G-17)."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q, Sum

from grayscale.error_rates import Counting
from grayscale.models import GrayscaleTask
from grayscale.stats import kept
from releases.field.models import UpdateReport
from releases.field.states import ReportResult

MOST_REPORTS = 500_000  # reports that a rate is made from, and that are counted as left out


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
        all_of_them = UpdateReport.objects.filter(version=counting.version)
        rows = all_of_them.filter(counting.condition())[:MOST_REPORTS]
        found = rows.aggregate(
            installed=Count("guid", filter=Q(result=ReportResult.INSTALLED)),
            failed=Count("guid", filter=Q(result=ReportResult.FAILED)),
            tries=Sum("failures", default=0),
        )
        return Reports(**found, left_out=all_of_them.filter(~counting.condition())[:MOST_REPORTS].count())

    reports: Reports = kept(f"grayscale-reports-3-{task.pk}-{counting.version.pk}", count)
    return reports
