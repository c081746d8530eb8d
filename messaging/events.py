"""What happens to gateways, bans, templates and failed messages."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from console.base.accounts.notifying import Notify, members_with
from console.base.accounts.permissions import Permission
from console.base.accounts.states import NotificationKind
from console.base.activity.events import Event
from console.base.activity.fields import Choice, Field, Number, State
from console.base.hosts.events import ApplicationEvent, app_administrators
from messaging.localization import ban_subject
from messaging.states import TemplateCategory, TemplateKind
from miniprograms.events import PartEvent

PUBLIC_TEMPLATE = {
    "category": Choice(_("Category"), TemplateCategory),
    "chinese_title": Field(_("Title in Chinese")),
    "english_title": Field(_("Title in English")),
    "number": Number(_("Number")),
    "offered": Field(_("In library")),
    "type": Choice(_("Type"), TemplateKind),
}


class BanEvent(PartEvent):
    """What happened to an application's ban of a template, or of all messages of a program."""

    @property
    def label(self) -> str:
        # Names as they are kept, not as this person reads them.
        what = [self.on.template.title] if self.on.template else []
        return " – ".join(map(str, [*what, self.program, self.on.application]))[:200]

    @property
    def short(self) -> str:
        return self.label

    def belongs(self) -> dict[str, Any]:
        return super().belongs() | {"application_id": self.on.application.application_id}

    def words(self) -> dict[str, Any]:
        return super().words() | {"application": self.on.application, "what": ban_subject(self.on)}


def developers(text: str | Promise) -> Notify:
    """Return what notifies those who work on the program."""
    return Notify(
        kind=NotificationKind.MESSAGES,
        to=lambda event: members_with(event.program.team, Permission.DEVELOP),
        text=text,
        url=lambda event: reverse("messaging:templates", args=[event.program.app_id]),
    )


def _address(event: GatewaySet) -> str:
    return str((event.after or {})["address"])


class GatewaySet(ApplicationEvent):
    name, icon, colour = "gateway.set", "edit", "blue"
    log = _("Message gateway set")
    fields = {"address": Field(_("Address"))}
    kept = True  # the revisions of a gateway are counted by them
    notify = (
        app_administrators(_("%(person)s changed the message gateway of %(application)s"), "hosts:gateway", _address),
    )


class GatewayRemoved(GatewaySet):
    """The gateway was set to none."""

    notify = (app_administrators(_("%(person)s removed the message gateway of %(application)s"), "hosts:gateway"),)


class GatewayTested(ApplicationEvent):
    name, icon, colour = "gateway.tested", "send", "blue"
    log = _("Gateway test sent")
    fields = {"address": Field(_("Address")), "seconds": Field(_("Seconds")), "status": Field(_("Response"))}


class MessagesBanned(BanEvent):
    name, icon, colour = "messages.banned", "ban", "red"
    log = _("Messages stopped")
    in_list = _("Messages stopped: %(label)s")
    notify = (developers(_("%(application)s stopped messages from %(what)s")),)


class MessagesAllowed(BanEvent):
    name, icon, colour = "messages.allowed", "check", "green"
    log = _("Messages allowed")
    in_list = _("Messages allowed: %(label)s")
    notify = (developers(_("%(application)s allows messages from %(what)s again")),)


class MessagesReplayed(ApplicationEvent):
    name, icon, colour = "messages.replayed", "refresh", "blue"
    log = _("All failed messages sent again")
    fields = {"messages": Field(_("Messages"))}


class PublicTemplateCreated(Event):
    name, icon, colour = "public_template.created", "plus", "blue"
    log = _("Public template created")
    fields = PUBLIC_TEMPLATE


class PublicTemplateEdited(Event):
    name, icon, colour = "public_template.edited", "edit", "blue"
    log = _("Public template edited")
    fields = PUBLIC_TEMPLATE


class PublicTemplateDeleted(Event):
    name, icon, colour = "public_template.deleted", "trash", "red"
    log = _("Public template deleted")
    fields = PUBLIC_TEMPLATE


class TemplateAdded(PartEvent):
    name, icon, colour = "template.added", "plus", "blue"
    log = _("Message template added")
    in_list = _("Message template added: %(label)s")
    fields = {"keywords": Field(_("Keywords")), "note": Field(_("Use case"))}

    @property
    def short(self) -> str:
        return str(self.on.title)


class TemplateDeleted(PartEvent):
    name, icon, colour = "template.deleted", "trash", "red"
    log = _("Message template deleted")
    in_list = _("Message template deleted: %(label)s")
    fields = {"keywords": Field(_("Keywords")), "note": Field(_("Use case"))}

    @property
    def short(self) -> str:
        return str(self.on.title)


class MessageReplayed(PartEvent):
    name, icon, colour = "message.replayed", "refresh", "blue"
    log = _("Failed message sent again")
    in_list = ""  # messages go on by themselves
    fields = {"state": State(_("Status")), "tries": Field(_("Attempts"))}
