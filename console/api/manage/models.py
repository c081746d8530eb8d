"""Tokens of people and robots (A-1). Of the token itself only the hash is kept."""

from __future__ import annotations

import secrets
from datetime import datetime
from functools import partial
from hashlib import sha256

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from console.api.manage.querysets import LoginRequestQuerySet, TokenQuerySet
from console.api.manage.states import LoginState, Scope
from console.base.accounts.models import Team
from miniprograms.models import MiniProgram
from releases.models import Version

PREFIX = "mpc_"


def digest_of(secret: str) -> str:
    """Return what is kept of a secret: its SHA-256 in hex; nobody guesses 256 random bits, so a fast hash will do."""
    return sha256(secret.encode()).hexdigest()


class Token(models.Model):
    """What a script shows instead of a password.

    `holder` is who acts: the person, or the robot's own row. A robot is its token: made, renamed and revoked with it.
    """

    holder = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="api_tokens")
    team = models.ForeignKey(
        Team, on_delete=models.PROTECT, null=True, related_name="robots", help_text="empty: a person's own"
    )
    mini_program = models.ForeignKey(
        MiniProgram, on_delete=models.PROTECT, null=True, related_name="robots", help_text="empty: all of the team"
    )
    name = models.CharField(_("name"), max_length=40)
    scopes = ArrayField(models.CharField(max_length=20))
    addresses = ArrayField(
        models.CharField(max_length=43), default=list, db_default=models.Value([], ArrayField(models.TextField()))
    )
    sha256 = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=4, help_text="its last characters")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    expires_at = models.DateTimeField(null=True, help_text="empty: never")
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True, help_text="to the minute")
    last_used_from = models.GenericIPAddressField(null=True)
    last_agent = models.CharField(max_length=100, blank=True, db_default="", default="")

    asks_for_factor: bool  # of its holder a team does, where `with_holder` read it

    objects = TokenQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["team", "name"], condition=models.Q(revoked_at=None), name="robot_name_once_in_team"
            ),
            models.CheckConstraint(
                condition=models.Q(mini_program=None) | models.Q(team__isnull=False), name="token_program_of_robots"
            ),
        ]
        indexes = [
            models.Index(fields=["team"], condition=models.Q(revoked_at=None), name="token_of_team"),
            models.Index(fields=["holder"], name="token_of_holder"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def masked(self) -> str:
        """How pages name it: its prefix and its end."""
        return f"{PREFIX}…{self.hint}"

    @property
    def scope_labels(self) -> list[str]:
        """Its scopes in words, in the order of the form."""
        return [str(scope.label) for scope in Scope if scope in self.scopes]

    def has_expired(self, *, at: datetime) -> bool:
        """Whether its end has come."""
        return self.expires_at is not None and self.expires_at <= at


class UploadedPackage(models.Model):
    """A package file that waits to become a version, and what became of it (A-5).

    Those who name a file by its address get no other than one that was uploaded here: nothing is fetched. The file is
    under `path` in the storage of packages until `begun_at`; `version` or `failure` says how it ended.
    """

    key = models.CharField(max_length=43, unique=True, default=partial(secrets.token_urlsafe, 32))
    mini_program = models.ForeignKey(MiniProgram, on_delete=models.PROTECT, related_name="+")
    size = models.PositiveBigIntegerField(help_text="bytes")
    created_at = models.DateTimeField(db_default=Now())
    number = models.CharField(max_length=14, blank=True, default="", db_default="")
    begun_at = models.DateTimeField(null=True)
    version = models.ForeignKey(Version, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    failure = models.TextField(blank=True, default="", db_default="")

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="uploaded_package_created")]

    def __str__(self) -> str:
        return self.key

    @property
    def path(self) -> str:
        """Where the file is, apart from packages, whose names say their content."""
        return f"uploads/{self.key}.zip"


class LoginRequest(models.Model):
    """A program, such as `mpc login`, that waits for a person to give it a token of their own (RFC 8628).

    The token is made when the program fetches it, so nothing secret is kept: of its device code only the hash.
    """

    device_sha256 = models.CharField(max_length=64, unique=True)
    user_code = models.CharField(max_length=8, unique=True, help_text="without the dash")
    client = models.CharField(max_length=40, help_text="the program, as it calls itself")
    machine = models.CharField(max_length=60, blank=True, default="", db_default="")
    scopes = ArrayField(models.CharField(max_length=20), help_text="asked for; given once it is approved")
    address = models.GenericIPAddressField(null=True)
    state = models.CharField(
        max_length=10, choices=LoginState.choices, default=LoginState.WAITING, db_default=LoginState.WAITING
    )
    interval = models.PositiveSmallIntegerField(help_text="seconds between the program's questions")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True, help_text="the program's last question")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    token_name = models.CharField(max_length=40, blank=True, default="", db_default="")
    token_addresses = ArrayField(
        models.CharField(max_length=43), default=list, db_default=models.Value([], ArrayField(models.TextField()))
    )
    token_expires_at = models.DateTimeField(null=True)

    objects = LoginRequestQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="login_request_created")]

    def __str__(self) -> str:
        return f"{self.client} on {self.machine}" if self.machine else self.client

    @property
    def shown_code(self) -> str:
        """The user code as people read it: two groups of four."""
        return f"{self.user_code[:4]}-{self.user_code[4:]}"


class KeptAnswer(models.Model):
    """What was answered to an Idempotency-Key of a token; `status` is empty while the request is under way."""

    token = models.ForeignKey(Token, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=100)
    request = models.CharField(max_length=64, help_text="SHA-256 of what was asked")
    roles = models.CharField(
        max_length=64, blank=True, default="", db_default="", help_text="SHA-256 of its holder's roles; empty: any"
    )
    status = models.PositiveSmallIntegerField(null=True)
    content_type = models.CharField(max_length=100, blank=True, default="", db_default="")
    body = models.BinaryField(default=b"", db_default=b"")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token", "key"], name="kept_answer_once")]
        indexes = [models.Index(fields=["created_at"], name="kept_answer_created")]

    def __str__(self) -> str:
        return self.key


class Upload(models.Model):
    """An upload by a token, stored as a version or refused: what the page of automation lists."""

    token = models.ForeignKey(Token, on_delete=models.PROTECT, related_name="+")
    mini_program = models.ForeignKey(MiniProgram, on_delete=models.CASCADE, related_name="+", db_index=False)
    number = models.CharField(max_length=20, help_text="as it was sent")
    source = models.CharField(max_length=100, blank=True, help_text="branch and commit, as the pipeline names them")
    is_accepted = models.BooleanField()
    size = models.PositiveBigIntegerField(help_text="bytes of the file that was sent")
    warnings = models.PositiveIntegerField(default=0, db_default=0)
    reason = models.CharField(max_length=500, blank=True, help_text="why it was refused")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["mini_program", "-at"], name="upload_of_program"),
            models.Index(fields=["at"], name="upload_at"),
        ]

    def __str__(self) -> str:
        return self.number
