"""What waits for a host app's reviewers, and their decisions, by tokens of their own (A-2, V-10, L-6, D-2, D-3).

A review is one of four kinds of request, each with a table of its own, so its id names the kind: `audit-17`.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal, NamedTuple

from django.db.models import CharField, Q, QuerySet, Value
from django.http import Http404, StreamingHttpResponse
from ninja import Body, Field, Query, Schema, Status

from console.api.manage.api import api
from console.api.manage.endpoint import ApiRequest, endpoint
from console.api.manage.operations.checking import checked
from console.api.manage.operations.references import ApplicationRef, ProgramRef, application_ref, program_ref
from console.api.manage.operations.reports import ReportOut, VersionChangesOut, changes_out, report_out
from console.api.manage.paging import Asked, Page
from console.api.manage.problems import wrong_cursor, wrong_fields
from console.api.manage.reading import Sent
from console.api.manage.states import Scope
from console.base.accounts.models import User
from console.base.accounts.permissions import Permission
from console.base.core.files import attachment
from console.base.hosts.models import Decision
from console.base.hosts.querysets import DecisionQuerySet
from console.base.hosts.rules import why_not_decide
from console.base.hosts.states import DecisionState
from console.reviews import access, querysets
from console.reviews.forms import APPROVE, REJECT, DecisionForm, GrantDecisionForm
from console.reviews.querysets import AUDIT, BINDING, EXEMPTION, PERMISSION, Line
from devmgmt import actions as devmgmt
from devmgmt.models import ProgramGrant
from miniprograms.models import Binding
from releases import actions as releases
from releases.access import review_for
from releases.actions import report as reports
from releases.actions.binding import decide_binding
from releases.models import Report, ReviewDecision, Version
from releases.report.comparison import base_of
from releases.states import WAS_ONLINE

TAGS = ["Reviews"]
ONE = "/reviews/{review_id}"
LOADERS = {
    AUDIT: review_for,
    BINDING: access.binding_for,
    EXEMPTION: access.exemption_for,
    PERMISSION: access.permission_for,
}
ID = "(audit|binding|exemption|permission)-([1-9][0-9]{0,17})"
CURSOR = re.compile(f"([0-9]{{1,16}})-{ID}")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
STATES = {
    "waiting": Q(state=DecisionState.WAITING),
    "decided": Q(decided_at__isnull=False),
    "all": Q(),
}


class ReviewsAsked(Asked):
    """Which requests."""

    state: Literal["waiting", "decided", "all"] = "waiting"
    kind: Literal["", "audit", "binding", "exemption", "permission"] = Field("", description="empty: every kind")
    application_id: str = Field("", pattern="^[A-Za-z0-9]*$", max_length=40)


class AcceptedVersion(Schema):
    """A version that approving a binding accepts."""

    version: str
    state: str = Field(description="online; or approved or retired: it can go online at any time, or after a roll back")
    package_sha256: str


class Review(Schema):
    """A request to a host app."""

    id: str = Field(description="its kind and a number: audit-17")
    kind: str = Field(description="audit, binding, exemption (skip domain verification) or permission (of an API)")
    subject: str
    state: str
    application: ApplicationRef
    program: ProgramRef
    version: str | None = Field(description="of an audit; of a binding, the first that it accepts")
    package_sha256: str | None
    accepts: list[AcceptedVersion] | None = Field(
        description="of a binding: every version that its approval accepts; null in lists and of other kinds"
    )
    audit: str | None = Field(description="number of the audit record")
    api: str | None = Field(description="of a permission")
    reason: str
    requested_by: str
    requested_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    note: str
    expires_at: datetime | None = Field(description="of what is granted for some time")
    why_not: str = Field(description="why the token's holder can't decide it; empty when they can")


class Approval(Sent):
    """What the developer is told."""

    note: str = Field("", max_length=2000)
    until: date | None = Field(None, description="last day of an exemption or permission; null: without end")
    versions: list[str] | None = Field(
        None, description="of a binding: the versions that you looked at; 409 where another one is accepted"
    )


class Rejection(Sent):
    """What must change, and where."""

    note: str = Field("", max_length=2000, description="a rejection needs one")


class CodeAsked(Schema):
    """Which version."""

    version: str = Field("", max_length=14, description="of a binding: one of `accepts`; empty: the first of them")


Asking = Annotated[CodeAsked, Query()]


class Code(NamedTuple):
    """The version that a request is about, and the reports that its reviewers may read."""

    decision: ReviewDecision | Binding
    version: Version
    reports: QuerySet[Report]


def decision_for(user: User, permission: Permission, review_id: str) -> Decision:
    """Return the request; 404 for what is no id and outside the application's team, 403 without `permission` in it."""
    kind, pk = _kind_and_pk(review_id)
    decision: Decision = LOADERS[kind](user, permission, pk)
    return decision


