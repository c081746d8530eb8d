"""Host applications, their people and device keys, and the shape of every decision that they take."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.core.validators import MinLengthValidator, RegexValidator
from django.db import models
from django.db.models.functions import Lower, Now
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from console.base.accounts.models import Invitation, Team, User
from console.base.accounts.permissions import ApplicationRole
from console.base.core.ids import random_id
from console.base.core.sealing import unseal
from console.base.hosts.purposes import purpose
from console.base.hosts.querysets import (
    ApplicationKeyQuerySet,
    ApplicationMemberQuerySet,
    DecisionQuerySet,
    DefaultApiQuerySet,
    HostApplicationQuerySet,
    ReviewerInvitationQuerySet,
    SensitiveApiQuerySet,
    ServerSecretQuerySet,
    SigningKeyQuerySet,
)
from console.base.hosts.states import LIVE, DecisionState

API_NAME_LENGTH = 100
api_name = RegexValidator(
    r"^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)*\Z", _("Letters, digits and dots: wx.getLocation")
)


def icon_path(instance: models.Model | None = None, filename: str = "") -> str:
    """Place an icon under a name that nobody can guess or overwrite."""
    return f"icons/{secrets.token_hex(16)}.webp"


PROOF_USES = ("places", "consents", "reports", "logs")  # what an application can require installation proof for


def _proved_since(about: str) -> models.DateTimeField[datetime | None, datetime | None]:
    """Return a column for one use of installation proof (R-9): empty while nothing is required."""
    return models.DateTimeField(null=True, help_text=f"since when {about} need an installation proof")


class HostApplication(models.Model):
    """The super app in which mini programs run."""

    application_id = models.CharField(
        _("Host app ID"), max_length=20, unique=True, editable=False, default=partial(random_id, "ha")
    )
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="applications")
    name = models.CharField(_("name"), max_length=30, validators=[MinLengthValidator(2)])
    icon = models.ImageField(_("icon"), upload_to=icon_path, blank=True)
    description = models.TextField(_("description"), max_length=2000, blank=True)
    listed = models.BooleanField(
        _("open for bindings"),
        default=True,
        help_text=_("All teams see the name and the icon and can request a binding. If off, only your own team can."),
    )
    created_at = models.DateTimeField(db_default=Now())
    changed_at = models.DateTimeField(auto_now=True)
    revision = models.PositiveIntegerField(default=1)
    places_proved_since = _proved_since("new places in grayscale tasks")
    consents_proved_since = _proved_since("consents")
    reports_proved_since = _proved_since("update reports")
    logs_proved_since = _proved_since("logs")
    proof_series = models.PositiveIntegerField(db_default=1, help_text="tokens of earlier series are void")

    objects = HostApplicationQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint("team", Lower("name"), name="application_name_once_in_team")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """The details page."""
        return reverse("hosts:detail", args=[self.application_id])

    @property
    def proofs_required(self) -> dict[str, bool]:
        """Whether installation proof is required, by PROOF_USES (R-9)."""
        return {use: getattr(self, f"{use}_proved_since") is not None for use in PROOF_USES}


class ApplicationMember(models.Model):
    """A person's role in a host application; a member of the team that owns it."""

    application = models.ForeignKey(HostApplication, on_delete=models.CASCADE, related_name="people")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="application_roles")
    role = models.CharField(_("role"), max_length=20, choices=ApplicationRole)
    since = models.DateTimeField(db_default=Now())
    given_by = models.CharField(
        max_length=16, blank=True, db_default="", default="", help_text="as of the membership in the team"
    )

    objects = ApplicationMemberQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["application", "user"], name="application_member_once"),
            models.CheckConstraint(condition=models.Q(role__in=ApplicationRole.values), name="application_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.get_role_display()} of {self.application}"


class ReviewerInvitation(models.Model):
    """What an invitation to the owning team gives beside the membership: to be reviewer of one application (P-11)."""

    application = models.ForeignKey(HostApplication, on_delete=models.CASCADE, related_name="reviewer_invitations")
    invitation = models.ForeignKey(Invitation, on_delete=models.CASCADE, related_name="+")
    began = models.BooleanField(db_default=False, help_text="the person is invited to the team for reviewing alone")
    mailed: bool  # whether `inviting.invite_reviewer`, which returned it, had an e-mail sent

    objects = ReviewerInvitationQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["invitation", "application"], name="reviewer_invitation_once")]

    def __str__(self) -> str:
        return f"{self.invitation}, {self.application}"

    @property
    def ends_with_it(self) -> bool:
        """Whether nothing is left to join the team for without it: nobody else asked for the person."""
        others = ReviewerInvitation.objects.filter(invitation=self.invitation_id).exclude(pk=self.pk)
        return self.began and not others.exists()


