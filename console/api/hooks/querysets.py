"""Questions about webhooks and deliveries."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from console.api.hooks.states import DeliveryState
from console.base.accounts.permissions import Permission, team_roles_with
from console.base.activity.models import ActivityEntry

if TYPE_CHECKING:
    from console.api.hooks.models import Delivery, Webhook, WebhookSecret
    from console.base.accounts.models import User


def patterns_of(name: str) -> list[str]:
    """Return every pattern that hears the event: “version.published”, “version.*”, “*”."""
    parts = name.split(".")
    return ["*", *(".".join([*parts[:count], "*"]) for count in range(1, len(parts))), name]


class WebhookQuerySet(models.QuerySet["Webhook"]):
    def listed(self) -> WebhookQuerySet:
        """Not deleted; may be switched off."""
        return self.filter(deleted_at=None)

    def on(self) -> WebhookQuerySet:
        """Those that are sent to."""
        return self.listed().filter(off_at=None)

    def hearing(self, entry: ActivityEntry) -> WebhookQuerySet:
        """Those that hear the entry: of its team, its mini program, its host app, as the activity log shows it."""
        whose = Q(pk=None)  # none: an entry of no team is not that of every app
        if entry.team_id is not None:
            whose |= Q(team_id=entry.team_id, mini_program=None)
        if entry.mini_program_id:
            whose |= Q(mini_program__app_id=entry.mini_program_id)
        if entry.application_id:
            whose |= Q(application__application_id=entry.application_id)
        return self.on().filter(whose, events__overlap=patterns_of(entry.verb))

    def of_teams_for(self, user: User, permission: Permission) -> WebhookQuerySet:
        """Those of teams where `user` holds `permission`."""
        roles = team_roles_with(permission)
        return self.filter(team__memberships__user_id=user.pk, team__memberships__role__in=roles)


class WebhookSecretQuerySet(models.QuerySet["WebhookSecret"]):
    def usable(self, *, at: datetime) -> WebhookSecretQuerySet:
        """The current one, and those that it replaced a while ago and that go on working."""
        return self.filter(Q(ends_at=None) | Q(ends_at__gt=at)).order_by("-id")


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def finished(self) -> DeliveryQuerySet:
        """Delivered or failed for good: these can be sent again."""
        return self.exclude(state=DeliveryState.WAITING)
