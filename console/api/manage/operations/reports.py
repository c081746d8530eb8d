"""What the check of a package found, and what is said of a finding (A-2, V-9, V-17)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from django.db.models import QuerySet
from ninja import Body, Field, Schema, Status

from console.api.manage.api import api
from console.api.manage.endpoint import ApiRequest, endpoint
from console.api.manage.operations.checking import Reason, checked, reason_of
from console.api.manage.reading import Sent
from console.api.manage.states import Scope
from console.base.accounts.permissions import Permission
from console.base.hosts.models import HostApplication
from releases.access import Settled, VersionFinding, audit_for, finding_for, settled_for, version_for
from releases.actions import report as actions
from releases.actions import settling
from releases.forms import SettleForm
from releases.models import Audit, Report, Version
from releases.presenters.report import Group, Reading, deciding, shown
from releases.presenters.report_lines import SecretLine
from releases.report.comparison import base_of, compare
from releases.scan import Use

TAGS = ["Reports"]
ONE = "/programs/{app_id}/versions/{number}/report"


class CodePlace(Schema):
    """A line of a file."""

    path: str
    line: int = Field(description="from 1; 0 stands for the whole file")


class Attention(Schema):
    """What someone should look at first."""

    about: str = Field(description="secrets, apis, domains, data or unread")
    name: str
    message: str
    place: CodePlace | None
    badge: str = Field(description="red: must not go out; orange: needs a look")


class SettledFinding(Schema):
    """Who said that a finding is none, and why."""

    settled_by: str
    settled_at: datetime
    reason: str
    until: date | None = Field(description="the last day on which that counts")


class SecretOut(Schema):
    """A secret in the code, never the secret itself."""

    finding: str = Field(description="by which it is settled; empty where it can't be")
    kind: str
    label: str
    hint: str = Field(description="its first and last characters")
    place: CodePlace
    public: bool = Field(description="every client has such a key")
    state: str = Field(description="open or settled")
    settled: SettledFinding | None


class Used(Schema):
    """How often something is used, where first, and how sure that is."""

    name: str
    count: int
    how: str = Field(description="written, built, wrapper, framework or named")
    places: list[CodePlace]


class UsedApi(Used):
    """A sensitive API."""

    grants: dict[str, str] = Field(description="by host app ID: public, granted or restricted")


class UsedDomain(Used):
    """An address in the code."""

    kind: str = Field(description="the type of server domain that the call needs; empty: unknown")
    configured: list[str] = Field(description="the types of server domains that have it")
    called: bool
    missing: bool = Field(description="called, and no server domain of the type")


class PersonalDataOut(Schema):
    """A type of personal data."""

    label: str
    apis: list[str]
    declared: bool = Field(description="in the privacy agreement that is online")


class NotFollowed(Schema):
    """Code that could not be analysed."""

    place: CodePlace
    message: str
    framework: str = Field(description="whose own code it is; empty: the program's")


class FileSize(Schema):
    """A file or a subpackage."""

    path: str
    size: int = Field(description="bytes")


class ReportFindings(Schema):
    """All of a report."""

    badge: str = Field(description="red, orange or green: the worst of `attention`")
    whole: bool = Field(description="all code was read, so what was not found is not there")
    attention: list[Attention]
    secrets: list[SecretOut]
    apis: list[UsedApi]
    domains: list[UsedDomain]
    data: list[PersonalDataOut]
    declared_unused: list[str]
    not_followed: list[NotFollowed]
    left_out: int = Field(description="how much more was found than is listed")
    size: int
    unpacked_size: int
    file_count: int
    largest: list[FileSize]
    subpackages: list[FileSize]
    base: str = Field(description="the version that was online, to which differences are counted")
    added: int
    removed: int
    changed: int
    growth: int
    pages: list[str]
    new_pages: list[str]
    gone_pages: list[str]
    frameworks: list[str]


class ReportOut(Schema):
    """The newest report."""

    version: str
    state: str = Field(description="none, writing, written or failed")
    written_at: datetime | None = Field(description="of `findings`, which stay while a newer report is being written")
    findings: ReportFindings | None


class ChangedFileOut(Schema):
    """A file that differs."""

    path: str
    kind: str = Field(description="added, removed or changed")
    size: int | None = Field(description="bytes; null for a file that was removed")
    size_before: int | None = Field(description="null for a new file")


class VersionChangesOut(Schema):
    """What a version changes."""

    version: str
    base: str | None = Field(description="the version that it is compared with; null: every file is new")
    growth: int = Field(description="bytes of the package")
    files: list[ChangedFileOut]


class Settling(Sent):
    """Why a finding needs no attention."""

    reason: str = Field(max_length=200)
    until: date | None = Field(None, description="the last day on which that counts; null: without end")


@endpoint(api.get, ONE, Scope.READ, Permission.VIEW, load=version_for, response=ReportOut, tags=TAGS)
def get_version_report(request: ApiRequest, version: Version) -> dict[str, Any]:
    """Return the newest report on a version."""
    return _of_version(version)


@endpoint(api.post, ONE, Scope.SUBMIT, Permission.UPLOAD, load=version_for, response={202: ReportOut}, tags=TAGS)
def request_version_report(request: ApiRequest, version: Version) -> Status[dict[str, Any]]:
    """Check a version; returns the check that is already waiting, if any."""
    actions.request_report(version, by=request.user)
    return Status(202, _of_version(version))


@endpoint(
    api.get,
    "/programs/{app_id}/audits/{audit_number}/report",
    Scope.READ,
    Permission.VIEW,
    load=audit_for,
    response=ReportOut,
    tags=TAGS,
)
def get_audit_report(request: ApiRequest, audit: Audit) -> dict[str, Any]:
    """Return the report of an audit."""
    return report_out(audit.version, audit.reports.all(), deciding(audit))


@endpoint(
    api.post,
    f"{ONE}/{{finding}}/settle",
    Scope.SUBMIT,
    Permission.UPLOAD,
    load=finding_for,
    response=ReportOut,
    tags=TAGS,
)
def settle_finding(request: ApiRequest, found: VersionFinding, body: Annotated[Settling, Body()]) -> dict[str, Any]:
    """Dismiss a secret as not a secret or as restricted; reviewers see who did (V-17)."""
    until = body.until.isoformat() if body.until else ""
    data = checked(SettleForm({"reason": body.reason, "until": until}))
    settling.settle_finding(found.version, finding=found.finding, by=request.user, **data)
    return _of_version(found.version)


@endpoint(
    api.post,
    f"{ONE}/{{finding}}/reopen",
    Scope.SUBMIT,
    Permission.UPLOAD,
    load=settled_for,
    response=ReportOut,
    tags=TAGS,
)
def reopen_finding(request: ApiRequest, found: Settled, body: Annotated[Reason, Body()]) -> dict[str, Any]:
    """Reopen a dismissed finding."""
    settling.reopen_finding(found.version, settled=found.settled, by=request.user, reason=reason_of(body))
    return _of_version(found.version)


@endpoint(
    api.get,
    "/programs/{app_id}/versions/{number}/changes",
    Scope.READ,
    Permission.VIEW,
    load=version_for,
    response=VersionChangesOut,
    tags=TAGS,
)
def get_version_changes(request: ApiRequest, version: Version) -> dict[str, Any]:
    """Return which files differ from the version that is online (V-9)."""
    return changes_out(version, base_of(version))


def changes_out(version: Version, base: Version | None) -> dict[str, Any]:
    """Return the files in which the packages of two versions differ."""
    comparison = compare(version.package, base.package if base else None)
    return {
        "version": version.number,
        "base": base.number if base else None,
        "growth": comparison.growth,
        "files": comparison.files,
    }


def _of_version(version: Version) -> dict[str, Any]:
    applications = version.mini_program.bindings.bound().applications()
    return report_out(version, version.reports.all(), list(applications))


def report_out(version: Version, reports: QuerySet[Report], applications: list[HostApplication]) -> dict[str, Any]:
    """Return the newest of these reports, for readers who may know of these applications only."""
    found = shown(reports, applications)
    state = "written" if found["report"] else "none"
    state = "writing" if found["is_writing"] else "failed" if found["has_failed"] else state
    return {
        "version": version.number,
        "state": state,
        "written_at": found["report"].written_at if found["report"] else None,
        "findings": _findings(found["reading"]) if found["reading"] else None,
    }


# Names that are the same in what is kept and in what is shown.
SAME = (
    "size", "unpacked_size", "file_count", "base", "added", "removed", "changed", "growth", "pages", "new_pages",
    "gone_pages", "frameworks", "largest", "subpackages",
)  # fmt: skip


def _findings(reading: Reading) -> dict[str, Any]:
    unread = [{"place": {"path": one.path, "line": 0}, "message": one.why, "framework": ""} for one in reading.unread]
    opened = [{"place": one.place, "message": one.words, "framework": one.framework} for one in reading.open]
    return {
        "badge": reading.badge,
        "whole": reading.is_whole,
        "attention": [one for group in reading.groups for one in _attention(group)],
        "secrets": [_secret(line) for line in (*reading.secrets, *reading.settled)],
        "apis": [
            _used(line.use) | {"grants": {one.application.application_id: one.grant for one in line.grants}}
            for line in reading.apis
        ],
        "domains": [
            _used(line.use)
            | {"kind": line.kind, "configured": line.configured, "called": line.is_called, "missing": line.is_missing}
            for line in reading.domains
        ],
        "data": reading.data,
        "declared_unused": reading.declared_unused,
        "not_followed": unread + opened,
        "left_out": reading.left_out,
        **{name: getattr(reading.content, name) for name in SAME},
    }


def _attention(group: Group) -> list[dict[str, Any]]:
    return [
        {"about": group.key, "name": one.name, "message": one.words, "place": one.place, "badge": one.badge}
        for one in group.findings
    ]


def _secret(line: SecretLine) -> dict[str, Any]:
    said = line.settled
    settled = (
        {"settled_by": str(said.settled_by), "settled_at": said.settled_at, "reason": said.reason, "until": said.until}
        if said
        else None
    )
    return {
        "finding": line.sha256,
        "kind": line.kind,
        "label": line.label,
        "hint": line.hint,
        "place": line.place,
        "public": line.is_public,
        "state": "settled" if said else "open",
        "settled": settled,
    }


def _used(use: Use) -> dict[str, Any]:
    return {"name": use.name, "count": use.count, "how": use.how, "places": use.places}
