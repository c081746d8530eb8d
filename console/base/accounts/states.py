"""What people are notified of, kind by kind."""

from dataclasses import dataclass

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class NotificationKind(models.TextChoices):
    """The kinds of notifications that a person switches on and off."""

    REVIEW = "review", _("Requests that wait for my decision")
    DECISION = "decision", _("Decisions on what I asked for")
    RELEASE = "release", _("Publishing and rolling back in my teams")
    GRAYSCALE = "grayscale", _("Grayscale tasks that move by themselves")
    MESSAGES = "messages", _("Subscription messages that were stopped")
    KEYS = "keys", _("Secrets and keys")
    PEOPLE = "people", _("Teams, roles and invitations")
    PLATFORM = "platform", _("Parts of the console that stopped working")


@dataclass(frozen=True)
class About:
    """A kind's icon, what it covers, and why a person is notified: sentences."""

    icon: str
    covers: str | Promise
    because: str | Promise


ABOUT: dict[str, About] = {
    NotificationKind.REVIEW: About(
        "clipboard-check",
        _("New requests for your applications, and once a day those that have waited too long."),
        _("You get this because you decide the requests of an application."),
    ),
    NotificationKind.DECISION: About(
        "checks",
        _("Audits, bindings, exemptions and interface permissions: approved, rejected, revoked."),
        _("You get this because you asked for it, or look after the mini program."),
    ),
    NotificationKind.RELEASE: About(
        "rocket",
        _("Someone put another version online, in your teams or on your applications."),
        _("You get this because you manage the mini program, or an application that serves it."),
    ),
    NotificationKind.GRAYSCALE: About(
        "adjustments-horizontal",
        _("Tasks that did not start, were suspended by a guardrail, or ended before their time."),
        _("You get this because you manage the mini program, or made the task."),
    ),
    NotificationKind.MESSAGES: About(
        "message-off",
        _("An application banned templates or a mini program, or messages could not be delivered."),
        _("You get this because you work on the mini program, or run the application."),
    ),
    NotificationKind.KEYS: About(
        "key",
        _("Secrets were made, reset or frozen; device keys, signing keys and gateways were changed."),
        _("You get this because you administer the team or the application."),
    ),
    NotificationKind.PEOPLE: About(
        "users",
        _("Your own roles changed, or someone whom you invited joined."),
        _("You get this because it is about your teams and roles."),
    ),
    NotificationKind.PLATFORM: About(
        "heart-broken",
        _("Operators only: a worker, the scheduler or a periodic task shows no sign of life."),
        _("You get this because you are an operator."),
    ),
}
# Of a kind that a later release has: its rows are read here, too, while it takes over.
LATER = About("bell", "", _("You get this because it is about your work in the console."))
