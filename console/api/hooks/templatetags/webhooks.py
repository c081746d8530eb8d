"""The cards of webhooks, for pages of others: {% load webhooks %}{% team_webhooks %}."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context
from django.utils import timezone

from console.api.hooks import presenters
from console.base.accounts.permissions import Permission, lacking

register = template.Library()


@register.inclusion_tag("webhooks/team_cards.html", takes_context=True)
def team_webhooks(context: Context) -> dict[Any, Any]:
    """Draw the webhooks of the reader's teams, a card for each team."""
    cards = presenters.webhook_cards(context["request"].user, at=timezone.now())
    return {**context.flatten(), "cards": cards, "tries": presenters.tries_in_words()}


@register.inclusion_tag("webhooks/application_card.html", takes_context=True)
def application_webhooks(context: Context, application: Any) -> dict[Any, Any]:
    """Draw the webhooks of a host app."""
    rows = presenters.application_rows(application, at=timezone.now())
    why_not = lacking(application.held, Permission.EDIT_APPLICATION)
    return {**context.flatten(), "rows": rows, "why_not": why_not, "tries": presenters.tries_in_words()}
