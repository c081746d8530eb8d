"""Audits: submit, take back, read, decide (A-5)."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import msgspec
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from console.api.manage.endpoint import ApiRequest
from console.api.manage.guard import enter
from console.api.manage.states import Scope
from console.api.tcsas.errors import Refused, invalid
from console.api.tcsas.forms import NoteForm, valid
from console.api.tcsas.loading import program_of, version_of
from console.api.tcsas.registry import action
from console.api.tcsas.schema import Asked, Id, OfVersion, Part
from console.api.tcsas.shown import DONE, STATUS_OF_AUDIT, STATUS_OF_DECISION, moment, program_facts
from console.base.accounts.access import row_or_404
from console.base.accounts.models import User
from console.base.accounts.permissions import Permission
from console.base.hosts.models import HostApplication
from miniprograms.models import MiniProgram
from releases import actions
from releases.access import audit_for, review_for
from releases.models import Audit, ReviewDecision, Version

REJECT, APPROVE = 2, 3


class Approval(OfVersion):
    """What becomes of a version."""

    apply_action: str


class OfProgramPart(Part, kw_only=True):
    """A part of a mini program's audits."""

    mnp_id: str


class OfAudit(Asked):
    """About an audit."""

    audit_no: str


class Item(Asked):
    """What one host app decides."""

    app_id: str
    approval_result: Id
    approval_note: str = ""


class Decisions(Asked):
    """What host apps decide on an audit."""

    approval_no: str
    approval_items: Annotated[list[Item], msgspec.Meta(max_length=1000)] = msgspec.field(default_factory=list)


@action("CreateMNPApproval", Scope.SUBMIT, Permission.UPLOAD, load=version_of)
def approve(request: ApiRequest, version: Version, asked: Approval) -> dict[str, Any]:
    """Submit a version for audit (V-9), or take it back (V-10)."""
    if asked.apply_action == "submit":
        return {"Result": True, "ApprovalNo": actions.submit(version, by=request.user).number}
    if asked.apply_action == "cancel":
        return {"Result": True, "ApprovalNo": actions.withdraw(version, by=request.user).number}
    raise invalid("ApplyAction", _("ApplyAction is submit or cancel."))


@action("DescribeMNPVersionAuditList", Scope.READ, Permission.VIEW, load=program_of)
def describe_list(request: ApiRequest, program: MiniProgram, asked: OfProgramPart) -> dict[str, Any]:
    """List a mini program's audits, newest first."""
    rows = _with_facts(program.audits.all())
    found = []
    for audit in rows[asked.rows]:
        decisions = list(audit.decisions.all())
        applications = [_application(each, icon="ApplicationIcon") for each in decisions]
        found.append({**_row(audit, decisions), "IsAutoAudit": 0, "AuditAppList": applications})
    return {"TotalCount": rows.count(), "DataList": found}


class Seen(NamedTuple):
    """An audit with those of its decisions that the reader knows of; a robot's is about its program."""

    audit: Audit
    decisions: list[ReviewDecision]
    is_review: bool  # the reader decides for some of its host apps, and is no member of the program's team

    @property
    def mini_program(self) -> MiniProgram:
        """Whose audit it is."""
        return self.audit.mini_program


def _audit(user: User, permission: Permission, asked: OfAudit) -> Seen:
    """Return the audit, all of it for the program's team; for reviewers what is about apps for which they decide."""
    audit = row_or_404(_with_facts(Audit.objects.all()), number=asked.audit_no)
    decisions = list(audit.decisions.all())
    try:
        audit_for(user, permission, audit.mini_program.app_id, audit.number)
    except Http404:
        theirs = set(HostApplication.objects.where(user, Permission.DECIDE).values_list("pk", flat=True))
        decisions = [each for each in decisions if each.application_id in theirs]
        if not decisions:
            raise
        return Seen(audit, decisions, is_review=True)
    return Seen(audit, decisions, is_review=False)


def _with_facts(rows: QuerySet[Audit]) -> QuerySet[Audit]:
    related = ("version", "mini_program__team", "mini_program__category", "submitted_by")
    return rows.select_related(*related).prefetch_related("decisions__application__team", "decisions__decided_by")


