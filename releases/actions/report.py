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
from releases.states import Accepted
from releases.tasks import write_reports


@transaction.atomic
def request_report(version: Version, *, by: User, at: datetime | None = None) -> Report:
    """Have a report written for the developers as the version is compared now, before they submit it (V-9).

    While one waits to be begun, that is the one.
    """
    return _requested(version, None, by=by, at=at)


@transaction.atomic
def compare_again(decision: ReviewDecision, *, by: User, at: datetime | None = None) -> Report:
    """Have the report of an audit written again, with what is online, granted and declared now (V-9).

    While one waits to be begun, that is the one. Raises ActionRefused once the audit is closed.
    """
    return _requested(decision.audit.version, decision, by=by, at=at)


def _requested(version: Version, decision: ReviewDecision | None, *, by: User, at: datetime | None) -> Report:
    version.mini_program, at = lock(version.mini_program), at or timezone.now()
    audit = Audit.objects.get(pk=decision.audit_id) if decision else None
    if audit and (refusal := rules.why_not_compare_again(audit)):
        raise ActionRefused(refusal)
    report, is_new = _waiting(version, audit, by=by, at=at)
    if is_new:
        after = {"package": version.package.sha256} | ({"audit": audit.number} if audit else {})
        emit(events.ReportRequested(version, decision=decision, by=by, at=at, after=after))
    return report


@transaction.atomic
def reports_for_binding(binding: Binding, *, by: User, at: datetime | None = None) -> None:
    """Have a report written on each version that approving a binding accepts (V-18).

    Of earlier versions there may be a hundred: on those a reviewer asks for one.
    """
    for version in binding.mini_program.versions.accepted_with_binding():
        if version.accepted_as != Accepted.EARLIER:  # type: ignore[attr-defined]  # annotated
            _requested(version, None, by=by, at=at)


def report_on(audit: Audit, *, at: datetime) -> Report:
    """Have an audit's report written, for a submission or for an application that joins it (V-9).

    In the transaction of either, and as a part of its entry.
    """
    return _waiting(audit.version, audit, by=audit.submitted_by, at=at)[0]


def _waiting(version: Version, audit: Audit | None, *, by: User, at: datetime) -> tuple[Report, bool]:
    """Return the report that waits to be begun, and whether it is new, once the program is locked.

    One that a worker has begun is not the one: it may have compared already what has changed since.
    """
    waiting = version.reports.filter(audit=audit, written_at=None, failed=False, tries=0)
    # In one statement: a worker may begin it meanwhile.
    is_new = not waiting.update(requested_at=at)
    if is_new:
        report = Report.objects.create(version=version, audit=audit, requested_by=by, requested_at=at)
    else:
        report = waiting.get()
    wake(write_reports)
    return report, is_new
