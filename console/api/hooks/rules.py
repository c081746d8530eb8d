"""Why something can't be done with a webhook; empty when it can (A-4)."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from console.api.hooks.models import Webhook
from console.api.hooks.querysets import WebhookQuerySet, patterns_of
from console.api.hooks.states import EVENTS_LENGTH, Format
from console.base.activity.payloads import told
from console.base.core import egress

MOST = 20  # webhooks of a team, or of a host app
MOST_PATTERNS = 50


def why_not_address(url: str) -> str:
    """Return why nothing is sent there, as far as its form says."""
    return egress.why_not(url)


def why_not_events(patterns: Sequence[str]) -> str:
    """Return why these are no names of events, nor wildcards over some."""
    if not patterns:
        return _("Choose at least one event.")
    if len(patterns) > MOST_PATTERNS:
        return _("Choose at most %(count)d events, or use a wildcard.") % {"count": MOST_PATTERNS}
    known = {pattern for event in told() for pattern in patterns_of(event.name)}
    unknown = next((each for each in patterns if each not in known), "")
    return _("There is no event “%(name)s”.") % {"name": unknown[:EVENTS_LENGTH]} if unknown else ""


def why_no_more(of_the_same: WebhookQuerySet) -> str:
    """Return why whose these are can't have another webhook."""
    if of_the_same.listed().count() < MOST:
        return ""
    return _("There are %(count)d webhooks. Delete one first.") % {"count": MOST}


def why_not_replace_secret(webhook: Webhook) -> str:
    """Return why its secret can't be replaced here."""
    if webhook.format == Format.STANDARD:
        return ""
    return _("This format is not signed by the console.")


def why_not_send(webhook: Webhook) -> str:
    """Return why nothing is sent to it now."""
    return _("The webhook is switched off.") if webhook.off_at else ""
