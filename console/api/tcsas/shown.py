"""Times, addresses and states as the SDK's models have them (A-5)."""

from __future__ import annotations

from datetime import UTC, datetime

from django.conf import settings

from console.base.hosts.states import DecisionState
from miniprograms.models import MiniProgram
from releases.states import AuditState

PENDING, PROCESSING, REJECTED, APPROVED, CANCELLED = range(5)
STATUS_OF_AUDIT: dict[str, int] = {
    AuditState.IN_AUDIT: PROCESSING,
    AuditState.REJECTED: REJECTED,
    AuditState.APPROVED: APPROVED,
    AuditState.WITHDRAWN: CANCELLED,
}
STATUS_OF_DECISION: dict[str, int] = {
    DecisionState.WAITING: PROCESSING,
    DecisionState.REJECTED: REJECTED,
    DecisionState.APPROVED: APPROVED,
    DecisionState.WITHDRAWN: CANCELLED,
    DecisionState.ENDED: CANCELLED,
}
DONE = {"Result": True}


def moment(at: datetime | None) -> str:
    """Return a time as ISO 8601 has it, in UTC; "" for none."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else ""


def program_facts(program: MiniProgram) -> dict[str, object]:
    """Return what many answers say of a mini program."""
    return {
        "MNPId": program.app_id,
        "MNPName": program.name,
        "MNPIcon": f"{settings.BASE_URL}{program.icon.url}" if program.icon else "",
        "MNPType": str(program.category),
        "MNPIntro": program.introduction,
    }
