"""The verbs of a version's lifecycle. Each locks the program first, so they happen one after the other."""

from __future__ import annotations

import logging
from typing import BinaryIO

from django.core.files import File
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.base.accounts.actions import member_or_managers, members_with, notify
from console.base.accounts.models import User
from console.base.accounts.permissions import ApplicationRole, Permission
from console.base.accounts.states import NotificationKind
from console.base.activity.verbs import Verb
from console.base.core.errors import Overtaken, Refused
from console.base.hosts import decisions
from console.base.hosts.models import HostApplication
from console.base.hosts.states import DecisionState
from miniprograms.actions import lock, touch
from miniprograms.models import MiniProgram
from releases import rules
from releases.actions.report import report_on
from releases.events import write_entry
from releases.inspection import inspected, kept
from releases.models import Audit, Package, Release, ReviewDecision, Version
from releases.signals import version_released
from releases.states import AuditState, ReleaseKind, VersionState

logger = logging.getLogger(__name__)


def upload(program: MiniProgram, *, file: BinaryIO, number: tuple[int, int, int], notes: str, by: User) -> Version:
    """Read, repack and store an uploaded package as a development version (V-1 to V-6).

    Raises PackageRefused with all findings, Refused for a number that was used and for a storage that fails; none
    leaves anything behind.
    """
    with inspected(file, app_id=program.app_id) as (inspection, canonical):
        with transaction.atomic(), kept(inspection, canonical) as package:
            return add_version(program, package=package, number=number, notes=notes, by=by)


def add_version(
    program: MiniProgram, *, package: Package, number: tuple[int, int, int], notes: str, by: User
) -> Version:
    """Add a development version; inside the transaction that stored its package (V-1)."""
    program = lock(program)
    if reason := rules.why_not_number(program, number):
        raise Refused(reason, field="number")
    major, minor, patch = number
    version = Version.objects.create(
        mini_program=program,
        major=major,
        minor=minor,
        patch=patch,
        notes=notes,
        package=package,
        uploaded_by=by,
        uploaded_at=timezone.now(),
    )
    touch(program, Verb.VERSION_UPLOADED, label=version.number)
    after = {"state": version.state, "package": package.sha256}
    write_entry(Verb.VERSION_UPLOADED, version, by=by, after=after, reason=notes)
    return version


@transaction.atomic
def submit(version: Version, *, by: User) -> Audit:
    """Send the version to every bound application's reviewers (V-9)."""
    program, version = _locked(version)
    applications = _bound(program)
    _refuse_if(rules.why_not_submit(program, version, bound=len(applications)))
    before = {"state": version.state}
    version.submit()
    version.save()
    audit = Audit.objects.create(
        mini_program=program,
        version=version,
        package_sha256=version.package.sha256,
        submitted_by=by,
        submitted_at=timezone.now(),
    )
    for application in applications:
        decisions.ask(ReviewDecision(audit=audit, application=application, requested_by=by, reason=version.notes[:500]))
    touch(program, Verb.VERSION_SUBMITTED, label=version.number, in_audit_number=version.number)
    after = {"state": version.state, "audit": audit.number, "package": audit.package_sha256}
    write_entry(Verb.VERSION_SUBMITTED, version, by=by, before=before, after=after)
    report_on(audit)
    return audit


@transaction.atomic
def withdraw(version: Version, *, by: User, reason: str = "") -> Audit:
    """Take the version back from the reviewers; decisions made so far stay in the record (V-10)."""
    program, version = _locked(version)
    _refuse_if(rules.why_not_withdraw(version))
    audit = version.audits.running().get()
    before = {"state": version.state}
    version.withdraw()
    version.save()
    _close(audit, AuditState.WITHDRAWN)
    touch(program, Verb.VERSION_WITHDRAWN, label=version.number, in_audit_number="")
    write_entry(Verb.VERSION_WITHDRAWN, version, by=by, before=before, after={"state": version.state}, reason=reason)
    return audit


@transaction.atomic
def decide(decision: ReviewDecision, *, approve: bool, by: User, note: str = "") -> ReviewDecision:
    """Decide for one application: the first rejection rejects, the last approval approves (V-10)."""
    program, version = _locked(decision.audit.version)
    audit = Audit.objects.get(pk=decision.audit_id)
    if audit.state != AuditState.IN_AUDIT:
        raise Overtaken(_("This audit is closed: %(state)s.") % {"state": audit.get_state_display().lower()})
    if version.package.sha256 != audit.package_sha256:
        raise Refused(_("The package is not the one that was submitted."))  # V-6: approval is bound to the hash
    before = {"state": version.state}
    decisions.settle(decision, approve=approve, by=by, note=note)
    _conclude(audit, version, rejected=not approve)
    verb = Verb.VERSION_APPROVED if approve else Verb.VERSION_REJECTED
    in_audit_number = program.in_audit_number if audit.state == AuditState.IN_AUDIT else ""
    touch(program, verb, label=f"{version} – {decision.application}", in_audit_number=in_audit_number)
    write_entry(
        verb,
        version,
        by=by,
        before=before,
        after={"state": version.state, "audit": audit.number, "package": audit.package_sha256},
        reason=note,
        application_id=decision.application.application_id,
    )
    _tell_submitter(audit, version, decision)
    return decision


