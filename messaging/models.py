"""Templates, consents, and messages on their way to host applications.

What must never happen is forbidden by constraints: a one-time consent that yields two messages, a sixth push of a
long-term template in a day, two effects of one Idempotency-Key.
"""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from console.base.core.outbox.retrying import Receiver
from console.base.hosts.models import HostApplication
from messaging.querysets import BanQuerySet, MessageQuerySet, MyTemplateQuerySet, PublicTemplateQuerySet
from messaging.states import (
    NOTE_LENGTH,
    PUSHES_PER_DAY,
    Answer,
    KeywordType,
    MessageState,
    ProgramState,
    TemplateCategory,
    TemplateKind,
)
from miniprograms.models import MiniProgram, ProgramUser


def new_template_id() -> str:
    """Return an id of the length of WeChat's: 43 characters, 256 bits."""
    return secrets.token_urlsafe(32)


class PublicTemplate(models.Model):
    """A template of the public library (M-1); kept by operators."""

    number = models.PositiveIntegerField(_("number"), unique=True)
    title = models.CharField(_("title"), max_length=40)
    title_zh = models.CharField(_("title in Chinese"), max_length=20)
    kind = models.CharField(_("type"), max_length=9, choices=TemplateKind)
    category = models.CharField(_("category"), max_length=12, choices=TemplateCategory)
    is_listed = models.BooleanField(_("in library"), default=True, help_text=_("Whether teams can select it."))

    objects = PublicTemplateQuerySet.as_manager()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=TemplateKind.values), name="public_template_kind_known")
        ]
        indexes = [models.Index(fields=["category", "number"], name="public_template_category")]
        verbose_name = _("public template")
        verbose_name_plural = _("public templates")

    def __str__(self) -> str:
        return self.title


class PublicKeyword(models.Model):
    """A keyword of a public template. Its number never changes: `thing4` in what servers send."""

    template = models.ForeignKey(PublicTemplate, on_delete=models.CASCADE, related_name="keywords", db_index=False)
    number = models.PositiveSmallIntegerField(_("number"))
    name = models.CharField(_("name"), max_length=30)
    name_zh = models.CharField(_("name in Chinese"), max_length=15)
    kind = models.CharField(_("type"), max_length=16, choices=KeywordType)
    example = models.CharField(_("example"), max_length=60)
    example_zh = models.CharField(_("example in Chinese"), max_length=60)
    options = models.JSONField(
        _("values"), default=list, blank=True, help_text=_("The values that an enum may have: [“Paid”, “Unpaid”]")
    )

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["template", "number"], name="public_keyword_once"),
            models.CheckConstraint(condition=models.Q(kind__in=KeywordType.values), name="public_keyword_kind_known"),
        ]
        verbose_name = _("keyword")
        verbose_name_plural = _("keywords")

    def __str__(self) -> str:
        return self.name

    @property
    def key(self) -> str:
        """Its name in `data`: `thing4`."""
        return f"{self.kind}{self.number}"


class MyTemplate(models.Model):
    """A public template as a mini program uses it: 1 to 5 of its keywords in an order (M-2, M-3).

    Titles and keywords are copies: what an operator changes in the library later changes no template in use. Each
    keyword is {"key", "name", "name_zh", "kind", "example", "example_zh", "options"}.
    """

    mini_program = models.ForeignKey(MiniProgram, on_delete=models.PROTECT, related_name="templates", db_index=False)
    public_template = models.ForeignKey(PublicTemplate, on_delete=models.PROTECT, related_name="selections")
    template_id = models.CharField(max_length=43, unique=True, default=new_template_id)
    title = models.CharField(max_length=40)
    title_zh = models.CharField(max_length=20)
    kind = models.CharField(max_length=9, choices=TemplateKind)
    keywords = models.JSONField()
    keyword_set = models.CharField(max_length=60, help_text="the numbers of its keywords, sorted: 1,2,4")
    note = models.CharField(_("use case"), max_length=NOTE_LENGTH, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    deleted_at = models.DateTimeField(null=True)

    objects = MyTemplateQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["mini_program", "public_template", "keyword_set"],
                condition=models.Q(deleted_at=None),
                name="my_template_keywords_once",
            ),
            models.CheckConstraint(condition=models.Q(kind__in=TemplateKind.values), name="my_template_kind_known"),
        ]
        indexes = [models.Index(fields=["mini_program", "-id"], name="my_template_of_program")]

    def __str__(self) -> str:
        return self.title

    @property
    def is_long_term(self) -> bool:
        """Whether one consent holds for many messages."""
        return self.kind == TemplateKind.LONG_TERM


class Consent(models.Model):
    """What a user has agreed to for one template (M-4).

    One-time: `granted` accepts, of which `used` have become messages. Long-term: `held` until withdrawn, and how many
    were `pushed` on the last `day` on which there were any; the day never goes back, whatever clocks do (M-6).
    """

    user = models.ForeignKey(ProgramUser, on_delete=models.PROTECT, related_name="consents", db_index=False)
    template = models.ForeignKey(MyTemplate, on_delete=models.PROTECT, related_name="consents")
    granted = models.PositiveIntegerField(default=0)
    used = models.PositiveIntegerField(default=0)
    held = models.BooleanField(default=False)
    day = models.DateField(null=True, help_text="in the console's own time zone")
    pushed = models.PositiveSmallIntegerField(default=0)
    answer = models.CharField(max_length=6, choices=Answer, help_text="the last one")
    answered_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "template"], name="consent_once"),
            models.CheckConstraint(condition=models.Q(used__lte=models.F("granted")), name="consent_used_was_granted"),
            models.CheckConstraint(condition=models.Q(pushed__lte=PUSHES_PER_DAY), name="consent_pushes_per_day"),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.template}"

    @property
    def remaining(self) -> int:
        """How many messages may still be sent for one-time accepts."""
        return self.granted - self.used


