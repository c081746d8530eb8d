"""What happens to AppSecrets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from console.base.accounts.notifying import Notify, members_with
from console.base.accounts.permissions import Permission
from console.base.accounts.states import NotificationKind
from console.base.activity.fields import Field, State
from console.base.activity.models import ActivityEntry
from console.base.hosts.events import old_one
from devmgmt.keys.models import AppSecret
from miniprograms.events import PartEvent


class SecretEvent(PartEvent):
    """What happened to a program's AppSecret."""

    fields = {
        "overlap": Field(_("Hours the old secret keeps working")),
        "secret": Field(_("Secret")),
        "state": State(_("Status")),
    }
    details_for = Permission.ADMINISTER

    @property
    def label(self) -> str:
        return str(self.program)


def team_administrators(text: str | Promise, detail: Callable[[Any], str] | None = None) -> Notify:
    """Return what notifies the team's other administrators."""
    return Notify(
        kind=NotificationKind.KEYS,
        to=lambda event: members_with(event.program.team, Permission.ADMINISTER),
        text=text,
        url=lambda event: reverse("keys:keys", args=[event.program.app_id]),
        detail=detail or (lambda event: event.reason.strip()),
    )


def _until(event: SecretReset) -> str:
    return f"{old_one(event)}\n{event.reason}".strip()


class SecretGenerated(SecretEvent):
    name, icon, colour = "secret.generated", "key", "green"
    log = _("AppSecret generated")
    in_list = _("AppSecret generated")
    title = _("Generated")
    notify = (team_administrators(_("The AppSecret of %(program)s was generated")),)


class SecretReset(SecretEvent):
    name, icon, colour = "secret.reset", "refresh", "blue"
    log = _("AppSecret reset")
    in_list = _("AppSecret reset")
    notify = (team_administrators(_("The AppSecret of %(program)s was reset"), _until),)

    def __init__(self, on: AppSecret, *, ends_at: datetime, **values: Any) -> None:
        super().__init__(on, **values)
        self.ends_at = ends_at

    @classmethod
    def title_of(cls, entry: ActivityEntry) -> str:
        if hours := (entry.after or {}).get("overlap"):
            return gettext("Reset, old secret works for %(hours)d h") % {"hours": hours}
        return gettext("Reset, old secret stopped working immediately")


class SecretFrozen(SecretEvent):
    name, icon, colour = "secret.frozen", "snowflake", "red"
    log = _("AppSecret frozen")
    in_list = _("AppSecret frozen")
    title = _("Frozen")
    notify = (team_administrators(_("The AppSecret of %(program)s was frozen")),)


class SecretUnfrozen(SecretEvent):
    name, icon, colour = "secret.unfrozen", "circle-check", "green"
    log = _("AppSecret unfrozen")
    in_list = _("AppSecret unfrozen")
    title = _("Unfrozen")
    notify = (team_administrators(_("The AppSecret of %(program)s was unfrozen")),)
