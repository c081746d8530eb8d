"""Mini programs, their bindings to host applications, and what operators keep for them."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.conf import settings
from django.core.validators import MinLengthValidator, MinValueValidator, RegexValidator, URLValidator
from django.db import models
from django.db.models.functions import Lower, Now
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from console.base.accounts.asking import Asking
from console.base.accounts.models import Team
from console.base.accounts.permissions import Permission
from console.base.core.ids import random_id
from console.base.hosts.models import Grant, HostApplication, icon_path
from console.base.hosts.querysets import HostApplicationQuerySet
from console.base.hosts.states import LIVE
from miniprograms.querysets import BindingQuerySet, CategoryQuerySet, IdeDownloadQuerySet, MiniProgramQuerySet
from miniprograms.states import Shelf


class Category(models.Model):
    """What a mini program is about; kept by operators."""

    name = models.CharField(_("name"), max_length=40, unique=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    objects = CategoryQuerySet.as_manager()

    class Meta:
        ordering = ["position", "name"]
        verbose_name = _("category")
        verbose_name_plural = _("categories")

    def __str__(self) -> str:
        """Return the name; one of those to begin with in the reader's language."""
        return gettext(self.name) if self.name else ""


IDE_VERSION = r"^[0-9]+(\.[0-9]+){0,3}$"


class IdeDownload(models.Model):
    """One download of the IDE (L-5); kept by operators."""

    class Platform(models.TextChoices):
        MACOS = "macos", _("macOS")
        WINDOWS = "windows", _("Windows")
        LINUX = "linux", _("Linux")

    version = models.CharField(
        _("version"), max_length=20, validators=[RegexValidator(IDE_VERSION, _("Digits and dots: 3.8.1"))]
    )
    platform = models.CharField(_("system"), max_length=10, choices=Platform)
    requirement = models.CharField(_("requirement"), max_length=40, blank=True, help_text=_("“13 or later”"))
    url = models.URLField(_("link"), max_length=500, validators=[URLValidator(schemes=["https"])])
    size = models.PositiveBigIntegerField(_("size (bytes)"), null=True, blank=True, validators=[MinValueValidator(1)])
    released_on = models.DateField(_("released on"))
    notes = models.TextField(_("notes"), blank=True)

    objects = IdeDownloadQuerySet.as_manager()

    class Meta:
        ordering = ["-released_on", "-id"]
        constraints = [models.UniqueConstraint(fields=["version", "platform"], name="ide_download_once")]
        verbose_name = _("IDE download")
        verbose_name_plural = _("IDE downloads")

    def __str__(self) -> str:
        return f"{self.version}, {self.get_platform_display()}"

    @property
    def icon(self) -> str:
        """The name of the system's icon."""
        return {"macos": "brand-apple", "windows": "brand-windows"}.get(self.platform, "terminal-2")