class ConsentCall(models.Model):
    """A call of the device that was answered: repeating it has no second effect."""

    user = models.ForeignKey(ProgramUser, on_delete=models.CASCADE, related_name="+", db_index=False)
    request_id = models.CharField(max_length=64)
    body_sha256 = models.CharField(max_length=64)
    answers = models.JSONField(help_text="template id → answer")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "request_id"], name="consent_call_once")]
        indexes = [models.Index(fields=["created_at"], name="consent_call_created")]

    def __str__(self) -> str:
        return self.request_id


class MainSwitch(models.Model):
    """A user who wants no subscription messages of a program at all, whatever was accepted (M-4); no row: on."""

    user = models.OneToOneField(ProgramUser, on_delete=models.CASCADE, primary_key=True, related_name="main_switch")
    is_on = models.BooleanField(default=True)
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return "on" if self.is_on else "off"


class Ban(models.Model):
    """An application takes no subscription messages of a program, or of one template of it, until it is lifted."""

    application = models.ForeignKey(HostApplication, on_delete=models.PROTECT, related_name="bans")
    mini_program = models.ForeignKey(MiniProgram, on_delete=models.PROTECT, related_name="bans", db_index=False)
    template = models.ForeignKey(MyTemplate, on_delete=models.PROTECT, null=True, related_name="bans", db_index=False)
    reason = models.TextField(_("reason"), max_length=500)
    created_at = models.DateTimeField(db_default=Now())
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    objects = BanQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["mini_program", "application", "template"],
                condition=models.Q(lifted_at=None),
                nulls_distinct=False,
                name="ban_standing_once",
            )
        ]

    def __str__(self) -> str:
        return str(self.template or self.mini_program)


class Gateway(Receiver):
    """Where an application's server takes messages, and how it has answered lately."""

    application = models.OneToOneField(
        HostApplication, on_delete=models.CASCADE, primary_key=True, related_name="gateway"
    )
    url = models.URLField(_("address"), max_length=500)

    def __str__(self) -> str:
        return self.url


class Message(models.Model):
    """An accepted message (M-7); accepted in the statement that uses its consent.

    `ordinal` is which message it is of its consent, for a long-term one of that `day`, on which it was
    accepted or last sent again.
    """

    mini_program = models.ForeignKey(MiniProgram, on_delete=models.PROTECT, related_name="messages", db_index=False)
    application = models.ForeignKey(HostApplication, on_delete=models.PROTECT, related_name="+", db_index=False)
    template = models.ForeignKey(MyTemplate, on_delete=models.PROTECT, related_name="messages", db_index=False)
    consent = models.ForeignKey(Consent, on_delete=models.PROTECT, related_name="messages", db_index=False)
    day = models.DateField(null=True, help_text="of a long-term push, in the console's own time zone")
    ordinal = models.PositiveIntegerField()

    values = models.JSONField(help_text="key → value, as checked")
    page = models.CharField(max_length=1024, blank=True)
    program_state = models.CharField(max_length=9, choices=ProgramState)
    lang = models.CharField(max_length=5)
    idempotency_key = models.CharField(max_length=255, blank=True)
    body_sha256 = models.CharField(max_length=64, blank=True, help_text="of what came under the Idempotency-Key")

    accepted_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=MessageState, default=MessageState.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(help_text="also the end of a lease while a worker has it")
    lease = models.UUIDField(null=True, help_text="the batch of the worker that has it")
    give_up_at = models.DateTimeField()  # when it expires; the column keeps the name that running releases know
    finished_at = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(null=True, help_text="of the gateway's last answer")
    reason = models.CharField(max_length=200, blank=True, help_text="why the last try failed")

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["consent", "ordinal"], condition=models.Q(day=None), name="message_once_for_a_consent"
            ),
            models.UniqueConstraint(
                fields=["consent", "day", "ordinal"],
                condition=models.Q(day__isnull=False),
                name="message_once_for_a_push",
            ),
            models.UniqueConstraint(
                fields=["mini_program", "idempotency_key"],
                condition=~models.Q(idempotency_key=""),
                name="message_idempotency_key_once",
            ),
            models.CheckConstraint(
                condition=models.Q(day=None) | models.Q(ordinal__gte=1, ordinal__lte=PUSHES_PER_DAY),
                name="message_pushes_per_day",
            ),
            models.CheckConstraint(condition=models.Q(state__in=MessageState.values), name="message_state_known"),
            models.CheckConstraint(
                condition=models.Q(state="waiting", finished_at=None)
                | (~models.Q(state="waiting") & models.Q(finished_at__isnull=False)),
                name="message_finished_at",
            ),
        ]
        indexes = [
            models.Index(
                fields=["application", "next_try_at"], condition=models.Q(state="waiting"), name="message_due"
            ),
            models.Index(fields=["application", "-id"], condition=models.Q(state="failed"), name="message_failed"),
            # The send log's order with what its filters and the days' counts ask for: they do not touch the table.
            models.Index(
                fields=["mini_program", "-accepted_at", "-id"],
                include=["state", "template", "application"],
                name="message_log",
            ),
            models.Index(
                fields=["mini_program", "-accepted_at", "-id"],
                condition=models.Q(state__in=["waiting", "failed"]),
                include=["state"],
                name="message_undelivered",
            ),
        ]

    def __str__(self) -> str:
        return self.message_id

    @property
    def message_id(self) -> str:
        """What the gateway knows it by, on every try (`webhook-id`)."""
        return f"msg_{self.pk}"
