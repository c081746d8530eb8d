"""The verbs of a version's lifecycle. Each locks the program first, so they happen one after the other."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, BinaryIO

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from console.base.accounts.models import User
from console.base.activity.events import emit
from console.base.core.errors import ActionRefused, Conflict, refuse_if
from console.base.core.files import Part
from console.base.hosts import decisions
from console.base.hosts.models import HostApplication
from console.base.hosts.states import DecisionState
from miniprograms.actions import lock
from miniprograms.models import MiniProgram
from releases import events, rules
from releases.actions.report import report_on
from releases.inspection import inspected, scratch, source_maps_written, written
from releases.models import Audit, Package, Release, ReviewDecision, SourceMaps, Version, audit_number
from releases.package import Finding
from releases.reading import opened
from releases.signals import publish_considered, version_released
from releases.states import AuditState, ReleaseKind, VersionState


def upload(
    program: MiniProgram,
    *,
    file: BinaryIO,
    number: tuple[int, int, int],
    notes: str,
    by: User,
    at: datetime | None = None,
) -> Version:
    """Read, repack and store an uploaded package as a development version (V-1 to V-6).

    Raises PackageRefused with all findings, ActionRefused for a number that was used and for a storage that fails; none
    leaves anything behind.
    """
    with scratch() as maps, inspected(file, app_id=program.app_id, source_maps=maps) as (inspection, canonical):
        refuse_if(rules.why_not_number(program, number), "number")  # before anything is written
        with written(inspection, canonical) as package, source_maps_written(inspection, maps) as source_maps:
            with transaction.atomic():
                rows = package(), source_maps()
                return add_version(
                    program,
                    package=rows[0],
                    source_maps=rows[1],
                    findings=inspection.findings,
                    number=number,
                    notes=notes,
                    by=by,
                    at=at,
                )


def add_version(
    program: MiniProgram,
    *,
    package: Package,
    number: tuple[int, int, int],
    notes: str,
    by: User,
    source_maps: SourceMaps | None = None,
    findings: Iterable[Finding] = (),
    at: datetime | None = None,
) -> Version:
    """Add a development version; inside the transaction that stored its package and source maps (V-1)."""
    program, at = lock(program), at or timezone.now()
    refuse_if(rules.why_not_number(program, number), "number")
    major, minor, patch = number
    version = Version.objects.create(
        mini_program=program,
        major=major,
        minor=minor,
        patch=patch,
        notes=notes,
        package=package,
        source_maps=source_maps,
        findings=[finding.stored() for finding in findings],
        uploaded_by=by,
        uploaded_at=at,
    )
    after = {"state": version.state, "package": package.sha256}
    emit(events.VersionUploaded(version, by=by, at=at, after=after, reason=notes))
    return version


@transaction.atomic
def submit(version: Version, *, by: User, at: datetime | None = None) -> Audit:
    """Send the version to every bound application's reviewers (V-9)."""
    (program, version), at = _locked(version), at or timezone.now()
    applications = _bound(program)
    refuse_if(rules.why_not_submit(program, version, bound=len(applications), asked=program.asked_applications()))
    before = {"state": version.state}
    version.submit()
    version.save()
    audit = Audit.objects.create(
        number=_unused_number(at),
        mini_program=program,
        version=version,
        package_sha256=version.package.sha256,
        submitted_by=by,
        submitted_at=at,
    )
    asked = {"audit": audit, "requested_by": by, "reason": version.notes[:500]}
    for application in applications:
        decisions.ask(ReviewDecision(application=application, **asked), at=at)
    program.write(in_audit_number=version.number)
    after = {"state": version.state, "audit": audit.number, "package": audit.package_sha256}
    emit(events.VersionSubmitted(version, by=by, at=at, before=before, after=after))
    report_on(audit, at=at)
    return audit


@transaction.atomic
def withdraw(version: Version, *, by: User, reason: str = "", at: datetime | None = None) -> Audit:
    """Take the version back from the reviewers; decisions made so far stay in the record (V-10)."""
    (program, version), at = _locked(version), at or timezone.now()
    refuse_if(rules.why_not_withdraw(version))
    audit = version.audits.running().get()
    before = {"state": version.state}
    version.withdraw()
    version.save()
    undecided = _close(audit, AuditState.WITHDRAWN, at=at)
    program.write(in_audit_number="")
    moved: dict[str, Any] = {"before": before, "after": {"state": version.state}, "reason": reason}
    emit(events.VersionWithdrawn(version, audit=audit, undecided=undecided, by=by, at=at, **moved))
    return audit


