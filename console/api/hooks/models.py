"""Webhooks, and what was sent to them (A-4)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from console.api.hooks.querysets import DeliveryQuerySet, WebhookQuerySet, WebhookSecretQuerySet
from console.api.hooks.states import CHATS, EVENTS_LENGTH, DeliveryState, Format
from console.base.accounts.models import Team
from console.base.core.outbox.retrying import Receiver
from console.base.core.sealing import unseal
from console.base.hosts.models import HostApplication
from miniprograms.models import MiniProgram


class Webhook(Receiver):
    """Who hears which events: of a team, of one mini program of it, or of a host app.

    The address is kept sealed, as that of a chat is a secret; `address` is what pages show of it.
    """

    team = models.ForeignKey(
        Team, on_delete=models.PROTECT, null=True, related_name="webhooks", help_text="empty: of a host app"
    )
    mini_program = models.ForeignKey(
        MiniProgram, on_delete=models.PROTECT, null=True, related_name="webhooks", help_text="empty: all of the team"
    )
    application = models.ForeignKey(HostApplication, on_delete=models.PROTECT, null=True, related_name="webhooks")
    sealed_url = models.TextField()
    address = models.CharField(_("address"), max_length=500)
    format = models.CharField(_("format"), max_length=10, choices=Format)
    language = models.CharField(_("language"), max_length=10)
    events = ArrayField(models.CharField(max_length=EVENTS_LENGTH), help_text="names of events, and wildcards")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    failing_since = models.DateTimeField(null=True, help_text="the first failure since the last success")
    off_at = models.DateTimeField(null=True, help_text="when it was switched off")
    off_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", help_text="empty: the console"
    )
    deleted_at = models.DateTimeField(null=True)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(team=None, mini_program=None, application__isnull=False)
                | models.Q(team__isnull=False, application=None),
                name="webhook_of_one",
            ),
            models.CheckConstraint(condition=models.Q(format__in=Format.values), name="webhook_format_known"),
        ]
        indexes = [
            models.Index(fields=["mini_program"], condition=models.Q(deleted_at=None), name="webhook_of_program"),
        ]

    def __str__(self) -> str:
        return self.address

    def get_absolute_url(self) -> str:
        """Its page."""
        return self.path_of("detail")

    def path_of(self, page: str, *args: int) -> str:
        """Return the address of a page of it, by the page's name."""
        if self.application:
            return reverse(f"hosts:webhook_{page}", args=[self.application.application_id, self.pk, *args])
        return reverse(f"webhooks:{page}", args=[self.team_id, self.pk, *args])

    @property
    def url(self) -> str:
        """The address itself; raises Unreadable."""
        return unseal(self.sealed_url)

    @property
    def is_chat(self) -> bool:
        """Whether people read there what is sent, and no program."""
        return self.format in CHATS

    @property
    def shown_state(self) -> str:
        """How it does, as pages say it: never better than what has been seen."""
        if self.off_at:
            return "switched_off"
        if self.failures:
            return "failing"
        return "delivering" if self.last_success_at else "unproved"


class WebhookSecret(models.Model):
    """What signs for a receiver: `whsec_…` of ours, or what its chat's robot has; the current one has no end."""

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="secrets")
    sealed = models.TextField()
    hint = models.CharField(max_length=4, help_text="its last characters")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    ends_at = models.DateTimeField(null=True)

    objects = WebhookSecretQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["webhook"], condition=models.Q(ends_at=None), name="webhook_secret_once")
        ]

    def __str__(self) -> str:
        return f"…{self.hint}"

    def read(self) -> str:
        """Return the secret itself; raises Unreadable."""
        return unseal(self.sealed)


class Delivery(models.Model):
    """An event on its way to one webhook: a row of an outbox (`console.base.core.outbox.leases`).

    `event_id` is the receiver's `webhook-id`, the same for each try and wherever the event is heard. An attempt is
    {"at", "status", "seconds", "reason", "request", "answer"}, without secrets; the newest come last.
    """

    webhook = models.ForeignKey(Webhook, on_delete=models.PROTECT, related_name="deliveries", db_index=False)
    event_id = models.CharField(max_length=36)
    name = models.CharField(max_length=EVENTS_LENGTH, help_text="of the event")
    payload = models.TextField(help_text="JSON, as it is sent in the standard format")
    created_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=DeliveryState, default=DeliveryState.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(help_text="also the end of a lease while a worker has it")
    lease = models.UUIDField(null=True)
    give_up_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(null=True, help_text="of the last answer")
    reason = models.CharField(max_length=200, blank=True, help_text="why the last try failed")
    attempts: Any = models.JSONField(default=list, db_default=models.Value([], models.JSONField()))

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["webhook", "event_id"], name="delivery_once"),
            models.CheckConstraint(condition=models.Q(state__in=DeliveryState.values), name="delivery_state_known"),
        ]
        indexes = [
            models.Index(fields=["webhook", "next_try_at"], condition=models.Q(state="waiting"), name="delivery_due"),
            models.Index(fields=["webhook", "-id"], name="delivery_of_webhook"),
            models.Index(fields=["created_at"], name="delivery_created"),
        ]

    def __str__(self) -> str:
        return self.event_id
