"""Who may do what, on one screen (docs/rules.md, section 0)."""

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from console.base.core.text import all_of


class Permission(models.TextChoices):
    """What a role may do; each route of the console names one."""

    # in a team
    VIEW = "view", _("see the team’s mini programs")
    UPLOAD = "upload", _("upload versions, submit and withdraw audits")
    DEVELOP = "develop", _("edit domains and templates, request permissions")
    MANAGE = "manage", _("create, edit, publish, roll back and bind mini programs, and put them on or off the shelf")
    ADMINISTER = "administer", _("manage keys, members and the team")
    # in a host application
    VIEW_APPLICATION = "view_application", _("see the app")
    DECIDE = "decide", _("decide audits, bindings and requests")
    EDIT_APPLICATION = "edit_application", _("edit the app, its reviewers and keys")
    # outside teams
    PUBLIC = "public", _("anyone")
    SIGNED_IN = "signed_in", _("any signed-in user")
    OPERATOR = "operator", _("operators")
    DEVICE = "device", _("host app key")
    SERVER = "server", _("mini program secret")
    TOKEN = "token", _("API token")


class TeamRole(models.TextChoices):
    ADMIN = "admin", _("Team administrator")
    LICENSE_HOLDER = "license_holder", _("License holder")
    DEVELOPER = "developer", _("Developer")
    VIEWER = "viewer", _("Viewer")


class ApplicationRole(models.TextChoices):
    """The role of a person in a host application."""

    APP_ADMIN = "app_admin", _("Application administrator")
    REVIEWER = "reviewer", _("Reviewer")


# Roles in a sentence about everyone who has them.
IN_PLURAL: dict[str, str | Promise] = {
    TeamRole.ADMIN: _("team administrators"),
    TeamRole.LICENSE_HOLDER: _("license holders"),
    TeamRole.DEVELOPER: _("developers"),
    TeamRole.VIEWER: _("viewers"),
    ApplicationRole.APP_ADMIN: _("application administrators"),
    ApplicationRole.REVIEWER: _("reviewers"),
}

P = Permission

TEAM_ROLE_PERMISSIONS: dict[str, frozenset[Permission]] = {
    TeamRole.ADMIN: frozenset({P.VIEW, P.UPLOAD, P.DEVELOP, P.MANAGE, P.ADMINISTER, P.VIEW_APPLICATION}),
    TeamRole.LICENSE_HOLDER: frozenset({P.VIEW, P.UPLOAD, P.DEVELOP, P.MANAGE, P.VIEW_APPLICATION}),
    TeamRole.DEVELOPER: frozenset({P.VIEW, P.UPLOAD, P.DEVELOP, P.VIEW_APPLICATION}),
    TeamRole.VIEWER: frozenset({P.VIEW, P.VIEW_APPLICATION}),
}

APPLICATION_ROLE_PERMISSIONS: dict[str, frozenset[Permission]] = {
    ApplicationRole.APP_ADMIN: frozenset({P.VIEW_APPLICATION, P.DECIDE, P.EDIT_APPLICATION}),
    ApplicationRole.REVIEWER: frozenset({P.VIEW_APPLICATION, P.DECIDE}),
}


def team_roles_with(permission: Permission) -> list[str]:
    return [role for role, held in TEAM_ROLE_PERMISSIONS.items() if permission in held]


def application_roles_with(permission: Permission) -> list[str]:
    return [role for role, held in APPLICATION_ROLE_PERMISSIONS.items() if permission in held]


def lacking(held: frozenset[Permission], permission: Permission) -> str:
    """Return why someone who holds `held` may not, naming the roles that may; "" when they may.

    It is the reason under a disabled action.
    """
    if permission in held:
        return ""
    roles = [*team_roles_with(permission), *application_roles_with(permission)]
    return gettext("Only %(roles)s can do this.") % {"roles": all_of(IN_PLURAL[role] for role in roles)}