class ApplicationKey(models.Model):
    """A key by which the application's devices authenticate.

    It is shipped inside the app, so it names the application rather than hiding anything; several may be
    active at a time so that a new one can reach the devices before the old one is revoked.
    """

    application = models.ForeignKey(HostApplication, on_delete=models.CASCADE, related_name="keys")
    key = models.CharField(max_length=64, unique=True, default=partial(secrets.token_urlsafe, 32))
    created_at = models.DateTimeField(db_default=Now())
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    revoked_at = models.DateTimeField(null=True)

    objects = ApplicationKeyQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"…{self.hint}"

    @property
    def hint(self) -> str:
        """The last four characters."""
        return self.key[-4:]

    @property
    def sha256(self) -> str:
        """What the update check's snapshot keeps instead of the key, in hex."""
        return hashlib.sha256(self.key.encode()).hexdigest()


class ServerSecret(models.Model):
    """What the application's server and the console sign for each other: messages one way, login requests the other.

    A signature (HMAC) needs the secret itself, so it is kept sealed. `ends_at` is empty for the current one.
    """

    application = models.ForeignKey(HostApplication, on_delete=models.CASCADE, related_name="server_secrets")
    sealed = models.TextField()
    hint = models.CharField(max_length=4, help_text="its last characters")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    ends_at = models.DateTimeField(null=True, help_text="not used from then on: a newer one replaced it")

    objects = ServerSecretQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["application"], condition=models.Q(ends_at=None), name="server_secret_current_once"
            )
        ]

    def __str__(self) -> str:
        return f"…{self.hint}"

    def read(self) -> str:
        """Return the secret itself, `whsec_…`; raises Unreadable."""
        return unseal(self.sealed)


class SigningKey(models.Model):
    """An Ed25519 key by which the console signs what the application's devices download (R-8).

    Every key that is not retired signs. So a new one can reach the devices, in the configuration file of a new build of
    the app, before the old one is retired.
    """

    application = models.ForeignKey(HostApplication, on_delete=models.CASCADE, related_name="signing_keys")
    key_id = models.CharField(
        max_length=16, unique=True, help_text="first 16 hex digits of the SHA-256 of the public key"
    )
    public_key = models.CharField(max_length=44, help_text="32 bytes, Base64")
    sealed = models.TextField(help_text="the private key; empty once retired")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    retired_at = models.DateTimeField(null=True)
    retired_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    objects = SigningKeyQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.key_id


