"""The verbs of settled findings: "not a secret", with a reason, for the program (V-17)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from console.base.accounts.models import User
from console.base.activity.events import emit
from console.base.core import times
from console.base.core.errors import ActionRefused, Conflict
from miniprograms.actions import lock
from releases import events, rules
from releases.models import SettledFinding, Version
from releases.scan import Secret


@transaction.atomic
def settle_finding(
    version: Version,
    *,
    finding: Secret,
    reason: str,
    until: date | None = None,
    by: User,
    at: datetime | None = None,
) -> SettledFinding:
    """Settle a finding of a report on `version`, for every version of the program, until its file or text changes.

    `until` is the last day on which it counts. Raises Conflict when it is settled already, ActionRefused for a finding
    of an earlier release's report, which nothing can be matched with, and for a day that has passed.
    """
    version.mini_program, at = lock(version.mini_program), at or timezone.now()
    if not finding.sha256:
        raise ActionRefused(rules.unknown_finding())
    today = times.platform_day(at)
    if until and until < today:
        raise ActionRefused(_("This date has passed. Choose a later one."), field="until")
    rows = SettledFinding.objects.filter(mini_program=version.mini_program, sha256=finding.sha256)
    if taken := rows.in_force(on=today).first():
        raise Conflict(_("%(person)s already dismissed this finding.") % {"person": taken.settled_by})
    rows.delete()  # one that ran out
    settled = SettledFinding.objects.create(
        mini_program=version.mini_program,
        kind=finding.kind,
        sha256=finding.sha256,
        hint=finding.hint,
        path=finding.place.path,
        reason=reason,
        settled_by=by,
        settled_at=at,
        until=until,
    )
    emit(events.FindingSettled(version, by=by, at=at, after=_described(settled), reason=reason))
    return settled


@transaction.atomic
def reopen_finding(
    version: Version, *, settled: SettledFinding, by: User, reason: str = "", at: datetime | None = None
) -> None:
    """Undo it: the finding counts again. Raises Conflict when that was done already."""
    version.mini_program = lock(version.mini_program)
    row = SettledFinding.objects.filter(pk=settled.pk, mini_program=version.mini_program).first()
    if row is None:
        raise Conflict(_("Already done: someone else reopened it."))
    before = _described(row)
    row.delete()
    emit(events.FindingReopened(version, by=by, at=at, before=before, after=dict.fromkeys(before), reason=reason))


def _described(settled: SettledFinding) -> dict[str, Any]:
    """Return what the log tells: never the hash."""
    until = {"until": settled.until.isoformat()} if settled.until else {}
    return {"secret": settled.hint, "file": settled.path, **until}
