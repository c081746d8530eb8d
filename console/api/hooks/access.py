"""From a URL to a webhook, or to what was sent to it."""

from __future__ import annotations

from console.api.hooks.models import Delivery, Webhook
from console.base.accounts.access import row_or_404, team_for
from console.base.accounts.models import User
from console.base.accounts.permissions import Permission
from console.base.hosts.access import application_for


def team_webhook(user: User, permission: Permission, team_id: int, webhook_id: int) -> Webhook:
    """Return a webhook of a team; 404 outside the user's teams and when deleted, 403 without `permission`."""
    team = team_for(user, permission, team_id)
    return row_or_404(Webhook.objects.listed().select_related("mini_program", "created_by"), team=team, pk=webhook_id)


def application_webhook(user: User, permission: Permission, application_id: str, webhook_id: int) -> Webhook:
    """Return a webhook of a host app; 404 and 403 as `application_for` has them."""
    application = application_for(user, permission, application_id)
    rows = Webhook.objects.listed().select_related("created_by")
    return row_or_404(rows, application=application, pk=webhook_id)


def team_delivery(user: User, permission: Permission, team_id: int, webhook_id: int, delivery_id: int) -> Delivery:
    """Return what was sent to a webhook of a team."""
    webhook = team_webhook(user, permission, team_id, webhook_id)
    return row_or_404(Delivery.objects.all(), webhook=webhook, pk=delivery_id)


def application_delivery(
    user: User, permission: Permission, application_id: str, webhook_id: int, delivery_id: int
) -> Delivery:
    """Return what was sent to a webhook of a host app."""
    webhook = application_webhook(user, permission, application_id, webhook_id)
    return row_or_404(Delivery.objects.all(), webhook=webhook, pk=delivery_id)