class MiniProgram(models.Model):
    """A mini program of a team.

    `online_number`, `online_since` and `in_audit_number` repeat what the version rows say, so that the list needs no
    join; the verbs of `releases` write them in the transaction that changes those rows. Those verbs lock this row
    first, so all moves of one program's lifecycle happen one after the other.
    """

    app_id = models.CharField(_("App ID"), max_length=20, unique=True, editable=False, default=partial(random_id, "mp"))
    team = models.ForeignKey(Team, verbose_name=_("team"), on_delete=models.PROTECT, related_name="mini_programs")
    name = models.CharField(_("name"), max_length=30, validators=[MinLengthValidator(2)])
    icon = models.ImageField(_("icon"), upload_to=icon_path)
    category = models.ForeignKey(Category, verbose_name=_("category"), on_delete=models.PROTECT)
    introduction = models.CharField(_("introduction"), max_length=120)
    description = models.TextField(_("description"), max_length=2000, blank=True)
    shelf = models.CharField(max_length=5, choices=Shelf, default=Shelf.ON)
    created_at = models.DateTimeField(db_default=Now())
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField(db_default=Now())
    last_change = models.CharField(
        max_length=50, default="mini_program.created", help_text="the name of an event of the activity log"
    )
    last_change_label = models.CharField(max_length=200, blank=True)
    revision = models.PositiveIntegerField(default=1)
    online_number = models.CharField(max_length=14, blank=True)
    online_since = models.DateTimeField(null=True)
    in_audit_number = models.CharField(max_length=14, blank=True)
    server_robot = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        db_index=False,
        help_text="who acts when the program's server does; empty until then",
    )

    role: str
    """That of the user for whom `with_role_of` read it, in its team."""
    held: frozenset[Permission]
    """What the user may do with it who loaded it through `miniprograms.access`."""
    asking: Asking
    """Whom that user asks for what only others may do."""

    objects = MiniProgramQuerySet.as_manager()

    class Meta:
        ordering = ["-changed_at", "-id"]
        constraints = [
            models.UniqueConstraint("team", Lower("name"), name="mini_program_name_once_in_team"),
            models.CheckConstraint(condition=models.Q(shelf__in=Shelf.values), name="mini_program_shelf_known"),
        ]
        indexes = [
            # The lists' order, with what their tabs count: neither touches the table.
            models.Index(
                fields=["team", "-changed_at", "-id"],
                include=["shelf", "online_number", "in_audit_number"],
                name="mini_program_list",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """The details page."""
        return reverse("miniprograms:detail", args=[self.app_id])

    @property
    def on_shelf(self) -> bool:
        """Whether applications may get it."""
        return self.shelf == Shelf.ON

    def askable_applications(self) -> HostApplicationQuerySet:
        """Applications that may be asked for a binding, without those bound or asked already (L-6)."""
        taken = self.bindings.live().values("application")
        return HostApplication.objects.open_for_binding_by(self.team_id).exclude(pk__in=taken)

    def asked_applications(self) -> HostApplicationQuerySet:
        """Applications that have not decided on a binding yet."""
        return self.bindings.waiting().applications()

    def write(self, **fields: Any) -> None:
        """Set fields here and in the row; for who holds the row's lock."""
        MiniProgram.objects.filter(pk=self.pk).update(**fields)
        for name, value in fields.items():
            setattr(self, name, value)


class ProgramUser(models.Model):
    """An account of a host application as a mini program knows it (K-4): made when it first matters.

    `openid` is the account's name for this program, `unionid` for all programs of its team.
    """

    mini_program = models.ForeignKey(MiniProgram, on_delete=models.PROTECT, related_name="users", db_index=False)
    application = models.ForeignKey(HostApplication, on_delete=models.PROTECT, related_name="+", db_index=False)
    account = models.CharField(max_length=128)
    openid = models.CharField(max_length=28, unique=True)
    unionid = models.CharField(max_length=28)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["mini_program", "application", "account"], name="program_user_once")
        ]
        indexes = [models.Index(fields=["application", "account"], name="program_user_account")]

    def __str__(self) -> str:
        return self.masked

    @property
    def masked(self) -> str:
        """The openid as pages show it: enough to compare, not to use."""
        return f"{self.openid[:6]}…{self.openid[-4:]}"


class Binding(Grant):
    """A mini program's tie to a host application ("associated application", L-6).

    Approved means bound. `accepted_number` is the version that was online at the moment of approval.
    """

    mini_program = models.ForeignKey(MiniProgram, on_delete=models.PROTECT, related_name="bindings")
    accepted_number = models.CharField(max_length=14, blank=True)

    objects = BindingQuerySet.as_manager()  # type: ignore[misc]  # more questions than a decision's

    class Meta(Grant.Meta):
        ordering = ["-id"]
        constraints = [
            *Grant.Meta.constraints,
            models.UniqueConstraint(
                fields=["mini_program", "application"],
                condition=models.Q(state__in=LIVE),
                name="binding_live_once",
            ),
        ]

    def get_absolute_url(self) -> str:
        """The page in the review inbox."""
        return reverse("reviews:binding", args=[self.pk])

    def subject(self) -> str:
        """What is asked for, in words."""
        return gettext("Binding of %(program)s") % {"program": self.mini_program}