class Decision(models.Model):
    """A request that a host application's reviewers decide: bindings, version audits, exemptions and permissions.

    A move is one guarded UPDATE (`console.base.hosts.decisions.move`); the constraint keeps who and when together.
    """

    application = models.ForeignKey(HostApplication, on_delete=models.PROTECT, related_name="%(class)ss")
    state = models.CharField(max_length=20, choices=DecisionState, default=DecisionState.WAITING)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    reason = models.TextField(_("reason"), max_length=500, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    note = models.TextField(_("note"), max_length=2000, blank=True)
    notified_at = models.DateTimeField(null=True, help_text="when the reviewers were last told that it waits")

    objects = DecisionQuerySet.as_manager()

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=models.Q(decided_by=None, decided_at=None)
                | models.Q(decided_by__isnull=False, decided_at__isnull=False),
                name="%(class)s_decided_by_and_at",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=[DecisionState.APPROVED, DecisionState.REJECTED])
                | models.Q(decided_by__isnull=False),
                name="%(class)s_decision_has_decider",
            ),
            models.CheckConstraint(condition=models.Q(state__in=DecisionState.values), name="%(class)s_state_known"),
            models.CheckConstraint(
                condition=models.Q(decided_by=None) | ~models.Q(decided_by=models.F("requested_by")),
                name="%(class)s_not_by_requester",
            ),
        ]
        indexes = [
            models.Index(
                fields=["application", "requested_at"], condition=models.Q(state="waiting"), name="%(class)s_waiting"
            ),
        ]

    def __str__(self) -> str:
        return self.subject()

    @property
    def is_live(self) -> bool:
        """Whether it is in force or asked for, as `live` keeps them."""
        return self.state in LIVE

    def get_absolute_url(self) -> str:
        """The page in the review inbox."""
        raise NotImplementedError

    def is_own_of(self, user: User) -> bool:
        """Whether `user` asked for it, by hand or by a robot whose token they created; reads who asked (P-2)."""
        return user.pk in (self.requested_by_id, *self.requested_by.token_makers)

    def is_overdue(self, *, at: datetime) -> bool:
        """Whether it waits for longer than DECISION_OVERDUE_HOURS at the time `at` (V-10)."""
        limit = timedelta(hours=settings.DECISION_OVERDUE_HOURS)
        return self.state == DecisionState.WAITING and self.requested_at < at - limit

    def hours_waiting(self, *, at: datetime) -> int:
        """Whole hours since it was asked."""
        return int((at - self.requested_at).total_seconds() // 3600)

    @property
    def hours_waiting_now(self) -> int:
        """Whole hours since it was asked, at this moment; for pages."""
        return self.hours_waiting(at=timezone.now())

    @property
    def shown_state(self) -> str:
        """The state that pages show: “overdue” while it waits for too long."""
        return "overdue" if self.is_overdue(at=timezone.now()) else self.state

    def subject(self) -> str:
        """What is asked for, in words for the inbox and the mail."""
        raise NotImplementedError


class Grant(Decision):
    """A decision whose approval holds until someone ends it: bindings, exemptions, interface permissions."""

    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    end_reason = models.TextField(max_length=500, blank=True)

    class Meta(Decision.Meta):
        abstract = True


class DefaultApi(models.Model):
    """A sensitive API that every application has in its list; kept by operators (D-3)."""

    name = models.CharField(_("name"), max_length=API_NAME_LENGTH, unique=True, validators=[api_name])
    title = models.CharField(_("purpose"), max_length=80)
    restricted = models.BooleanField(_("restricted"), default=True, help_text=_("Default for new apps."))

    objects = DefaultApiQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name = _("sensitive API")
        verbose_name_plural = _("sensitive APIs")

    def __str__(self) -> str:
        return self.name

    @property
    def purpose(self) -> str:
        """What it does, in the reader's language."""
        return purpose(self.title)


class SensitiveApi(models.Model):
    """An API in an application's list: public, or restricted to the mini programs that were granted it (D-3)."""

    application = models.ForeignKey(HostApplication, on_delete=models.CASCADE, related_name="apis")
    name = models.CharField(_("name"), max_length=API_NAME_LENGTH, validators=[api_name])
    title = models.CharField(_("purpose"), max_length=80, blank=True)
    restricted = models.BooleanField(default=True)

    objects = SensitiveApiQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["application", "name"], name="sensitive_api_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def purpose(self) -> str:
        """What it does, in the reader's language; "" where nobody has said."""
        return purpose(self.title)