@action("DescribeMNPVersionAuditDetail", Scope.READ, Permission.VIEW, load=_audit)
def describe(request: ApiRequest, seen: Seen, asked: OfAudit) -> dict[str, Any]:
    """Return an audit with what each host app decided; a reviewer's token needs the scope `decide`, as for the list."""
    if seen.is_review:
        enter(request, request.token, Scope.DECIDE)
    audit = seen.audit
    audit.version.mini_program = audit.mini_program
    last = _last(seen.decisions)
    return {
        **_row(audit, seen.decisions),
        "AuditNote": last.note if last else "",
        "QRCodeContent": f"{settings.BASE_URL}{audit.version.get_absolute_url()}",
        "AppAuditList": [_decided(audit, each) for each in seen.decisions],
    }


def _row(audit: Audit, decisions: list[ReviewDecision]) -> dict[str, Any]:
    """Return what the SDK's models say of an audit, in lists and alone."""
    last = _last(decisions)
    return {
        **program_facts(audit.mini_program),
        "AuditNo": audit.number,
        "MNPVersion": audit.version.number,
        "MNPVersionId": audit.version_id,
        "MNPVersionIntro": audit.version.notes,
        "ApplyUser": str(audit.submitted_by),
        "ApplyTime": moment(audit.submitted_at),
        "AuditUser": str(last.decided_by) if last else "",
        "AuditTime": moment(audit.closed_at),
        "AuditStatus": STATUS_OF_AUDIT[audit.state],
        "MNPRelAppCount": len(decisions),
    }


def _last(decisions: list[ReviewDecision]) -> ReviewDecision | None:
    made = [(each.decided_at, each.pk, each) for each in decisions if each.decided_at]
    return max(made)[-1] if made else None


def _application(decision: ReviewDecision, *, icon: str) -> dict[str, str]:
    """Return the host app; `icon` is what its icon is called there."""
    application = decision.application
    return {
        "ApplicationId": application.application_id,
        "ApplicationName": application.name,
        icon: f"{settings.BASE_URL}{application.icon.url}" if application.icon else "",
    }


def _decided(audit: Audit, decision: ReviewDecision) -> dict[str, Any]:
    """Return what a host app decided."""
    return {
        **_application(decision, icon="ApplicationLogo"),
        "AuditNo": audit.number,
        "TeamId": str(decision.application.team_id),
        "TeamName": str(decision.application.team),
        "AuditUser": str(decision.decided_by) if decision.decided_by else "",
        "AuditTime": moment(decision.decided_at),
        "AuditStatus": STATUS_OF_DECISION[decision.state],
        "AuditNote": decision.note,
    }


def _reviews(user: User, permission: Permission, asked: Decisions) -> list[ReviewDecision]:
    """Return the decisions that the items name, in their order; 404 and 403 as the inbox has them."""
    if not asked.approval_items:
        raise Refused("InvalidParameterValue.ProcessApprovalItemIsEmpty", _("ApprovalItems is empty."))
    rows = ReviewDecision.objects.filter(audit__number=asked.approval_no)
    named = [row_or_404(rows, application__application_id=item.app_id) for item in asked.approval_items]
    return [review_for(user, permission, decision.pk) for decision in named]


@action("ProcessMNPApproval", Scope.DECIDE, Permission.DECIDE, load=_reviews)
def process(request: ApiRequest, reviews: list[ReviewDecision], asked: Decisions) -> dict[str, bool]:
    """Decide for host apps, all or none of them (V-10)."""
    for item in asked.approval_items:
        if item.approval_result not in (REJECT, APPROVE):
            raise invalid("ApprovalResult", _("ApprovalResult is 2 to reject or 3 to approve."))
    notes = [valid(NoteForm({"note": item.approval_note}))["note"] for item in asked.approval_items]
    with transaction.atomic():
        for review, item, note in zip(reviews, asked.approval_items, notes, strict=True):
            actions.decide(review, approve=item.approval_result == APPROVE, by=request.user, note=note)
    return DONE
