"""Packages, versions, audits, reports and the trial version."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import msgspec
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone

from console.base.accounts.models import User
from console.base.activity.models import ActivityEntry
from console.base.hosts.states import DecisionState
from miniprograms.models import MiniProgram
from releases import actions, events
from releases.events import VersionEvent
from releases.inspection import inspected, written
from releases.models import (
    Audit,
    Package,
    Release,
    Report,
    ReviewDecision,
    SettledFinding,
    TrialVersion,
    Version,
    audit_number,
)
from releases.report.content import Content
from releases.states import AuditState, ReleaseKind, VersionState
from tests.factories.hosts import make_reviewer
from tests.factories.programs import make_binding


def make_zip(files: dict[str, str | bytes] | None = None, **app: Any) -> ContentFile[bytes]:
    """An honest package with two pages; `files` adds or replaces files, `app` keys of app.json."""
    manifest = {"pages": ["pages/index/index", "pages/about/about"], **app}
    contents: dict[str, str | bytes] = {"app.json": json.dumps(manifest), "app.js": "App({})\n"}
    for page in ("pages/index/index", "pages/about/about"):
        contents |= {f"{page}.js": "Page({})\n", f"{page}.wxml": "<view>Hello</view>\n"}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**contents, **(files or {})}.items():
            archive.writestr(name, content)
    return ContentFile(buffer.getvalue(), name="package.zip")


def make_version(program: MiniProgram, number: str = "1.0.0", by: User | None = None, **files: str) -> Version:
    """A development version, uploaded for real; its package differs from that of every other number."""
    what = {"file": _package_file(program, number, **files), "number": _parts(number), "notes": _notes(number)}
    return actions.upload(program, **what, by=by or program.created_by)


def _package_file(program: MiniProgram, number: str, **files: str) -> ContentFile[bytes]:
    return make_zip({"version.js": f"module.exports = '{program.app_id} {number}'", **files})


def _parts(number: str) -> tuple[int, int, int]:
    major, minor, patch = map(int, number.split("."))
    return major, minor, patch


def _notes(number: str) -> str:
    return f"Notes of {number}"


def make_audit(program: MiniProgram, number: str = "1.0.0", by: User | None = None) -> Audit:
    """A version in audit; an application is bound when none was."""
    return _written(program, number, VersionState.IN_AUDIT, by=by)


def make_approved(program: MiniProgram, number: str = "1.0.0") -> Version:
    """A version that every bound application has approved."""
    return _written(program, number, VersionState.APPROVED).version


def make_online(program: MiniProgram, number: str = "1.0.0") -> Version:
    """A published version."""
    if not (program.releases.exists() or program.grayscale_tasks.exists()):
        return _written(program, number, VersionState.ONLINE).version
    version = make_approved(program, number)
    actions.publish(version, by=program.created_by)  # More than rows of its own follows from it.
    version.refresh_from_db()
    return version


def _written(program: MiniProgram, number: str, state: VersionState, *, by: User | None = None) -> Audit:
    """Write a version in audit, approved or online as the verbs leave it, with its audit; nobody is notified.

    The verbs take three times as long, and most tests begin with such a version. test_factories.py compares the two.
    """
    with inspected(_package_file(program, number), app_id=program.app_id) as (inspection, canonical):
        with written(inspection, canonical) as package, transaction.atomic():
            return _with_audit(package(), program, number, state, by=by)


def _with_audit(package: Package, program: MiniProgram, number: str, state: VersionState, *, by: User | None) -> Audit:
    program = MiniProgram.objects.select_related("team", "created_by").get(pk=program.pk)
    by, approved, online = by or program.created_by, state != VersionState.IN_AUDIT, state == VersionState.ONLINE
    applications = list(program.bindings.bound().applications()) or [make_binding(program).application]
    at = timezone.now()
    version = Version(mini_program=program, package=package, notes=_notes(number), state=state)
    version.major, version.minor, version.patch = _parts(number)
    version.uploaded_by, version.uploaded_at = by, at
    version.save(force_insert=True)
    audit = Audit(mini_program=program, version=version, package_sha256=package.sha256, submitted_by=by)
    audit.number, audit.submitted_at = audit_number(at), at
    if approved:
        audit.state, audit.closed_at = AuditState.APPROVED, at
    audit.save()
    Report.objects.create(version=version, audit=audit, requested_by=by, requested_at=at)
    decisions = [ReviewDecision(audit=audit, application=application) for application in applications]
    for decision in decisions:
        decision.requested_by, decision.reason = by, version.notes
        decision.requested_at = decision.notified_at = at
        if approved:
            decision.state, decision.decided_at = DecisionState.APPROVED, at
            decision.decided_by = make_reviewer(decision.application)
    ReviewDecision.objects.bulk_create(decisions)
    if online:
        release = {"kind": ReleaseKind.PUBLISH, "to_version": version, "by": program.created_by, "at": at}
        Release.objects.create(mini_program=program, **release)
    _tell(audit, decisions, approved=approved, online=online)
    return audit


def _tell(audit: Audit, decisions: list[ReviewDecision], *, approved: bool, online: bool) -> None:
    """Write the activity entries of what led to this state, and what the program repeats of them."""
    version, by, at, package = audit.version, audit.submitted_by, audit.submitted_at, {"package": audit.package_sha256}
    audited = {"audit": audit.number, **package}
    before: dict[str, Any] = {"state": VersionState.DEVELOPMENT}
    told: list[VersionEvent] = [
        events.VersionUploaded(version, by=by, at=at, after={**before, **package}, reason=version.notes),
        events.VersionSubmitted(
            version, by=by, at=at, before=before, after={"state": VersionState.IN_AUDIT, **audited}
        ),
    ]
    for place, decision in enumerate(decisions if approved else [], 1):
        state = VersionState.APPROVED if place == len(decisions) else VersionState.IN_AUDIT
        moved = {"before": {"state": VersionState.IN_AUDIT}, "after": {"state": state, **audited}}
        told.append(
            events.VersionApproved(version, audit=audit, decision=decision, by=decision.decided_by, at=at, **moved)
        )
    if online:
        moved = {"before": {"online": None}, "after": {"online": version.number, **package}}
        told.append(events.VersionPublished(version, by=version.mini_program.created_by, at=at, **moved))
    ActivityEntry.objects.bulk_create(map(_entry, told))
    last = {"changed_at": at, "last_change": told[-1].name, "last_change_label": told[-1].short}
    if online:
        last |= {"online_number": version.number, "online_since": at}
    elif not approved:
        last["in_audit_number"] = version.number
    version.mini_program.write(**last)


def _entry(event: VersionEvent) -> ActivityEntry:
    """Return the entry that `emit` writes of an event of the command line."""
    return ActivityEntry(
        at=event.at,
        actor_id=event.by.pk,
        actor_label=event.by.get_full_name(),
        verb=event.name,
        target_type="version",
        target_id=str(event.on.pk),
        target_label=event.label,
        before=event.before,
        after=event.after,
        reason=event.reason,
        source="command",
        **event.belongs(),
    )


def make_report(version: Version, audit: Audit | None = None, **content: Any) -> Report:
    """A written report on the version, on which nothing was found unless `content` says so; plain values only.

    `content=None` makes one that is still to be written.
    """
    facts = {"version": version, "audit": audit, "requested_by": version.uploaded_by, "requested_at": timezone.now()}
    if content == {"content": None}:
        return Report.objects.create(**facts)
    package, empty = version.package, ("largest", "subpackages", "new_pages", "gone_pages", "apis", "domains", "exempt")
    whole: dict[str, Any] = {name: [] for name in (*empty, "data", "declared_unused", "secrets", "unread")}
    whole |= {"size": package.size, "unpacked_size": package.unpacked_size, "file_count": len(package.files)}
    whole |= {"base": "", "added": len(package.files), "removed": 0, "changed": 0, "growth": 0, "seconds": 0.1}
    whole |= {"pages": package.pages, "agreement": 0, **content}
    kept = msgspec.to_builtins(msgspec.convert(whole, Content))
    return Report.objects.create(**facts, content=kept, written_at=timezone.now())


def make_settled(program: MiniProgram, sha256: str, **fields: Any) -> SettledFinding:
    """A finding that the program's creator said is no secret."""
    known = {"kind": "app_secret", "hint": "9f2c…41ab", "path": "app.js", "reason": "a sample of the documentation"}
    by = {"settled_by": program.created_by, "settled_at": timezone.now()}
    return SettledFinding.objects.create(mini_program=program, sha256=sha256, **{**known, **by, **fields})


def make_trial(version: Version, **fields: Any) -> TrialVersion:
    """The program's trial version, opening on the package's first page."""
    fields = {"page": version.package.entry_page, "set_by": version.uploaded_by, "set_at": timezone.now(), **fields}
    return TrialVersion.objects.create(mini_program=version.mini_program, version=version, **fields)
