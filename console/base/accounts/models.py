"""Users, teams, memberships, invitations, notifications, mails."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.signing import BadSignature, Signer
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from console.base.accounts.permissions import TEAM_ROLE_PERMISSIONS, Permission, TeamRole
from console.base.accounts.querysets import (
    MAX_EMAIL_TRIES,
    InvitationQuerySet,
    MembershipQuerySet,
    NotificationQuerySet,
    OutgoingMailQuerySet,
    TeamQuerySet,
)
from console.base.accounts.states import ABOUT, LATER, About, NotificationKind


def _initials(name: str) -> str:
    words = name.split()
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


class UserManager(BaseUserManager["User"]):
    """Makes users; the e-mail address is the name they sign in with."""

    def create_user(self, email: str, password: str | None = None, **fields: object) -> User:
        """Create a user; without a password they can only sign in after setting one by a link."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> User:
        """Create an operator with every right in Django's admin."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, email: str | None) -> User:
        """Find by e-mail address, whatever its case."""
        return self.get(email__iexact=email)


class User(AbstractBaseUser, PermissionsMixin):
    """A person. Operators have `is_staff`; what anyone may do in the console comes from memberships alone."""

    email = models.EmailField(_("e-mail"), max_length=254)
    name = models.CharField(_("name"), max_length=100)
    is_staff = models.BooleanField(_("operator"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
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
        return _initials(str(self))


class Team(models.Model):
    """Owns mini programs and host applications."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    created_at = models.DateTimeField(db_default=Now())
    members = models.ManyToManyField(User, through="Membership", related_name="teams")
    membership: Membership  # of the user through whom `access.team_for` loaded the team

    objects = TeamQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def initials(self) -> str:
        """Two letters for the avatar."""
        return _initials(self.name)


class Membership(models.Model):
    """A person's role in a team."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=20, choices=TeamRole)
    since = models.DateTimeField(db_default=Now())

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


class Notification(models.Model):
    """What a person reads in the console, by e-mail, or both: as they chose when it was written.

    The row is the truth: `emailed_at` stays empty until the mail server took the message, and the sweep tries again.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notifications")
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

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notification_choices")
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
    """A mail that stands in no other table, as the link to set a password: kept until the mail server took it.

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
    """How the mail server has answered lately: one row, or none before its first failure.

    `failures` count since it took a mail; nobody asks it before `paused_until`.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, db_default=1)
    failures = models.PositiveIntegerField(db_default=0, default=0)
    paused_until = models.DateTimeField(null=True)
    last_failure = models.CharField(max_length=300, blank=True, db_default="", default="")
    last_failure_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="mail_server_once")]

    def __str__(self) -> str:
        return self.last_failure
