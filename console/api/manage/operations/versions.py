"""Versions: upload, audit, publish, roll back (A-2)."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated, Any

from django.conf import settings
from django.db.models import Prefetch, prefetch_related_objects
from django.urls import reverse
from ninja import Body, Field, File, Form, Schema, Status
from ninja.files import UploadedFile

from console.api.manage import uploads
from console.api.manage.api import api
from console.api.manage.endpoint import ApiRequest, endpoint
from console.api.manage.operations.checking import Reason, reason_of
from console.api.manage.operations.references import ApplicationRef, application_ref
from console.api.manage.paging import Page, Paged, page_of
from console.api.manage.problems import Problem
from console.api.manage.reading import Sent
from console.api.manage.states import Scope
from console.base.accounts.permissions import Permission
from console.base.core.errors import ActionRefused
from miniprograms.access import mini_program_for
from miniprograms.models import MiniProgram
from releases import actions
from releases.access import audit_for, version_for
from releases.forms import UploadForm
from releases.models import Audit, Release, ReviewDecision, Version

TAGS = ["Versions"]
ONE = "/programs/{app_id}/versions/{number}"
PERSON = ["name", "email"]
# What is shown, and no more: most of the time of a list goes into making rows, and a package's lists may be long.
VERSION = ["major", "minor", "patch", "state", "notes", "findings", "uploaded_at", "mini_program"]
VERSION += ["package__sha256", "package__size", *(f"uploaded_by__{name}" for name in PERSON)]
# `ConcurrentTransitionMixin` asks for the state whenever a version is made, by a query if it must.
AUDIT = ["number", "state", "package_sha256", "submitted_at", "closed_at", "mini_program"]
AUDIT += [f"version__{name}" for name in ("major", "minor", "patch", "state")]
AUDIT += [f"submitted_by__{name}" for name in PERSON]
DECISION = ["audit", "state", "note", "decided_at", "application__application_id", "application__name"]
DECISION += [f"decided_by__{name}" for name in PERSON]


class Finding(Schema):
    """What the package reader found."""

    code: str
    severity: str = Field(description="error, warning or note")
    title: str
    where: str
    detail: str
    hint: str
    rule: str


class VersionOut(Schema):
    """A version."""

    number: str
    state: str
    notes: str
    sha256: str
    size: int = Field(description="bytes of the package")
    uploaded_by: str
    uploaded_at: datetime
    findings: list[Finding] = Field(description="warnings and notes")
    url: str = Field(description="its page in the console")


class AuditOut(Schema):
    """An audit record."""

    number: str
    version: str
    state: str
    package_sha256: str = Field(description="what is decided about")
    submitted_by: str
    submitted_at: datetime
    closed_at: datetime | None
    decisions: list[DecisionOut]


class DecisionOut(Schema):
    """The decision of one host app."""

    application: ApplicationRef
    state: str
    note: str
    decided_by: str | None
    decided_at: datetime | None


class ReleaseOut(Schema):
    """A publish or a roll back."""

    kind: str = Field(description="publish or roll_back")
    before: str | None = Field(description="the version that was online until then")
    version: str
    by: str
    at: datetime
    note: str


class Note(Sent):
    """What is said about a release."""

    note: str = Field("", max_length=500)


class Publishing(Note):
    """The same, and whether doubts count."""

    anyway: bool = Field(False, description="publish although the console has doubts about the version")


@endpoint(
    api.get,
    "/programs/{app_id}/versions",
    Scope.READ,
    Permission.VIEW,
    load=mini_program_for,
    response=Page[VersionOut],
    tags=TAGS,
)
def list_versions(request: ApiRequest, program: MiniProgram, asked: Paged) -> dict[str, Any]:
    """List a program's versions, newest upload first."""
    return page_of(_rows(program), asked, version_out, by="uploaded_at")


@endpoint(api.get, ONE, Scope.READ, Permission.VIEW, load=version_for, response=VersionOut, tags=TAGS)
def get_version(request: ApiRequest, version: Version) -> dict[str, Any]:
    """Return a version."""
    return version_out(version)


@endpoint(
    api.post,
    "/programs/{app_id}/versions",
    Scope.UPLOAD,
    Permission.UPLOAD,
    load=mini_program_for,
    response={201: VersionOut},
    tags=TAGS,
)
def upload_version(
    request: ApiRequest,
    program: MiniProgram,
    file: Annotated[UploadedFile, File(description="the package, as the IDE or a build packs it")],
    number: Annotated[str, Form(description="d.d.d, each part 0 to 9999")],
    notes: Annotated[str, Form(max_length=2000)] = "",
    source: Annotated[str, Form(max_length=100, description="branch and commit, such as main, 8c41e02")] = "",
) -> Status[dict[str, Any]]:
    """Upload a package as a new version; a refused one answers 422 with all findings (V-3)."""
    note = partial(uploads.note, request.token, program, number=number, source=source, size=file.size or 0)
    form = UploadForm({"number": number, "notes": notes}, {"file": file}, program=program)
    if not form.is_valid():
        errors = [{"field": name, "message": str(words)} for name, found in form.errors.items() for words in found]
        found = [finding.as_dict() for finding in form.inspection.findings] if form.inspection else []
        note(refusal=uploads.refusal_of(errors[0]["message"], form.inspection))
        raise Problem(422, "The version was not stored.", code="invalid", errors=errors, findings=found)
    try:
        version = actions.upload(program, by=request.user, **form.cleaned_data)
    except ActionRefused as refused:
        note(refusal=uploads.refusal_of(refused.message, getattr(refused, "inspection", None)))
        raise
    note(warnings=len(version.findings))
    return Status(201, version_out(version))