def coded_for(user: User, permission: Permission, review_id: str) -> ReviewDecision | Binding:
    """Return a request that comes with code, as `decision_for` does; 404 for one without."""
    kind, pk = _kind_and_pk(review_id)
    if kind == AUDIT:
        return access.open_review_for(user, permission, pk)
    if kind == BINDING:
        return access.binding_for(user, permission, pk)
    raise Http404


def _code(decision: ReviewDecision | Binding, asked: CodeAsked) -> Code:
    """Return the version that comes with a request, and of several the one that is asked for; 404 for any other."""
    if isinstance(decision, Binding):
        versions = querysets.accepted_with(decision)
        version = (versions.numbered(asked.version) if asked.version else versions).first()
        if version is not None:
            return Code(decision, version, querysets.reports_with(decision, version))
    elif asked.version in ("", decision.audit.version.number):
        return Code(decision, decision.audit.version, decision.audit.reports.all())
    raise Http404


def _kind_and_pk(review_id: str) -> tuple[str, int]:
    match = re.fullmatch(ID, review_id)
    if not match:
        raise Http404
    return match[1], int(match[2])


@endpoint(api.get, "/reviews", Scope.DECIDE, Permission.SIGNED_IN, response=Page[Review], tags=TAGS)
def list_reviews(request: ApiRequest, asked: Annotated[ReviewsAsked, Query()]) -> dict[str, Any]:
    """List the requests to the host apps that the token's holder reviews, newest first."""
    parts = [
        _part(rows.filter(STATES[asked.state]), kind, asked)
        for kind, rows in querysets.decidable_by(request.user).items()
        if asked.kind in ("", kind)
    ]
    first, *rest = parts
    found = list(first.union(*rest, all=True).order_by("-requested_at", "-kind", "-pk")[: asked.limit + 1])
    shown = found[: asked.limit]
    return {
        "items": [review_out(line, by=request.user) for line in querysets.lines(shown)],
        "next": _cursor(shown[-1]) if len(found) > len(shown) else "",
    }


def _part(rows: DecisionQuerySet, kind: str, asked: ReviewsAsked) -> Any:
    """Return what of one kind comes after the cursor, in the order of time, kind and primary key."""
    if asked.application_id:
        rows = rows.filter(application__application_id=asked.application_id)
    if asked.cursor:
        match = CURSOR.fullmatch(asked.cursor)
        if not match:
            raise wrong_cursor()
        at, last, pk = EPOCH + int(match[1]) * MICROSECOND, match[2], int(match[3])
        after = Q(requested_at__lt=at)
        if kind <= last:
            after |= Q(requested_at=at, pk__lt=pk) if kind == last else Q(requested_at=at)
        rows = rows.filter(after)
    named = rows.order_by().annotate(kind=Value(kind, output_field=CharField()))
    return named.values("kind", "pk", "requested_at")


def _cursor(row: dict[str, Any]) -> str:
    return f"{(row['requested_at'] - EPOCH) // MICROSECOND}-{row['kind']}-{row['pk']}"


@endpoint(api.get, ONE, Scope.DECIDE, Permission.DECIDE, load=decision_for, response=Review, tags=TAGS)
def get_review(request: ApiRequest, decision: Decision) -> dict[str, Any]:
    """Return a request to a host app."""
    return _one(decision, by=request.user)


@endpoint(api.get, f"{ONE}/report", Scope.DECIDE, Permission.DECIDE, load=coded_for, response=ReportOut, tags=TAGS)
def get_review_report(request: ApiRequest, decision: ReviewDecision | Binding, asked: Asking) -> dict[str, Any]:
    """Return the report on the version in audit, or on one that a binding accepts, as the host app may see it."""
    code = _code(decision, asked)
    return report_out(code.version, code.reports, [code.decision.application])


@endpoint(
    api.post, f"{ONE}/report", Scope.DECIDE, Permission.DECIDE, load=coded_for, response={202: ReportOut}, tags=TAGS
)
def request_review_report(
    request: ApiRequest, decision: ReviewDecision | Binding, asked: Asking
) -> Status[dict[str, Any]]:
    """Have that report written again, with what is online, granted and declared now."""
    code = _code(decision, asked)
    if isinstance(code.decision, Binding):
        reports.request_report(code.version, by=request.user)
    else:
        reports.compare_again(code.decision, by=request.user)
    return Status(202, get_review_report(request, decision, asked))