@transaction.atomic
def export_package(decision: ReviewDecision, *, by: User) -> File[bytes]:
    """Return the package, opened, for a reviewer who looks at it; each time is on record.

    Raises Refused when the storage fails.
    """
    version = decision.audit.version
    write_entry(
        Verb.PACKAGE_DOWNLOADED,
        version,
        by=by,
        after={"package": version.package.sha256},
        application_id=decision.application.application_id,
    )
    try:
        return version.package.file.open("rb")
    except OSError as error:
        logger.exception("package %s is not in the storage", version.package.sha256)
        raise Refused(rules.unreadable_package()) from error


def ask_also(audit: Audit, application: HostApplication) -> None:
    """Ask an application that was bound while the audit runs, too: nobody gets a version that it was never asked about.

    Inside the caller's transaction. A decision that was withdrawn when the application was unbound waits again.
    """
    audit.decisions.filter(application=application, state=DecisionState.WITHDRAWN).delete()
    asked = {"application": application, "requested_by": audit.submitted_by, "reason": audit.version.notes[:500]}
    if not audit.decisions.filter(application=application).exists():
        decisions.ask(ReviewDecision(audit=audit, **asked))


def conclude_without(audit: Audit, application: HostApplication, *, by: User) -> None:
    """Go on without an application that was unbound: its open decision is withdrawn; inside the caller's transaction.

    With nobody left to decide the version returns to development. Where that moves the version it is a state change of
    its own, with its entry (P-5).
    """
    waiting = audit.decisions.waiting()
    if not waiting.filter(application=application).update(state=DecisionState.WITHDRAWN):
        return
    version = Version.objects.select_related("mini_program", "package").get(pk=audit.version_id)
    if not audit.decisions.filter(state=DecisionState.APPROVED).exists() and not waiting.exists():
        version.withdraw()
        version.save()
        _close(audit, AuditState.WITHDRAWN)
    else:
        _conclude(audit, version, rejected=False)
    if audit.state == AuditState.IN_AUDIT:
        return
    MiniProgram.objects.filter(pk=version.mini_program_id).update(in_audit_number="")
    write_entry(
        Verb.VERSION_APPROVED if audit.state == AuditState.APPROVED else Verb.VERSION_WITHDRAWN,
        version,
        by=by,
        before={"state": VersionState.IN_AUDIT},
        after={"state": version.state, "audit": audit.number, "package": audit.package_sha256},
        reason=_("%(application)s was unbound.") % {"application": application},
    )
    _tell_of_unbinding(audit, version, application)


def _tell_of_unbinding(audit: Audit, version: Version, application: HostApplication) -> None:
    """Tell the submitter, or who manages the program, what came of the audit when the application was unbound."""
    text = gettext_lazy(
        "%(program)s %(version)s is in development again: %(application)s was unbound, nobody is left to decide"
    )
    if audit.state == AuditState.APPROVED:
        text = gettext_lazy("%(program)s %(version)s is approved: %(application)s was unbound and no longer decides")
    words = {"program": version.mini_program, "version": version, "application": application}
    notify(
        member_or_managers(audit.submitted_by, team=version.mini_program.team),
        kind=NotificationKind.DECISION,
        text=lambda: str(text) % words,
        url=audit.get_absolute_url(),
    )


def _conclude(audit: Audit, version: Version, *, rejected: bool) -> None:
    """Move version and audit when this decision settled them."""
    if rejected:
        version.reject()
        _close(audit, AuditState.REJECTED)
    elif not audit.decisions.waiting().exists():
        version.approve()
        _close(audit, AuditState.APPROVED)
    version.save()


def _close(audit: Audit, state: AuditState) -> None:
    """End the audit; who has not decided yet no longer needs to."""
    audit.decisions.waiting().update(state=DecisionState.WITHDRAWN)
    audit.state, audit.closed_at = state, timezone.now()
    audit.save(update_fields=["state", "closed_at"])


