"""The verbs that switch webhooks off and on: people's, and the console's own after days of failures (A-4)."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from console.api.hooks import events, telling
from console.api.hooks.delivery import CALLED
from console.api.hooks.models import Webhook
from console.base.accounts.models import User
from console.base.activity.events import emit
from console.base.core.errors import Conflict
from console.base.core.outbox.retrying import GONE
from console.base.core.wakeups import wake


def lock(webhook: Webhook) -> Webhook:
    """Return the row as it is now, locked; raises Conflict when it was deleted meanwhile."""
    rows = Webhook.objects.listed().select_for_update(of=("self",), no_key=True)
    found = rows.select_related("team", "mini_program", "application").filter(pk=webhook.pk).first()
    if found is None:
        raise Conflict(_("This webhook was deleted meanwhile. Reload the page."))
    return found


@transaction.atomic
def switch_off(webhook: Webhook, *, by: User | None, reason: str = "", at: datetime | None = None) -> Webhook:
    """Send nothing more; what happens from now on is not kept for it. Raises Conflict when it is off."""
    current, at = lock(webhook), at or timezone.now()
    if current.off_at:
        raise Conflict(_("Already done: the webhook is switched off."))
    current.off_at, current.off_by = at, by
    current.save(update_fields=["off_at", "off_by"])
    emit(events.WebhookSwitchedOff(current, by=by, at=at, reason=reason.strip()))
    return current


@transaction.atomic
def switch_on(webhook: Webhook, *, by: User, at: datetime | None = None) -> Webhook:
    """Tell it again what happens, and what still waits, with a clean record."""
    current, at = lock(webhook), at or timezone.now()
    if not current.off_at:
        raise Conflict(_("Already done: the webhook is switched on."))
    current.off_at = current.off_by = current.failing_since = None
    current.open_until, current.failures, current.revision = at, 0, current.revision + 1
    current.save()
    emit(events.WebhookSwitchedOn(current, by=by, at=at))
    wake(telling.DELIVER)
    return current


def switch_off_failing(*, at: datetime) -> int:
    """Switch off webhooks that have failed for WEBHOOK_OFF_DAYS, and those whose receiver says that it is gone."""
    gone = f"{CALLED} responded with {GONE}"
    old = at - timedelta(days=settings.WEBHOOK_OFF_DAYS)
    failing = Webhook.objects.on().filter(Q(failing_since__lt=old) | Q(last_failure=gone), failures__gt=0)
    count = 0
    for webhook in failing:
        with suppress(Conflict), transaction.atomic():  # Somebody was quicker.
            lock(webhook)
            if failing.filter(pk=webhook.pk).exists():  # And has not been delivered to meanwhile.
                switch_off(webhook, by=None, reason=webhook.last_failure, at=at)
                count += 1
    return count
