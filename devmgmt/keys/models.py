"""AppSecrets, and what is given for them: access tokens, login codes, sessions. None is kept in a readable form."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from console.base.hosts.models import HostApplication
from devmgmt.keys.querysets import AccessTokenQuerySet, AppSecretQuerySet
from devmgmt.keys.states import TokenKind
from miniprograms.models import MiniProgram, ProgramUser


class AppSecret(models.Model):
    """A secret of a mini program's server (K-2). `ends_at` is empty for the current one.

    All secrets of a program are frozen and unfrozen together, also those that have ended: a token of one may live.
    """

    mini_program = models.ForeignKey(MiniProgram, on_delete=models.PROTECT, related_name="secrets", db_index=False)
    sha256 = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=4, help_text="its last characters")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    ends_at = models.DateTimeField(null=True, help_text="refused from then on: a newer one replaced it")
    frozen_at = models.DateTimeField(null=True)

    objects = AppSecretQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["mini_program"], condition=models.Q(ends_at=None), name="app_secret_current_once"
            )
        ]
        indexes = [models.Index(fields=["mini_program", "-id"], name="app_secret_of_program")]

    def __str__(self) -> str:
        return f"…{self.hint}"

    @property
    def state(self) -> str:
        """The state that pages show."""
        return "frozen" if self.frozen_at else "active"

    def is_replaced(self, *, at: datetime) -> bool:
        """Whether a reset has ended it at the time `at`."""
        return self.ends_at is not None and self.ends_at <= at


class AccessToken(models.Model):
    """An access token (K-3). The token itself is made of `nonce` and a key that is not in the database."""

    secret = models.ForeignKey(AppSecret, on_delete=models.CASCADE, related_name="tokens", db_index=False)
    mini_program = models.ForeignKey(MiniProgram, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=6, choices=TokenKind)
    nonce = models.CharField(max_length=32)
    sha256 = models.CharField(max_length=64, unique=True)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, help_text="revoked before its time")
    forced = models.BooleanField(default=False, help_text="by force_refresh")

    objects = AccessTokenQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=TokenKind.values), name="access_token_kind_known")
        ]
        indexes = [
            models.Index(fields=["mini_program", "kind", "-issued_at"], name="access_token_of_program"),
            models.Index(fields=["secret"], condition=models.Q(ended_at=None), name="access_token_of_secret"),
            models.Index(fields=["expires_at"], name="access_token_expires"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.issued_at}"


class SecretUse(models.Model):
    """From where a secret was used on a day, and for what last (K-2)."""

    pk = models.CompositePrimaryKey("secret", "day", "address")
    secret = models.ForeignKey(AppSecret, on_delete=models.CASCADE, related_name="uses", db_index=False)
    day = models.DateField(help_text="in the console's own time zone")
    address = models.GenericIPAddressField()
    path = models.CharField(max_length=60)
    uses = models.PositiveIntegerField(default=1)
    last_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["day"], name="secret_use_day")]

    def __str__(self) -> str:
        return f"{self.address} on {self.day}"


class Refusal(models.Model):
    """How often a program's secret or token was refused on a day, by errcode."""

    pk = models.CompositePrimaryKey("mini_program", "day", "errcode")
    mini_program = models.ForeignKey(MiniProgram, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField(help_text="in the console's own time zone")
    errcode = models.PositiveIntegerField()
    count = models.PositiveIntegerField(default=1)

    class Meta:
        indexes = [models.Index(fields=["day"], name="refusal_day")]

    def __str__(self) -> str:
        return f"{self.count} × {self.errcode} on {self.day}"


class LoginCode(models.Model):
    """A code for which a mini program's server learns who its user is, once (K-4)."""

    user = models.ForeignKey(ProgramUser, on_delete=models.CASCADE, related_name="+", db_index=False)
    application = models.ForeignKey(HostApplication, on_delete=models.CASCADE, related_name="+", db_index=False)
    request_id = models.CharField(max_length=64, help_text="of the application's server: a request counts once")
    sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["application", "request_id"], name="login_code_request_once")]
        indexes = [models.Index(fields=["expires_at"], name="login_code_expires")]

    def __str__(self) -> str:
        return f"for {self.user}"


class UserSession(models.Model):
    """The session of a user: the last one, for `checksession` (K-3). Its key is made of `nonce` as tokens are."""

    user = models.OneToOneField(ProgramUser, on_delete=models.CASCADE, related_name="session", primary_key=True)
    nonce = models.CharField(max_length=32)
    started_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["started_at"], name="user_session_started")]

    def __str__(self) -> str:
        return f"of {self.user}"
