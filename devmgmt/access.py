"""From a URL to an exemption, an interface permission or a saved query of one of the user's programs."""

from __future__ import annotations

from typing import TypeVar

from console.base.accounts.access import check, row_or_404
from console.base.accounts.models import User
from console.base.accounts.permissions import Permission
from devmgmt.models import ApiPermission, DomainExemption, ProgramGrant, SavedQuery
from miniprograms.access import mini_program_for

G = TypeVar("G", bound=ProgramGrant)


def exemption_for(user: User, permission: Permission, app_id: str, exemption_id: int) -> DomainExemption:
    """Return an exemption of one of the user's programs, or the request for one."""
    return _grant_for(DomainExemption, user, permission, app_id, exemption_id)


def permission_for(user: User, permission: Permission, app_id: str, permission_id: int) -> ApiPermission:
    """Return an interface permission of one of the user's programs, or the request for one."""
    return _grant_for(ApiPermission, user, permission, app_id, permission_id)


def _grant_for(kind: type[G], user: User, permission: Permission, app_id: str, pk: int) -> G:
    program = mini_program_for(user, permission, app_id)
    return row_or_404(kind.objects.select_related("application"), mini_program=program, pk=pk)


def saved_query_for(user: User, permission: Permission, app_id: str, query_id: int) -> SavedQuery:
    """Return a saved query that this user may change: their own, or as a team administrator one that is shared.

    404 for what is somebody else's alone, 403 for a shared one of somebody else.
    """
    program = mini_program_for(user, permission, app_id)
    saved = row_or_404(SavedQuery.objects.seen_by(user), mini_program=program, pk=query_id)
    check(saved.may_be_changed_by(user, program.held))
    return saved
