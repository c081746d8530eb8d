"""The states of a decision, and how long an old secret goes on working."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class DecisionState(models.TextChoices):
    """waiting → approved | rejected | withdrawn; approved → ended (a grant that either side took back)."""

    WAITING = "waiting", _("Waiting")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    ENDED = "ended", _("Ended")


LIVE = [DecisionState.WAITING, DecisionState.APPROVED]  # in force or asked for


class Overlap(models.IntegerChoices):
    """For how many hours an old secret goes on working after a reset (K-2)."""

    NONE = 0, _("Stop it immediately")
    HOUR = 1, _("Keep it working for 1 more hour")
    DAY = 24, _("Keep it working for 24 more hours")
