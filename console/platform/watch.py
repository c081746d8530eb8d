"""Says when a part has shown no heartbeat: to operators, once for each silence."""

from __future__ import annotations

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.base.accounts.models import User
from console.base.accounts.notifying import notify
from console.base.accounts.states import NotificationKind
from console.base.core.text import listed
from console.platform import heartbeats, labels
from console.platform.models import Heartbeat


def notify_late() -> int:
    """Notify the operators of the parts that are late; return how many parts they were notified of now.

    Several processes look. Who marks a row first notifies; what is back may be late anew.
    """
    heartbeats.correct_future()
    heartbeats.forget()
    with transaction.atomic():
        names = _newly_late(heartbeats.late())
        if names:
            _notify(names)
    return len(names)


def _newly_late(late: list[str]) -> list[str]:
    """Mark what is late and take the mark from what is back; return what had none.

    A row that somebody else has is theirs, or is seen to at the next look: nobody waits here for anybody.
    """
    rows = Heartbeat.objects.order_by("pk").select_for_update(skip_locked=True)
    back = list(rows.exclude(notified_at=None).exclude(pk__in=late).values_list("pk", flat=True))
    Heartbeat.objects.filter(pk__in=back).update(notified_at=None)
    names = list(rows.filter(pk__in=late, notified_at=None).values_list("pk", flat=True))
    Heartbeat.objects.filter(pk__in=names).update(notified_at=heartbeats.Clock())
    return names


def _notify(names: list[str]) -> None:
    notify(
        User.objects.filter(is_staff=True, is_active=True),
        kind=NotificationKind.PLATFORM,
        text=lambda: (
            ngettext(
                "%(count)d console component isn’t responding",
                "%(count)d console components aren’t responding",
                len(names),
            )
            % {"count": len(names)}
        ),
        detail=lambda: _("Not responding: %(parts)s") % {"parts": listed(labels.label_of(name) for name in names)},
        url=reverse("platform:status"),
    )
