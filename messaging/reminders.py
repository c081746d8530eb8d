"""Notifies administrators of an application that its gateway has taken nothing for long (M-7)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from console.base.accounts.models import Notification
from console.base.accounts.notifying import notify
from console.base.accounts.states import NotificationKind
from console.base.core import times
from console.base.core.outbox.reasons import in_words
from console.base.core.outbox.retrying import OPENS_AT
from console.base.hosts.people import administrators_of
from messaging.models import Gateway

SILENT_FOR = timedelta(hours=1)  # without a success, before anyone is notified
AGAIN_AFTER = timedelta(days=1)


def notify_of_dead_gateways(*, at: datetime) -> int:
    """Notify of each gateway that fails and has taken nothing for SILENT_FOR, once in AGAIN_AFTER; return how many."""
    dead = Gateway.objects.filter(
        failures__gte=OPENS_AT, changed_at__lt=at - SILENT_FOR, last_failure_at__gt=at - SILENT_FOR
    ).exclude(last_success_at__gt=at - SILENT_FOR)
    return sum(_notify_of(pk, at=at) for pk in dead.values_list("pk", flat=True))


@transaction.atomic
def _notify_of(pk: int, *, at: datetime) -> bool:
    """Notify the administrators unless they were lately; two sweeps at the same time run one after the other."""
    gateway = Gateway.objects.select_for_update(of=("self",), no_key=True).select_related("application").get(pk=pk)
    application = gateway.application
    url = reverse("hosts:gateway", args=[application.application_id])
    recent = Notification.objects.filter(kind=NotificationKind.MESSAGES, url=url, created_at__gt=at - AGAIN_AFTER)
    people = [one.user for one in administrators_of(application)]
    if recent.filter(user__in=people).exists():
        return False
    since = gateway.last_success_at

    def detail() -> str:
        taken = _("Last message accepted %(time)s.") % {"time": times.full(since)} if since else ""
        return "\n".join(filter(None, [taken, in_words(gateway.last_failure)]))

    notify(
        people,
        kind=NotificationKind.MESSAGES,
        text=lambda: _("The gateway of %(application)s isn’t accepting messages") % {"application": application},
        detail=detail,
        url=url,
    )
    return bool(people)
