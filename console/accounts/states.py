"""What people are told of, kind by kind."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class NotificationKind(models.TextChoices):
    """The kinds of notifications that a person switches on and off."""

    REVIEW = "review", _("Requests that wait for my decision")
    DECISION = "decision", _("Decisions on what I asked for")
    RELEASE = "release", _("Publishing and rolling back in my teams")
    GRAYSCALE = "grayscale", _("Grayscale tasks that move by themselves")
    MESSAGES = "messages", _("Subscription messages that were stopped")
    KEYS = "keys", _("Secrets and keys")
    PEOPLE = "people", _("Teams, roles and invitations")
