"""What waits for reviewers, and what they decided (A-5, V-10)."""

from __future__ import annotations

from typing import Any

import msgspec
from django.conf import settings

from console.api.manage.endpoint import ApiRequest
from console.api.manage.states import Scope
from console.api.tcsas.registry import action
from console.api.tcsas.schema import Part
from console.api.tcsas.shown import STATUS_OF_DECISION, moment, program_facts
from console.base.accounts.permissions import Permission
from releases.models import ReviewDecision


class Listed(Part):
    """Which requests."""

    approval_status_list: list[int] = msgspec.field(default_factory=list)
    keyword: str = ""
    application_id: str = ""


@action("DescribeMNPApprovalList", Scope.READ, Permission.SIGNED_IN)
def describe_list(request: ApiRequest, asked: Listed) -> dict[str, Any]:
    """List the audits that the token's holder decides for host apps, newest first; none for a token that may not."""
    facts = ("audit__version", "audit__mini_program__team", "audit__mini_program__category", "audit__submitted_by")
    rows = ReviewDecision.objects.decidable_by(request.user).select_related(*facts, "application", "decided_by")
    if Scope.DECIDE not in request.token.scopes:
        rows = rows.none()
    if asked.approval_status_list:
        states = [state for state, number in STATUS_OF_DECISION.items() if number in asked.approval_status_list]
        rows = rows.filter(state__in=states)
    if asked.keyword:
        rows = rows.filter(audit__mini_program__name__icontains=asked.keyword)
    if asked.application_id:
        rows = rows.filter(application__application_id=asked.application_id)
    return {"TotalCount": rows.count(), "DataList": [_row(decision) for decision in rows.order_by("-pk")[asked.rows]]}


def _row(decision: ReviewDecision) -> dict[str, Any]:
    audit, application = decision.audit, decision.application
    audit.version.mini_program = audit.mini_program
    facts = {name: value for name, value in program_facts(audit.mini_program).items() if name != "MNPIntro"}
    return {
        **facts,
        "ApprovalNo": audit.number,
        "ApprovalStatus": STATUS_OF_DECISION[decision.state],
        "ApprovalUser": str(decision.decided_by) if decision.decided_by else "",
        "ApprovalTime": moment(decision.decided_at),
        "ApprovalNote": decision.note,
        "ApplicationId": application.application_id,
        "ApplicationName": application.name,
        "ApplicationLogo": f"{settings.BASE_URL}{application.icon.url}" if application.icon else "",
        "ApplyUser": str(audit.submitted_by),
        "ApplyTime": moment(audit.submitted_at),
        "MNPVersion": audit.version.number,
        "MNPVersionId": audit.version_id,
        "TeamId": str(audit.mini_program.team_id),
        "TeamName": str(audit.mini_program.team),
    }
