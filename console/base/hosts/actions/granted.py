"""Roles in host applications that groups of an identity provider give and take (P-10)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime

from console.base.accounts.identity.configuration import Grants
from console.base.accounts.identity.granting import ByProvider
from console.base.accounts.models import User
from console.base.accounts.permissions import TeamRole
from console.base.core.errors import ActionRefused
from console.base.hosts.actions import add_person, change_role, remove_person
from console.base.hosts.models import HostApplication

logger = logging.getLogger(__name__)


def teams_of(grants: Grants) -> Mapping[int, str]:
    """Return the teams that own the applications: who has a role there is a member, at least a viewer."""
    teams = HostApplication.objects.filter(application_id__in=grants.applications).values_list("team_id", flat=True)
    return dict.fromkeys(teams, TeamRole.VIEWER.value)


def hold_roles(user: User, wanted: Mapping[str, str], *, by: ByProvider, at: datetime) -> None:
    """Give the roles, by application id, and take those that the provider's groups gave before; in its transaction.

    What people gave stays. What can't be done, as taking the last application administrator, is left and logged.
    """
    held = {
        row.application.application_id: row
        for row in user.application_roles.select_related("application").prefetch_related("application__people__user")
    }
    given = {key for key, row in held.items() if row.given_by == by.name}
    there = HostApplication.objects.in_bulk([key for key in wanted if key not in held], field_name="application_id")
    for key in sorted(given | set(wanted)):
        role = wanted.get(key)
        try:
            if key in given and role is None:
                remove_person(held[key], by=by, at=at)
            elif key in given and role and held[key].role != role:
                change_role(held[key], role=role, by=by, at=at)
            elif key in there and role:
                add_person(there[key], user=user, role=role, by=by, at=at)
        except ActionRefused as refused:
            logger.warning("groups of %s, app %s, user %d: %s", by.name, key, user.pk, refused.message)
