"""Notifications and mails."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from console.base.accounts.querysets import NotificationQuerySet, OutgoingMailQuerySet
from console.base.accounts.states import ABOUT, LATER, About, NotificationKind


class Notification(models.Model):
    """What a person reads in the console, by e-mail, or both: as they chose when it was written.

    The row is the truth: `emailed_at` stays empty until the mail server took the message, and the sweep tries again.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications")
    # Code from before there were kinds writes rows, too, while it is being replaced.
    kind = models.CharField(max_length=20, choices=NotificationKind, db_default=NotificationKind.REVIEW)
    in_console = models.BooleanField(default=True, db_default=True)
    by_email = models.BooleanField(default=True, db_default=True)
    text = models.CharField(max_length=300)
    detail = models.CharField(max_length=1000, blank=True)
    url = models.CharField(max_length=200, help_text="path in the console")
    created_at = models.DateTimeField(db_default=Now())
    read_at = models.DateTimeField(null=True, help_text="not written any more: see User.notifications_read_to")
    emailed_at = models.DateTimeField(null=True)
    email_tries = models.PositiveSmallIntegerField(default=0)
    email_next_at = models.DateTimeField(null=True, help_text="not tried again before")

    objects = NotificationQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["user", "-id"], condition=models.Q(in_console=True), name="notification_shown"),
            models.Index(
                fields=["id"], condition=models.Q(emailed_at=None, by_email=True), name="notification_to_send"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=NotificationKind.values), name="notification_kind_known"
            ),
            models.CheckConstraint(
                condition=models.Q(in_console=True) | models.Q(by_email=True), name="notification_somewhere"
            ),
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def is_read(self) -> bool:
        """Whether the person marked it as read; as `NotificationQuerySet.unread_by` asks of many."""
        return self.read_at is not None or self.pk <= self.user.notifications_read_to

    @property
    def about(self) -> About:
        """Icon and words of its kind."""
        return ABOUT.get(self.kind, LATER)


class NotificationChoice(models.Model):
    """Where a person wants to be notified of a kind; without a row, in the console and by e-mail."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notification_choices")
    kind = models.CharField(max_length=20, choices=NotificationKind)
    in_console = models.BooleanField(default=True)
    by_email = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "kind"], name="notification_choice_once"),
            models.CheckConstraint(
                condition=models.Q(kind__in=NotificationKind.values), name="notification_choice_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class OutgoingMail(models.Model):
    """A mail that is in no other table, as the link to set a password: kept until the mail server took it.

    The text opens an account, so it is sealed, and erased with the row; what is too old to be sent keeps an empty row.
    """

    to = models.TextField(help_text="as it was typed, so of any length")
    subject = models.CharField(max_length=200)
    sealed = models.TextField(help_text="the text; empty: given up")
    created_at = models.DateTimeField(db_default=Now())
    email_tries = models.PositiveSmallIntegerField(db_default=0, default=0)
    email_next_at = models.DateTimeField(null=True, help_text="not tried again before")

    objects = OutgoingMailQuerySet.as_manager()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.subject}: {self.to}"


class MailServer(models.Model):
    """How the mail server has answered lately: one row, or none before its first answer.

    `failures` count since it took a mail; nobody asks it before `paused_until`. `last_sent_at` is when it took
    the last mail; while a run goes on, the first of that.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, db_default=1)
    failures = models.PositiveIntegerField(db_default=0, default=0)
    paused_until = models.DateTimeField(null=True)
    last_failure = models.CharField(max_length=300, blank=True, db_default="", default="")
    last_failure_at = models.DateTimeField(null=True)
    last_sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="mail_server_once")]

    def __str__(self) -> str:
        return self.last_failure
