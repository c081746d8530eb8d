"""The states of a grayscale task, and what its conditions choose from (G-1, G-4)."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class TaskState(models.TextChoices):
    """pending → delivering ⇄ suspended; each → ended."""

    PENDING = "pending", _("Pending")
    DELIVERING = "delivering", _("Delivering")
    SUSPENDED = "suspended", _("Suspended")
    ENDED = "ended", _("Ended")


Moment = TypeVar("Moment", float, datetime)


def state_at(stored: str, starts_at: Moment, ends_at: Moment, at: Moment) -> str:
    """Return the state that the clock decides, however late the scheduler is (G-4)."""
    if stored == TaskState.ENDED or at >= ends_at:
        return TaskState.ENDED
    if stored == TaskState.PENDING and at >= starts_at:
        return TaskState.DELIVERING
    return stored


class Reason(models.TextChoices):
    """Why a task is in its state, where it did not simply start."""

    BY_HAND = "by_hand", _("Manually")
    PULLED_BACK = "pulled_back", _("Manually, pulled back")
    END_TIME = "end_time", _("End time reached")
    PUBLISHED = "published", pgettext_lazy("why a task ended", "Version published")
    OVERTAKEN = "overtaken", _("A higher version was published")
    OFF_SHELF = "off_shelf", pgettext_lazy("why a task ended", "Mini program taken off the shelf")
    UNBOUND = "unbound", _("No host app is bound any more")
    GUARDRAIL = "guardrail", _("Suspended by the guardrail")


class ObjectKind(models.TextChoices):
    """What an object list names."""

    GUID = "guid", _("GUID")
    DEVICE_ID = "device_id", _("Custom device ID")
    ACCOUNT = "account", _("User account")
