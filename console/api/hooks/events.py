"""What happens to webhooks (A-4)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from console.api.hooks.models import Webhook
from console.api.hooks.states import Format
from console.base.accounts.models import User
from console.base.accounts.notifying import Notify, members_with
from console.base.accounts.permissions import Permission
from console.base.accounts.states import NotificationKind
from console.base.activity.events import Event
from console.base.activity.fields import Choice, Field
from console.base.core.outbox.reasons import in_words
from console.base.hosts.people import administrators_of


class WebhookEvent(Event):
    """What became of a webhook; on record where what it hears is."""

    fields = {
        "address": Field(_("Address")),
        "events": Field(_("Events")),
        "format": Choice(_("Format"), Format),
        "language": Field(_("Language")),
        "mini_program": Field(_("Mini program")),
        "secret": Field(_("Secret")),
        "overlap": Field(_("Hours the old secret keeps working")),
        "deliveries": Field(_("Deliveries")),
    }

    @property
    def webhook(self) -> Webhook:
        """What it is about."""
        row: Webhook = self.on
        return row

    @property
    def short(self) -> str:
        return self.webhook.address

    def belongs(self) -> dict[str, Any]:
        hook = self.webhook
        if hook.application:
            return {"team_id": hook.application.team_id, "application_id": hook.application.application_id}
        program = {"mini_program_id": hook.mini_program.app_id} if hook.mini_program else {}
        return {"team_id": hook.team_id} | program

    def words(self) -> dict[str, Any]:
        whose = self.webhook.application or self.webhook.mini_program or self.webhook.team
        return {"person": self.by, "address": self.webhook.address, "whose": whose}


def administrators(event: WebhookEvent) -> Iterable[User]:
    """Return who manages the webhook."""
    if event.webhook.application:
        return [person.user for person in administrators_of(event.webhook.application)]
    return members_with(event.webhook.team, Permission.ADMINISTER) if event.webhook.team else ()


def _told(text: str | Promise, **options: Any) -> tuple[Notify, ...]:
    return (Notify(kind=NotificationKind.KEYS, to=administrators, text=text, url=_page, **options),)


def _page(event: WebhookEvent) -> str:
    return event.webhook.get_absolute_url()


class WebhookCreated(WebhookEvent):
    name, icon, colour = "webhook.created", "webhook", "green"
    log = _("Webhook created")
    notify = _told(_("%(person)s created a webhook of %(whose)s: %(address)s"))


class WebhookEdited(WebhookEvent):
    name, icon, colour = "webhook.edited", "edit", "blue"
    log = _("Webhook changed")
    notify = _told(_("%(person)s changed a webhook of %(whose)s: %(address)s"))


class WebhookSecretReplaced(WebhookEvent):
    name, icon, colour = "webhook.secret_replaced", "refresh", "blue"
    log = _("Webhook secret replaced")
    notify = _told(_("%(person)s replaced the secret of a webhook of %(whose)s: %(address)s"))


class WebhookSwitchedOff(WebhookEvent):
    """By a person, or by the console after days of failures."""

    name, icon, colour = "webhook.switched_off", "plug-off", "orange"
    log = _("Webhook switched off")
    notify = _told(
        _("A webhook of %(whose)s was switched off: %(address)s"), detail=lambda event: in_words(str(event.reason))
    )


class WebhookSwitchedOn(WebhookEvent):
    name, icon, colour = "webhook.switched_on", "plug", "green"
    log = _("Webhook switched on")


class WebhookReplayed(WebhookEvent):
    name, icon, colour = "webhook.replayed", "refresh", "blue"
    log = _("Webhook deliveries sent again")


class WebhookDeleted(WebhookEvent):
    name, icon, colour = "webhook.deleted", "trash", "red"
    log = _("Webhook deleted")
    notify = _told(_("%(person)s deleted a webhook of %(whose)s: %(address)s"))
