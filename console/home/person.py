"""In which teams and applications a person may do what: what decides which questions the home page asks."""

from __future__ import annotations

from functools import cached_property

from console.base.accounts.access import held_by_team
from console.base.accounts.models import User
from console.base.accounts.permissions import APPLICATION_ROLE_PERMISSIONS, Permission


class Person:
    """A user with their roles; what is not asked costs nothing."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.held = held_by_team(user)

    def teams(self, permission: Permission) -> list[int]:
        """Return the ids of the teams in which the person holds `permission`."""
        return [team for team, permissions in self.held.items() if permission in permissions]

    @property
    def uploads(self) -> bool:
        """Whether the person brings versions in somewhere."""
        return bool(self.teams(Permission.UPLOAD))

    @cached_property
    def application_permissions(self) -> frozenset[Permission]:
        """What the person may do in at least one application."""
        if not self.held:  # Who left a team has no role in its applications (P-3).
            return frozenset()
        roles = self.user.application_roles.values_list("role", flat=True)
        return frozenset().union(*(APPLICATION_ROLE_PERMISSIONS[role] for role in roles))

    @property
    def decides(self) -> bool:
        """Whether requests can wait for the person."""
        return Permission.DECIDE in self.application_permissions

    @property
    def administers_applications(self) -> bool:
        """Whether the state of some application is the person's business."""
        return Permission.EDIT_APPLICATION in self.application_permissions