@endpoint(
    api.get, f"{ONE}/changes", Scope.DECIDE, Permission.DECIDE, load=coded_for, response=VersionChangesOut, tags=TAGS
)
def get_review_changes(request: ApiRequest, decision: ReviewDecision | Binding, asked: Asking) -> dict[str, Any]:
    """Return which files of that version differ from the one that is online; of a binding's, all are new."""
    version, base = _code(decision, asked).version, None
    if isinstance(decision, ReviewDecision):
        if version.state in WAS_ONLINE:
            raise Http404  # It is compared until it is published.
        if querysets.is_bound(version.mini_program, decision.application):
            base = base_of(version)
    return changes_out(version, base)


@endpoint(
    api.get,
    f"{ONE}/package",
    Scope.DECIDE,
    Permission.DECIDE,
    load=coded_for,
    tags=TAGS,
    sends="application/octet-stream",
)
def get_review_package(request: ApiRequest, decision: ReviewDecision | Binding, asked: Asking) -> StreamingHttpResponse:
    """Download the package of that version; each download is on record."""
    version = _code(decision, asked).version
    audited = decision if isinstance(decision, ReviewDecision) else None
    file = releases.export_package(version, decision=audited, by=request.user)
    return attachment(file, size=version.package.size, name=f"{version.mini_program.app_id}_{version}.apkg")


@endpoint(api.post, f"{ONE}/approve", Scope.DECIDE, Permission.DECIDE, load=decision_for, response=Review, tags=TAGS)
def approve_review(request: ApiRequest, decision: Decision, body: Annotated[Approval, Body()]) -> dict[str, Any]:
    """Approve for the host app; not your own request (P-2)."""
    if body.until and not isinstance(decision, ProgramGrant):
        raise wrong_fields([("until", "Only exemptions and permissions end by themselves.")])
    if body.versions is not None and not isinstance(decision, Binding):
        raise wrong_fields([("versions", "Only a binding accepts versions.")])
    return _decide(request, decision, APPROVE, body.note, until=body.until, seen=body.versions)


@endpoint(api.post, f"{ONE}/reject", Scope.DECIDE, Permission.DECIDE, load=decision_for, response=Review, tags=TAGS)
def reject_review(request: ApiRequest, decision: Decision, body: Annotated[Rejection, Body()]) -> dict[str, Any]:
    """Reject for the host app; the first rejection rejects a version."""
    return _decide(request, decision, REJECT, body.note)


def _decide(
    request: ApiRequest,
    decision: Decision,
    word: str,
    note: str,
    *,
    until: date | None = None,
    seen: list[str] | None = None,
) -> dict[str, Any]:
    sent = {"decision": word, "note": note, "until": until.isoformat() if until else ""}
    approve, by = word == APPROVE, request.user
    if isinstance(decision, ProgramGrant):
        data = checked(GrantDecisionForm(sent))
        devmgmt.decide(decision, approve=approve, by=by, note=data["note"], until=data["until"])
        return _one(decision, by=by)
    note = checked(DecisionForm(sent))["note"]
    if isinstance(decision, Binding):
        decide_binding(decision, approve=approve, by=by, note=note, seen=seen)
    else:
        assert isinstance(decision, ReviewDecision)  # noqa: S101 - there is no other kind
        releases.decide(decision, approve=approve, by=by, note=note)
    return _one(decision, by=by)


def _one(decision: Decision, *, by: User) -> dict[str, Any]:
    """Return a request, with the versions that a binding accepts while it is live."""
    kind = next(kind for kind, model in querysets.MODELS.items() if isinstance(decision, model))
    found = review_out(querysets.line(kind, decision), by=by)
    if not isinstance(decision, Binding):
        return found
    accepts = [
        {"version": version.number, "state": version.state, "package_sha256": version.package.sha256}
        for version in querysets.accepted_with(decision)
    ]
    first = {name: accepts[0][name] for name in ("version", "package_sha256")} if accepts else {}
    return found | first | {"accepts": accepts}


def review_out(line: Line, *, by: User) -> dict[str, Any]:
    """Return a request as lists show it to who decides."""
    decision, program = line.decision, line.program
    audit = decision.audit if isinstance(decision, ReviewDecision) else None
    return {
        "id": f"{line.kind}-{decision.pk}",
        "kind": line.kind,
        "subject": decision.subject(),
        "state": decision.state,
        "application": application_ref(decision.application),
        "program": program_ref(program),
        "version": audit.version.number if audit else None,
        "package_sha256": audit.package_sha256 if audit else None,
        "accepts": None,
        "audit": audit.number if audit else None,
        "api": line.what if line.kind == PERMISSION else None,
        "reason": decision.reason,
        "requested_by": str(decision.requested_by),
        "requested_at": decision.requested_at,
        "decided_by": str(decision.decided_by) if decision.decided_by else None,
        "decided_at": decision.decided_at,
        "note": decision.note,
        "expires_at": decision.expires_at if isinstance(decision, ProgramGrant) else None,
        "why_not": why_not_decide(decision, by=by),
    }
