"""What people are notified of, kind by kind."""

from dataclasses import dataclass

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class NotificationKind(models.TextChoices):
    """The kinds of notifications that a person switches on and off."""

    REVIEW = "review", _("Requests waiting for my decision")
    DECISION = "decision", _("Decisions on my requests")
    RELEASE = "release", _("Publishing and rollbacks in my teams")
    GRAYSCALE = "grayscale", _("Automatic changes of grayscale tasks")
    MESSAGES = "messages", _("Stopped subscription messages")
    KEYS = "keys", _("Secrets and keys")
    PEOPLE = "people", _("Teams, roles and invitations")
    PLATFORM = "platform", _("Console outages")


@dataclass(frozen=True)
class About:
    """A kind's icon, what it covers, and why a person is notified: sentences."""

    icon: str
    covers: str | Promise
    because: str | Promise


ABOUT: dict[str, About] = {
    NotificationKind.REVIEW: About(
        "clipboard-check",
        _("New requests for your apps, and a daily reminder of overdue ones."),
        _("You get this because you decide requests for an app."),
    ),
    NotificationKind.DECISION: About(
        "checks",
        _("Audits, bindings, domain verification and interface permissions: approved, rejected or revoked."),
        _("You get this because you made the request or manage the mini program."),
    ),
    NotificationKind.RELEASE: About(
        "rocket",
        _("Another version went online in your teams or apps."),
        _("You get this because you manage the mini program or an app that serves it."),
    ),
    NotificationKind.GRAYSCALE: About(
        "adjustments-horizontal",
        _("Tasks that did not start, were suspended by a guardrail or ended early."),
        _("You get this because you manage the mini program or created the task."),
    ),
    NotificationKind.MESSAGES: About(
        "message-off",
        _("An app banned templates or a mini program, or messages could not be delivered."),
        _("You get this because you work on the mini program or administer the app."),
    ),
    NotificationKind.KEYS: About(
        "key",
        _("Secrets were generated, reset or frozen; device keys, signing keys or gateways changed."),
        _("You get this because you administer the team or the app."),
    ),
    NotificationKind.PEOPLE: About(
        "users",
        _("Your roles changed, or someone you invited joined."),
        _("You get this because it is about your teams and roles."),
    ),
    NotificationKind.PLATFORM: About(
        "heart-broken",
        _("Operators only: a worker, the scheduler or a periodic task has stopped responding."),
        _("You get this because you are an operator."),
    ),
}
# Of a kind that a later release has: its rows are read here, too, while it takes over.
LATER = About("bell", "", _("You get this because it is about your work in the console."))


class SecurityKind(models.TextChoices):
    """The events in the security log of an account (P-6); the words are in `SECURITY`."""

    SIGNED_IN = "signed_in", _("Signed in")
    CONFIRMED = "confirmed", _("Identity confirmed")
    WRONG_PASSWORD = "wrong_password", _("Wrong password")
    WRONG_CODE = "wrong_code", _("Wrong code")
    BLOCKED = "blocked", _("Too many attempts")
    CODE_USED = "recovery_code_used", _("Recovery code used")
    PASSWORD = "password_changed", _("Password changed")
    FACTOR_ADDED = "factor_added", _("Sign-in factor added")
    FACTOR_RENEWED = "factor_renewed", _("Sign-in factor renewed")
    FACTOR_REMOVED = "factor_removed", _("Sign-in factor removed")
    ADDRESS_ASKED = "address_asked", _("E-mail change requested")
    ADDRESS = "address_changed", _("E-mail address changed")
    ADDRESS_REFUSED = "address_refused", _("E-mail change declined")
    SESSIONS = "sessions_ended", _("Sessions ended")
    ACCOUNT = "account_edited", _("Account edited by an operator")
    ROLE = "role_changed", _("Role changed")
    DENIED = "sign_in_denied", _("Sign-in reported as suspicious")
    PROVIDER_REFUSED = "provider_refused", _("Sign-in by an identity provider refused")
    IDENTITY_LINKED = "identity_linked", _("Identity provider linked")
    IDENTITY_UNLINKED = "identity_unlinked", _("Identity provider unlinked")
    LINK_MADE = "sign_in_link_made", _("One-time sign-in link created")
    TOKEN_CREATED = "token_created", _("API token created")
    TOKEN_REVOKED = "token_revoked", _("API token revoked")


@dataclass(frozen=True)
class SecurityAbout:
    """Icon and words of a kind of entry in the security log."""

    icon: str
    words: str | Promise


S = SecurityKind
SECURITY: dict[str, SecurityAbout] = {
    S.SIGNED_IN: SecurityAbout("login", S.SIGNED_IN.label),
    S.CONFIRMED: SecurityAbout("shield-check", S.CONFIRMED.label),
    S.WRONG_PASSWORD: SecurityAbout("x", S.WRONG_PASSWORD.label),
    S.WRONG_CODE: SecurityAbout("x", S.WRONG_CODE.label),
    S.BLOCKED: SecurityAbout("ban", S.BLOCKED.label),
    S.CODE_USED: SecurityAbout("lifebuoy", S.CODE_USED.label),
    S.PASSWORD: SecurityAbout("password", S.PASSWORD.label),
    S.FACTOR_ADDED: SecurityAbout("plus", S.FACTOR_ADDED.label),
    S.FACTOR_RENEWED: SecurityAbout("refresh", S.FACTOR_RENEWED.label),
    S.FACTOR_REMOVED: SecurityAbout("x", S.FACTOR_REMOVED.label),
    S.ADDRESS_ASKED: SecurityAbout("mail", S.ADDRESS_ASKED.label),
    S.ADDRESS: SecurityAbout("mail", S.ADDRESS.label),
    S.ADDRESS_REFUSED: SecurityAbout("x", S.ADDRESS_REFUSED.label),
    S.SESSIONS: SecurityAbout("logout", S.SESSIONS.label),
    S.ACCOUNT: SecurityAbout("user", S.ACCOUNT.label),
    S.ROLE: SecurityAbout("users", S.ROLE.label),
    S.DENIED: SecurityAbout("alert-triangle", S.DENIED.label),
    S.PROVIDER_REFUSED: SecurityAbout("x", S.PROVIDER_REFUSED.label),
    S.IDENTITY_LINKED: SecurityAbout("link", S.IDENTITY_LINKED.label),
    S.IDENTITY_UNLINKED: SecurityAbout("unlink", S.IDENTITY_UNLINKED.label),
    S.LINK_MADE: SecurityAbout("key", S.LINK_MADE.label),
    S.TOKEN_CREATED: SecurityAbout("key", S.TOKEN_CREATED.label),
    S.TOKEN_REVOKED: SecurityAbout("key-off", S.TOKEN_REVOKED.label),
}
ROUTINE = (S.SIGNED_IN, S.CONFIRMED)
FAILURES = (S.WRONG_PASSWORD, S.WRONG_CODE, S.BLOCKED, S.PROVIDER_REFUSED)
# What administrators of a team see of its members; not from where they work.
FOR_TEAMS = (
    *FAILURES, S.CODE_USED, S.PASSWORD, S.FACTOR_ADDED, S.FACTOR_RENEWED, S.FACTOR_REMOVED, S.ADDRESS, S.DENIED,
    S.IDENTITY_LINKED, S.IDENTITY_UNLINKED, S.LINK_MADE, S.TOKEN_CREATED,
)  # fmt: skip