@transaction.atomic
def decide(
    decision: ReviewDecision, *, approve: bool, by: User, note: str = "", at: datetime | None = None
) -> ReviewDecision:
    """Decide for one application: the first rejection rejects, the last approval approves (V-10)."""
    (program, version), at = _locked(decision.audit.version), at or timezone.now()
    audit = Audit.objects.get(pk=decision.audit_id)
    if audit.state != AuditState.IN_AUDIT:
        raise Conflict(_("This audit is closed: %(state)s.") % {"state": audit.get_state_display().lower()})
    if version.package.sha256 != audit.package_sha256:
        raise ActionRefused(_("The package differs from the submitted one."))  # V-6: approval is bound to the hash
    before = {"state": version.state}
    decisions.settle(decision, approve=approve, by=by, at=at, note=note)
    undecided = _conclude(audit, version, rejected=not approve, at=at)
    if audit.state != AuditState.IN_AUDIT:
        program.write(in_audit_number="")
    event = events.VersionApproved if approve else events.VersionRejected
    after = {"state": version.state, "audit": audit.number, "package": audit.package_sha256}
    moved: dict[str, Any] = {"before": before, "after": after, "reason": note}
    emit(event(version, audit=audit, decision=decision, undecided=undecided, by=by, at=at, **moved))
    return decision


def export_package(version: Version, *, decision: ReviewDecision | None = None, by: User) -> Part:
    """Return the package, opened, for a reviewer who looks at it, mostly to decide; each time is on record.

    Raises ActionRefused when the storage fails.
    """
    content = opened(version.package)
    try:
        with transaction.atomic():
            emit(events.PackageDownloaded(version, decision=decision, by=by, after={"package": version.package.sha256}))
    except BaseException:
        content.close()
        raise
    return content


def ask_also(audit: Audit, application: HostApplication, *, at: datetime | None = None) -> None:
    """Ask an application that was bound while the audit runs, too: nobody gets a version that it was never asked about.

    Inside the caller's transaction. A decision that was withdrawn when the application was unbound waits again. The
    report is written again, with what is granted there.
    """
    audit.decisions.filter(application=application, state=DecisionState.WITHDRAWN).delete()
    asked = {"application": application, "requested_by": audit.submitted_by, "reason": audit.version.notes[:500]}
    if not audit.decisions.filter(application=application).exists():
        decisions.ask(ReviewDecision(audit=audit, **asked), at=at)
        report_on(audit, at=at or timezone.now())


def conclude_without(audit: Audit, application: HostApplication, *, by: User, at: datetime | None = None) -> None:
    """Go on without an application that was unbound: its open decision is withdrawn; inside the caller's transaction.

    With nobody left to decide the version is approved if an application that is still bound has approved, else it
    returns to development. Where that moves the version it is a state change of its own, with its entry (P-5).
    """
    waiting, at = audit.decisions.waiting(), at or timezone.now()
    if not waiting.filter(application=application).update(state=DecisionState.WITHDRAWN):
        return
    version = Version.objects.select_related("mini_program", "package").get(pk=audit.version_id)
    bound = version.mini_program.bindings.bound().applications()
    approvals = audit.decisions.filter(state=DecisionState.APPROVED, application__in=bound)
    if not waiting.exists() and not approvals.exists():
        version.withdraw()
        version.save()
        _close(audit, AuditState.WITHDRAWN, at=at)
    else:
        _conclude(audit, version, rejected=False, at=at)
    if audit.state == AuditState.IN_AUDIT:
        return
    version.mini_program.write(in_audit_number="")
    values: dict[str, Any] = {
        "before": {"state": VersionState.IN_AUDIT},
        "after": {"state": version.state, "audit": audit.number, "package": audit.package_sha256},
        "reason": _("%(application)s was unbound.") % {"application": application},
    }
    approved = audit.state == AuditState.APPROVED
    event = events.ApprovedByUnbinding if approved else events.WithdrawnByUnbinding
    emit(event(version, audit=audit, application=application, by=by, at=at, aside=True, **values))


def _conclude(audit: Audit, version: Version, *, rejected: bool, at: datetime) -> list[ReviewDecision]:
    """Move version and audit when this decision settled them; return the decisions that nobody needs any more."""
    undecided: list[ReviewDecision] = []
    if rejected:
        version.reject()
        undecided = _close(audit, AuditState.REJECTED, at=at)
    elif not audit.decisions.waiting().exists():
        version.approve()
        _close(audit, AuditState.APPROVED, at=at)
    version.save()
    return undecided


