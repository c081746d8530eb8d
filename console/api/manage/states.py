"""What a token may do (A-1)."""

from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from console.base.accounts.permissions import Permission, TeamRole


class Scope(models.TextChoices):
    """A part of the API; a token names those that it opens."""

    READ = "read", _("Read")
    UPLOAD = "upload", _("Upload versions")
    SUBMIT = "submit", _("Submit for audit")
    TRIAL = "trial", _("Set trial versions")
    PUBLISH = "publish", _("Publish and roll back")
    ROLLOUT = "rollout", _("Run grayscale tasks")
    CONFIGURE = "configure", _("Change settings")
    DECIDE = "decide", _("Decide audits and requests")
    UPLOAD_KEYS = "upload_keys", _("Create upload keys")


COVERS = {
    Scope.READ: _("See what the pages show."),
    Scope.UPLOAD: _("Upload packages as new versions."),
    Scope.SUBMIT: _("Submit versions for audit and withdraw audits."),
    Scope.TRIAL: _("Choose the version that testers get, and read its link."),
    Scope.PUBLISH: _("Publish and roll back versions, and put mini programs on and off the shelf."),
    Scope.ROLLOUT: _("Create, start, change and end grayscale tasks."),
    Scope.CONFIGURE: _(
        "Mini programs, domains, permissions, host apps, templates, messages, privacy agreements and offline packages."
    ),
    Scope.DECIDE: _("Read what is submitted to the host apps that you review, and decide."),
    Scope.UPLOAD_KEYS: _("Create robots that upload for the same mini program. Only for the platform’s SDK."),
}

# The least role of a robot that has a scope: its membership says what it may do at most, its token what it does.
ROLE_OF_SCOPE: dict[Scope, TeamRole] = {
    Scope.READ: TeamRole.VIEWER,
    Scope.UPLOAD: TeamRole.DEVELOPER,
    Scope.SUBMIT: TeamRole.DEVELOPER,
    Scope.TRIAL: TeamRole.DEVELOPER,
    Scope.PUBLISH: TeamRole.LICENSE_HOLDER,
    Scope.ROLLOUT: TeamRole.LICENSE_HOLDER,
    Scope.CONFIGURE: TeamRole.LICENSE_HOLDER,
    Scope.UPLOAD_KEYS: TeamRole.DEVELOPER,
}  # A robot belongs to a team, so it decides nothing for a host app.
ANY_SCOPE = "any"  # what the API's description says of an operation that every token opens
OF_PEOPLE = [scope for scope in Scope if scope is not Scope.UPLOAD_KEYS]  # those of a person's own token


class LoginState(models.TextChoices):
    """What became of a program's request for a token of somebody's own (RFC 8628)."""

    WAITING = "waiting", _("Waiting")
    APPROVED = "approved", _("Approved")
    DENIED = "denied", _("Denied")
    USED = "used", _("Used")


ANSWERS_KEPT = timedelta(days=1)  # for requests that are repeated with their Idempotency-Key
MOST_ANSWERS, MOST_ANSWER_BYTES = 5000, 50_000_000  # of one token in that time

# What a route may declare: keys, people and passwords are for people at pages.
OPEN_TO_TOKENS = (
    Permission.SIGNED_IN, Permission.VIEW, Permission.UPLOAD, Permission.DEVELOP, Permission.MANAGE,
    Permission.VIEW_APPLICATION, Permission.DECIDE,
)  # fmt: skip


def role_of(scopes: list[str]) -> TeamRole:
    """Return the least role in a team that holds these scopes."""
    ranks = [TeamRole.VIEWER, TeamRole.DEVELOPER, TeamRole.LICENSE_HOLDER]
    return max((ROLE_OF_SCOPE[Scope(scope)] for scope in scopes), key=ranks.index, default=TeamRole.VIEWER)
