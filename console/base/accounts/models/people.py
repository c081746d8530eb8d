"""Users, teams, memberships, invitations."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.core.signing import BadSignature, Signer
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from console.base.accounts.asking import Asking
from console.base.accounts.permissions import TEAM_ROLE_PERMISSIONS, Permission, TeamRole
from console.base.accounts.querysets import MAX_EMAIL_TRIES, InvitationQuerySet, MembershipQuerySet, TeamQuerySet
from console.base.core import zones
from console.base.core.text import initials


class UserManager(BaseUserManager["User"]):
    """Makes users; the e-mail address is the name they sign in with."""

    def create_user(self, email: str, password: str | None = None, **fields: object) -> User:
        """Create a user; without a password they can only sign in after setting one by a link."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def people(self) -> models.QuerySet[User]:
        """Return everybody but robots (A-1), who sign in nowhere and are members in no list of people."""
        return self.filter(is_robot=False)

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> User:
        """Create an operator with every right in Django's admin."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, email: str | None) -> User:
        """Find by e-mail address, whatever its case, as Python folds it: the throttle counts that spelling.

        PostgreSQL's `iexact` takes “toma\u017f” for “tomas”, which would have budgets of its own.
        """
        return self.annotate(lower=Lower("email")).get(lower=(email or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person, or a robot that acts for a team by a token (A-1).

    Operators have `is_staff`; what anyone may do in the console comes from memberships alone.
    """

    email = models.EmailField(_("e-mail"), max_length=254)
    name = models.CharField(_("name"), max_length=100)
    is_staff = models.BooleanField(_("operator"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    operator_given_by = models.CharField(
        max_length=16,
        blank=True,
        db_default="",
        default="",
        help_text="the identity provider whose groups made them an operator; empty: people did",
    )
    is_robot = models.BooleanField(_("robot"), db_default=False, default=False, editable=False)
    token_makers = ArrayField(
        models.BigIntegerField(),
        default=list,
        db_default=models.Value([], ArrayField(models.BigIntegerField())),
        editable=False,
        help_text="of a robot: ids of who created or replaced its token, the newest last",
    )
    date_joined = models.DateTimeField(db_default=Now())
    language = models.CharField(
        _("language"),
        max_length=10,
        choices=settings.LANGUAGES,
        blank=True,
        default="",
        db_default="",
        help_text="empty: never signed in yet",
    )
    time_zone = models.CharField(
        _("time zone"),
        max_length=zones.LONGEST,
        blank=True,
        default="",
        db_default="",
        help_text="the name; empty: that of the browser",
    )

    notifications_read_to = models.BigIntegerField(
        db_default=0, help_text="the highest id among the notifications that were marked as read"
    )

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_once"),
            # allauth looks addresses up in lower case: another spelling could neither sign in nor reset its password.
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_lower_case"),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        """Return the first word of the name."""
        return str(self).split()[0]

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Operators may do all that Django's admin shows; nothing else asks (`permissions` does)."""
        return self.is_active and self.is_staff

    def has_module_perms(self, app_label: str) -> bool:
        """Operators see every app of Django's admin."""
        return self.is_active and self.is_staff

    @cached_property
    def team_roles(self) -> list[Membership]:
        """Memberships with their teams, by name; read once in a request, where views, filters and the frame ask."""
        return list(self.memberships.select_related("team").order_by("team__name"))

    @property
    def initials(self) -> str:
        """Two letters for the avatar."""
        return initials(str(self))


class Team(models.Model):
    """Owns mini programs and host applications."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    created_at = models.DateTimeField(db_default=Now())
    requires_second_factor = models.BooleanField(_("second factor required"), db_default=False, default=False)
    members = models.ManyToManyField(User, through="Membership", related_name="teams")
    membership: Membership  # of the user through whom `access.team_for` loaded the team
    asking: Asking  # whom that user asks for what only others may do

    objects = TeamQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def initials(self) -> str:
        """Two letters for the avatar."""
        return initials(self.name)

    @property
    def has_administrator(self) -> bool:
        """Whether someone decides who joins (P-7): any member with that role, also one who can't sign in.

        Where nobody does, operators invite the first administrator.
        """
        return self.memberships.filter(role=TeamRole.ADMIN).exists()


class Membership(models.Model):
    """A person's role in a team."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=20, choices=TeamRole)
    since = models.DateTimeField(db_default=Now())
    given_by = models.CharField(
        max_length=16,
        blank=True,
        db_default="",
        default="",
        help_text="the identity provider whose groups gave it, and may take it away; empty: people gave it",
    )

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "user"], name="membership_once"),
            models.CheckConstraint(condition=models.Q(role__in=TeamRole.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.get_role_display()} of {self.team}"

    def may(self, permission: Permission) -> bool:
        """Whether the role holds `permission`."""
        return permission in TEAM_ROLE_PERMISSIONS[self.role]


class Invitation(models.Model):
    """An invitation to a team by e-mail.

    The link's token is the signed id and issue: nothing in the table opens an invitation, and the mail job can
    build the link again. Sending again raises the issue, so that only the newest link works.
    """

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(_("e-mail"))
    role = models.CharField(_("role"), max_length=20, choices=TeamRole)
    issue = models.PositiveSmallIntegerField(default=1)
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    invited_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    emailed_at = models.DateTimeField(null=True)
    email_tries = models.PositiveSmallIntegerField(default=0)
    email_next_at = models.DateTimeField(null=True, help_text="not tried again before")
    counted_from = models.DateTimeField(null=True, help_text="when the day began whose mails are counted")
    counted = models.PositiveSmallIntegerField(db_default=0, default=0, help_text="mails since `counted_from`")

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-invited_at"]
        constraints = [
            models.UniqueConstraint(
                "team",
                Lower("email"),
                condition=models.Q(accepted_at=None, revoked_at=None),
                name="invitation_open_once",
            ),
            models.CheckConstraint(
                condition=models.Q(accepted_at=None) | models.Q(revoked_at=None),
                name="invitation_accepted_or_revoked",
            ),
        ]
        indexes = [
            models.Index(
                "id",
                condition=models.Q(emailed_at=None, accepted_at=None, revoked_at=None),
                name="invitation_to_send",
            ),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def failed(self) -> bool:
        """Whether the mail server refused the message so often that it is not tried again."""
        return self.email_tries >= MAX_EMAIL_TRIES

    @property
    def token(self) -> str:
        """The secret part of the link."""
        return _invitation_signer().sign(f"{self.pk}-{self.issue}")

    @staticmethod
    def read_token(token: str) -> tuple[int, int] | None:
        """Return (id, issue) of a token that we signed, else None."""
        try:
            pk, _dash, issue = _invitation_signer().unsign(token).partition("-")
        except BadSignature:
            return None
        return int(pk), int(issue)


def _invitation_signer() -> Signer:
    return Signer(salt="console.accounts.invitation", sep=".")
