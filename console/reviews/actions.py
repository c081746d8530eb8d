"""The verbs of review reports."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from console.accounts.models import User
from console.core.wakeups import wake
from console.reviews.models import Report
from console.reviews.tasks import write_reports
from releases.models import Audit, Version


@transaction.atomic
def request_report(version: Version, *, by: User, audit: Audit | None = None) -> Report:
    """Have a report written on the version as it is compared now; while one is being written, that is the one (V-9)."""
    report = version.reports.filter(audit=audit, written_at=None, failed=False).first()
    if report is None:
        report = Report.objects.create(version=version, audit=audit, requested_by=by, requested_at=timezone.now())
    wake(write_reports)
    return report