def _tell_submitter(audit: Audit, version: Version, decision: ReviewDecision) -> None:
    """Tell the submitter, or who manages the program, of a decision, and whether the audit is through."""
    text = (
        gettext_lazy("%(application)s approved %(program)s %(version)s")
        if decision.state == DecisionState.APPROVED
        else gettext_lazy("%(application)s rejected %(program)s %(version)s")
    )
    words = {"application": decision.application, "program": version.mini_program, "version": version}
    left = audit.decisions.waiting().count()

    def detail() -> str:
        outcome = {
            AuditState.APPROVED: _("All applications have approved. It can be published."),
            AuditState.REJECTED: _("The audit has ended. Upload the corrected package under a new number."),
        }.get(AuditState(audit.state), _("Still waiting for %(left)d.") % {"left": left})
        return "\n".join(line for line in (decision.note, outcome) if line)

    notify(
        member_or_managers(audit.submitted_by, team=version.mini_program.team),
        kind=NotificationKind.DECISION,
        text=lambda: str(text) % words,
        detail=detail,
        url=audit.get_absolute_url(),
    )


@transaction.atomic
def publish(version: Version, *, by: User, note: str = "") -> Release:
    """Put an approved version online on all bound applications at once (V-12)."""
    program, version = _locked(version)
    online = program.versions.online().first()
    _refuse_if(rules.why_not_publish(program, version, online=online))
    if not version.audits.filter(state=AuditState.APPROVED, package_sha256=version.package.sha256).exists():
        raise Refused(_("The package is not the one that was approved."))  # V-6: approval is bound to the hash
    if online:
        online.retire()
        online.save()
    version.publish()
    version.save()
    return _released(program, ReleaseKind.PUBLISH, online, version, by=by, note=note)


@transaction.atomic
def roll_back(version: Version, *, by: User, note: str = "") -> Release:
    """Return to `version`, which was online before (V-13)."""
    program, version = _locked(version)
    online = program.versions.online().first()
    targets = program.versions.roll_back_targets()
    last = program.releases.first()
    _refuse_if(rules.why_not_roll_back(program, online=online, last=last, targets=targets.exists()))
    if not targets.filter(pk=version.pk).exists():
        raise Refused(_("%(number)s can't be returned to.") % {"number": version}, field="version")
    assert online is not None  # noqa: S101 - the rule above refused otherwise
    online.retire()
    online.rolled_back_at = timezone.now()
    online.save()
    version.restore()
    version.save()
    return _released(program, ReleaseKind.ROLL_BACK, online, version, by=by, note=note)


def _released(
    program: MiniProgram, kind: ReleaseKind, online: Version | None, version: Version, *, by: User, note: str
) -> Release:
    """Write the history, the program's pointer and the activity entry of a publish or a roll back (V-15)."""
    release = Release.objects.create(
        mini_program=program,
        kind=kind,
        from_version=online,
        to_version=version,
        by=by,
        at=timezone.now(),
        note=note.strip(),
    )
    verb = Verb.VERSION_PUBLISHED if kind == ReleaseKind.PUBLISH else Verb.VERSION_ROLLED_BACK
    touch(program, verb, label=version.number, online_number=version.number, online_since=release.at)
    before = {"online": online.number if online else None}
    after = {"online": version.number, "package": version.package.sha256}
    write_entry(verb, version, by=by, before=before, after=after, reason=note)
    version_released.send(sender=Release, release=release)
    _tell_others(release)
    return release


def _tell_others(release: Release) -> None:
    """Tell who manages the program, and who administers an application that serves it; each once, on their own side."""
    program = release.mini_program
    texts = {
        ReleaseKind.PUBLISH: gettext_lazy("%(program)s %(version)s is online"),
        ReleaseKind.ROLL_BACK: gettext_lazy("%(program)s was rolled back to %(version)s"),
    }
    told = {release.by}

    def tell(people: list[User], url: str) -> None:
        notify(
            [user for user in people if user not in told],
            kind=NotificationKind.RELEASE,
            text=lambda: str(texts[ReleaseKind(release.kind)]) % {"program": program, "version": release.to_version},
            detail=lambda: "\n".join(filter(None, [_("By %(person)s.") % {"person": release.by}, release.note])),
            url=url,
        )
        told.update(people)

    tell(members_with(program.team, Permission.MANAGE), release.to_version.get_absolute_url())
    for application in _bound(program):
        administrators = [one.user for one in application.people.all() if one.role == ApplicationRole.APP_ADMIN]
        tell(
            [user for user in administrators if user.is_active],
            reverse("hosts:programs", args=[application.application_id]),
        )


def _locked(version: Version) -> tuple[MiniProgram, Version]:
    """Lock the program and return both rows as they are now."""
    program = lock(version.mini_program)
    current = Version.objects.select_related("package").get(pk=version.pk)
    current.mini_program = program
    return program, current


def _bound(program: MiniProgram) -> list[HostApplication]:
    """Return the applications that the program is bound to now."""
    return list(program.bindings.bound().applications().prefetch_related("people__user"))


def _refuse_if(reason: str) -> None:
    if reason:
        raise Refused(reason)