def _close(audit: Audit, state: AuditState, *, at: datetime) -> list[ReviewDecision]:
    """End the audit; return the decisions that still waited, which nobody needs any more."""
    undecided = list(audit.decisions.waiting().prefetch_related("application__people__user"))
    audit.decisions.waiting().update(state=DecisionState.WITHDRAWN)
    audit.state, audit.closed_at = state, at
    audit.save(update_fields=["state", "closed_at"])
    return undecided


def doubts_about(version: Version) -> list[str]:
    """Return what speaks against publishing the version, as sentences: a guardrail whose limit it exceeds now."""
    answers: list[tuple[Any, Any]] = publish_considered.send(sender=Version, version=version)
    return [words for _receiver, found in answers for words in found]


@transaction.atomic
def publish(version: Version, *, by: User, note: str = "", anyway: bool = False, at: datetime | None = None) -> Release:
    """Put an approved version online on all bound applications immediately (V-12).

    What speaks against it (`doubts_about`) refuses it, unless it is published `anyway`, with a reason in `note`.
    """
    program, version = _locked(version)
    online = program.versions.online().first()
    refuse_if(rules.why_not_publish(program, version, online=online))
    refuse_if(*rules.why_confirm(doubts_about(version), anyway=anyway, reason=note))
    if not version.audits.filter(state=AuditState.APPROVED, package_sha256=version.package.sha256).exists():
        raise ActionRefused(_("The package differs from the approved one."))  # V-6: approval is bound to the hash
    if online:
        online.retire()
        online.save()
    version.publish()
    version.save()
    return _released(program, ReleaseKind.PUBLISH, online, version, by=by, at=at or timezone.now(), note=note)


@transaction.atomic
def roll_back(
    version: Version, *, by: User, note: str = "", seen: int | None = None, at: datetime | None = None
) -> Release:
    """Return to `version`, which was online before (V-13).

    Raises Conflict when another version is online than the row `seen`; None takes whichever is.
    """
    (program, version), at = _locked(version), at or timezone.now()
    online = program.versions.online().first()
    targets = program.versions.roll_back_targets()
    last = program.releases.first()
    refuse_if(rules.why_not_roll_back(program, online=online, last=last, targets=targets.exists()))
    if not targets.filter(pk=version.pk).exists():
        raise ActionRefused(_("You can’t roll back to %(number)s.") % {"number": version}, field="version")
    assert online is not None  # noqa: S101 - the rule above refused otherwise
    if seen not in (None, online.pk):
        raise Conflict(_("%(number)s has gone online since you opened this. Check it again.") % {"number": online})
    online.retire()
    online.rolled_back_at = at
    online.save()
    version.restore()
    version.save()
    return _released(program, ReleaseKind.ROLL_BACK, online, version, by=by, at=at, note=note)


def _released(
    program: MiniProgram,
    kind: ReleaseKind,
    online: Version | None,
    version: Version,
    *,
    by: User,
    at: datetime,
    note: str,
) -> Release:
    """Write the history and the program's pointer of a publish or a roll back (V-15)."""
    release = Release.objects.create(
        mini_program=program, kind=kind, from_version=online, to_version=version, by=by, at=at, note=note.strip()
    )
    program.write(online_number=version.number, online_since=at)
    event = events.VersionPublished if kind == ReleaseKind.PUBLISH else events.VersionRolledBack
    before = {"online": online.number if online else None}
    after = {"online": version.number, "package": version.package.sha256}
    emit(event(version, by=by, at=at, before=before, after=after, reason=note))
    version_released.send(sender=Release, release=release)
    return release


def _unused_number(at: datetime) -> str:
    """Return a number that no audit has: of ten thousand in a day two would meet once in two hundred days (V-11)."""
    while Audit.objects.filter(number=(number := audit_number(at))).exists():
        pass
    return number


def _locked(version: Version) -> tuple[MiniProgram, Version]:
    """Lock the program and return both rows as they are now."""
    program = lock(version.mini_program)
    current = Version.objects.select_related("package").get(pk=version.pk)
    current.mini_program = program
    return program, current


def _bound(program: MiniProgram) -> list[HostApplication]:
    """Return the applications that the program is bound to now."""
    return list(program.bindings.bound().applications().prefetch_related("people__user"))