@endpoint(api.post, f"{ONE}/submit", Scope.SUBMIT, Permission.UPLOAD, load=version_for, response=AuditOut, tags=TAGS)
def submit_version(request: ApiRequest, version: Version) -> dict[str, Any]:
    """Submit a version for audit (V-9)."""
    return _read(actions.submit(version, by=request.user))


@endpoint(api.post, f"{ONE}/withdraw", Scope.SUBMIT, Permission.UPLOAD, load=version_for, response=AuditOut, tags=TAGS)
def withdraw_version(request: ApiRequest, version: Version, body: Annotated[Reason, Body()]) -> dict[str, Any]:
    """Withdraw a version from audit (V-10)."""
    return _read(actions.withdraw(version, by=request.user, reason=reason_of(body)))


@endpoint(
    api.post, f"{ONE}/publish", Scope.PUBLISH, Permission.MANAGE, load=version_for, response=VersionOut, tags=TAGS
)
def publish_version(request: ApiRequest, version: Version, body: Annotated[Publishing, Body()]) -> dict[str, Any]:
    """Put an approved version online (V-12)."""
    actions.publish(version, by=request.user, note=body.note, anyway=body.anyway)
    return version_out(_rows(version.mini_program).get(pk=version.pk))


@endpoint(
    api.post, f"{ONE}/roll-back", Scope.PUBLISH, Permission.MANAGE, load=version_for, response=VersionOut, tags=TAGS
)
def roll_back_to_version(request: ApiRequest, version: Version, body: Annotated[Note, Body()]) -> dict[str, Any]:
    """Go back to a version that was online before (V-13)."""
    actions.roll_back(version, by=request.user, note=body.note)
    return version_out(_rows(version.mini_program).get(pk=version.pk))


@endpoint(
    api.get,
    "/programs/{app_id}/audits",
    Scope.READ,
    Permission.VIEW,
    load=mini_program_for,
    response=Page[AuditOut],
    tags=TAGS,
)
def list_audits(request: ApiRequest, program: MiniProgram, asked: Paged) -> dict[str, Any]:
    """List a program's audit records, newest first."""
    rows = program.audits.select_related("version", "submitted_by").prefetch_related(_decided())
    return page_of(rows.only(*AUDIT), asked, audit_out, by="submitted_at")


@endpoint(
    api.get,
    "/programs/{app_id}/audits/{audit_number}",
    Scope.READ,
    Permission.VIEW,
    load=audit_for,
    response=AuditOut,
    tags=TAGS,
)
def get_audit(request: ApiRequest, audit: Audit) -> dict[str, Any]:
    """Return an audit record."""
    return _read(audit)


@endpoint(
    api.get,
    "/programs/{app_id}/releases",
    Scope.READ,
    Permission.VIEW,
    load=mini_program_for,
    response=Page[ReleaseOut],
    tags=TAGS,
)
def list_releases(request: ApiRequest, program: MiniProgram, asked: Paged) -> dict[str, Any]:
    """List releases and rollbacks, newest first (V-15)."""
    return page_of(program.releases.select_related("from_version", "to_version", "by"), asked, _release_out)


def _release_out(release: Release) -> dict[str, Any]:
    return {
        "kind": release.kind,
        "before": release.from_version.number if release.from_version else None,
        "version": release.to_version.number,
        "by": str(release.by),
        "at": release.at,
        "note": release.note,
    }


def _rows(program: MiniProgram) -> Any:
    return program.versions.select_related("package", "uploaded_by").only(*VERSION)


def version_out(version: Version) -> dict[str, Any]:
    """Return a version as the API shows it."""
    page = reverse("releases:detail", args=[version.mini_program.app_id, version.number])
    return {
        "number": version.number,
        "state": version.state,
        "notes": version.notes,
        "sha256": version.package.sha256,
        "size": version.package.size,
        "uploaded_by": str(version.uploaded_by),
        "uploaded_at": version.uploaded_at,
        "findings": [finding.as_dict() for finding in version.worded_findings],
        "url": settings.BASE_URL + page,
    }


def _decided() -> Any:
    rows = ReviewDecision.objects.select_related("application", "decided_by")
    return Prefetch("decisions", rows.only(*DECISION))


def _read(audit: Audit) -> dict[str, Any]:
    prefetch_related_objects([audit], _decided())
    return audit_out(audit)


def audit_out(audit: Audit) -> dict[str, Any]:
    """Return an audit record with what each host app decided, which has been read."""
    decisions = [
        {
            "application": application_ref(decision.application),
            "state": decision.state,
            "note": decision.note,
            "decided_by": str(decision.decided_by) if decision.decided_by else None,
            "decided_at": decision.decided_at,
        }
        for decision in audit.decisions.all()
    ]
    return {
        "number": audit.number,
        "version": audit.version.number,
        "state": audit.state,
        "package_sha256": audit.package_sha256,
        "submitted_by": str(audit.submitted_by),
        "submitted_at": audit.submitted_at,
        "closed_at": audit.closed_at,
        "decisions": decisions,
    }
