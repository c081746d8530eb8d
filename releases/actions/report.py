"""The verbs of review reports (V-9)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from console.base.accounts.models import User
from console.base.activity.events import emit
from console.base.core.errors import ActionRefused
from console.base.core.wakeups import wake
from miniprograms.actions import lock
from miniprograms.models import Binding
from releases import events, rules
from releases.models import Audit, Report, ReviewDecision, Version
from releases.tasks import write_reports


@transaction.atomic
def request_report(version: Version, *, by: User, at: datetime | None = None) -> Report:
    """Have a report written for the developers as the version is compared now, before they submit it (V-9).

    While one is being written, that is the one.
    """
    return _requested(version, None, by=by, at=at)


@transaction.atomic
def compare_again(decision: ReviewDecision, *, by: User, at: datetime | None = None) -> Report:
    """Have the report of an audit written again, with what is online, granted and declared now (V-9).

    While it is being written, that is the one. Raises ActionRefused once the audit is closed.
    """
    return _requested(decision.audit.version, decision, by=by, at=at)


def _requested(version: Version, decision: ReviewDecision | None, *, by: User, at: datetime | None) -> Report:
    version.mini_program, at = lock(version.mini_program), at or timezone.now()
    audit = Audit.objects.get(pk=decision.audit_id) if decision else None
    if audit and (refusal := rules.why_not_compare_again(audit)):
        raise ActionRefused(refusal)
    report = version.reports.filter(audit=audit, written_at=None, failed=False).first()
    if report is None:
        report = _waiting(version, audit, by=by, at=at)
        after = {"package": version.package.sha256} | ({"audit": audit.number} if audit else {})
        emit(events.ReportRequested(version, decision=decision, by=by, at=at, after=after))
    return report


@transaction.atomic
def report_for_binding(binding: Binding, *, by: User, at: datetime | None = None) -> Report | None:
    """Have a report written on the version that approving a binding accepts; None while there is none (V-18)."""
    version = binding.mini_program.versions.accepted_with_binding().first()
    return None if version is None else _requested(version, None, by=by, at=at)


def report_on(audit: Audit, *, at: datetime) -> Report:
    """Have the report written that belongs to a submission, in its transaction and as a part of its entry (V-9)."""
    return _waiting(audit.version, audit, by=audit.submitted_by, at=at)


def _waiting(version: Version, audit: Audit | None, *, by: User, at: datetime) -> Report:
    """Make the row that waits, once the program is locked: there is one at a time."""
    report = Report.objects.create(version=version, audit=audit, requested_by=by, requested_at=at)
    wake(write_reports)
    return report
