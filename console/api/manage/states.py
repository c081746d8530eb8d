"""What a token may do (A-1)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from console.base.accounts.permissions import Permission, TeamRole


class Scope(models.TextChoices):
    """A part of the API; a token names those that it opens."""

    READ = "read", _("Read")
    UPLOAD = "upload", _("Upload versions")
    SUBMIT = "submit", _("Submit for audit")
    PUBLISH = "publish", _("Publish and roll back")


COVERS = {
    Scope.READ: _("Mini programs, versions and audit records."),
    Scope.UPLOAD: _("Upload packages as new versions."),
    Scope.SUBMIT: _("Submit versions for audit and withdraw audits."),
    Scope.PUBLISH: _("Put approved versions online, and go back to earlier ones."),
}

# The least role of a robot that has a scope: its membership says what it may do at most, its token what it does.
ROLE_OF_SCOPE: dict[str, TeamRole] = {
    Scope.READ: TeamRole.VIEWER,
    Scope.UPLOAD: TeamRole.DEVELOPER,
    Scope.SUBMIT: TeamRole.DEVELOPER,
    Scope.PUBLISH: TeamRole.LICENSE_HOLDER,
}
# What a route may declare: keys, people and passwords are for people at pages.
OPEN_TO_TOKENS = (
    Permission.SIGNED_IN, Permission.VIEW, Permission.UPLOAD, Permission.DEVELOP, Permission.MANAGE,
    Permission.VIEW_APPLICATION,
)  # fmt: skip


def role_of(scopes: list[str]) -> TeamRole:
    """Return the least role in a team that holds these scopes."""
    ranks = [TeamRole.VIEWER, TeamRole.DEVELOPER, TeamRole.LICENSE_HOLDER]
    return max((ROLE_OF_SCOPE[scope] for scope in scopes), key=ranks.index, default=TeamRole.VIEWER)
