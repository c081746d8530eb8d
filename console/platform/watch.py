"""Says when a part has shown no sign of life: to operators, once for each silence."""

from __future__ import annotations

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.accounts.actions import notify
from console.accounts.models import User
from console.accounts.states import NotificationKind
from console.platform import heartbeats
from console.platform.models import Heartbeat


@transaction.atomic
def notify_late() -> int:
    """Notify the operators of the parts that are late; return how many parts they were notified of now.

    Several processes look. Who marks a row first tells of it; what is back may be told of anew.
    """
    late = [name for name, _part in heartbeats.late()]
    Heartbeat.objects.exclude(notified_at=None).exclude(pk__in=late).update(notified_at=None)
    untold = Heartbeat.objects.filter(pk__in=late, notified_at=None).order_by("pk")
    names = list(untold.select_for_update(skip_locked=True).values_list("pk", flat=True))
    if not names:
        return 0
    Heartbeat.objects.filter(pk__in=names).update(notified_at=heartbeats.Clock())
    parts = {"count": len(names), "parts": ", ".join(names)}
    notify(
        User.objects.filter(is_staff=True, is_active=True),
        kind=NotificationKind.PLATFORM,
        text=lambda: (
            ngettext(
                "%(count)d part of the console shows no sign of life",
                "%(count)d parts of the console show no sign of life",
                len(names),
            )
            % parts
        ),
        detail=lambda: _("Late: %(parts)s") % parts,
        url=reverse("platform:status"),
    )
    return len(names)
