"""What keeps accounts safe: sessions, the security log, changes of address, and members that operators propose."""

from __future__ import annotations

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from console.base.accounts.permissions import TeamRole
from console.base.accounts.querysets import (
    AddressChangeQuerySet,
    MembershipProposalQuerySet,
    SecurityEntryQuerySet,
    UserSessionQuerySet,
)
from console.base.accounts.states import SECURITY, SecurityAbout


class UserSession(models.Model):
    """A sign-in of a person, beside the row of `django_session` that is the session itself (P-6).

    Deleting that row ends the session on its next request (P-3); this one only says what it was.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sessions")
    session_key = models.CharField(max_length=40, unique=True)
    signed_in_at = models.DateTimeField(db_default=Now())
    last_used_at = models.DateTimeField(db_default=Now(), help_text="to the minute")
    address = models.GenericIPAddressField(null=True)
    agent = models.CharField(max_length=300, blank=True, db_default="", default="", help_text="what the browser says")
    method = models.CharField(max_length=40, blank=True, db_default="", default="", help_text="as SecurityEntry.detail")
    first_time = models.BooleanField(db_default=False, default=False, help_text="no sign-in from that network before")

    objects = UserSessionQuerySet.as_manager()

    class Meta:
        ordering = ["-last_used_at"]

    def __str__(self) -> str:
        return f"{self.user}, {self.address}"


class SecurityEntry(models.Model):
    """What happened to an account: sign-ins, failures, changes of how its person signs in (P-6).

    `user` is empty where no account has the address that was typed. Failures from one address within some minutes are
    one row with a `count`.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="security_entries"
    )
    email = models.CharField(max_length=254, blank=True, db_default="", default="", help_text="as it was typed")
    kind = models.CharField(max_length=30)
    at = models.DateTimeField(db_default=Now())
    count = models.PositiveIntegerField(db_default=1, default=1)
    address = models.GenericIPAddressField(null=True)
    network = models.CharField(max_length=43, blank=True, db_default="", default="", help_text="of the address")
    agent = models.CharField(max_length=300, blank=True, db_default="", default="")
    detail = models.CharField(max_length=300, blank=True, db_default="", default="")
    session_key = models.CharField(max_length=40, blank=True, db_default="", default="", help_text="of a sign-in")
    asks = models.BooleanField(db_default=False, default=False, help_text="whether the person has to say it was them")

    objects = SecurityEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("security log entry")
        verbose_name_plural = _("security log")
        ordering = ["-id"]
        indexes = [models.Index(fields=["user", "-id"], name="security_by_user")]

    def __str__(self) -> str:
        return f"{self.email}: {self.kind}"

    @property
    def about(self) -> SecurityAbout:
        """Icon and words of its kind."""
        return SECURITY.get(self.kind) or SecurityAbout("shield", self.kind)


class AddressChange(models.Model):
    """An operator asked for another address of an account. It takes effect when the person opens the link (P-7)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="address_changes")
    email = models.EmailField(_("e-mail"), max_length=254)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    objects = AddressChangeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "user", condition=models.Q(confirmed_at=None, withdrawn_at=None), name="address_change_open_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.email}"

    @property
    def token(self) -> str:
        """The secret part of the link."""
        return _address_signer().sign(str(self.pk))

    @staticmethod
    def read_token(token: str) -> int | None:
        """Return the id in a token that we signed, else None."""
        try:
            return int(_address_signer().unsign(token))
        except BadSignature:
            return None


def _address_signer() -> Signer:
    return Signer(salt="console.accounts.address", sep=".")


class MembershipProposal(models.Model):
    """A member whom an operator would like in a team that has an administrator, who decides (P-7)."""

    team = models.ForeignKey("accounts.Team", on_delete=models.CASCADE, related_name="proposals")
    email = models.EmailField(_("e-mail"), max_length=254)
    role = models.CharField(_("role"), max_length=20, choices=TeamRole)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    accepted = models.BooleanField(db_default=False, default=False)

    objects = MembershipProposalQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_at"]
        constraints = [
            models.UniqueConstraint(
                "team", Lower("email"), condition=models.Q(decided_at=None), name="membership_proposal_open_once"
            ),
            models.CheckConstraint(
                condition=models.Q(accepted=False) | models.Q(decided_at__isnull=False),
                name="membership_proposal_accepted_when_decided",
            ),
        ]

    def __str__(self) -> str:
        return self.email
