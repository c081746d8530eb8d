"""Grayscale tasks, their conditions, and who has a place in them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_fsm import ConcurrentTransitionMixin, FSMField, transition

from console.base.core.times import EARLIEST
from console.base.hosts.models import HostApplication
from grayscale.guardrail import Breach, Guardrail, Seen, error_rate, exceeded
from grayscale.querysets import GrayscaleTaskQuerySet, ObjectListQuerySet
from grayscale.states import ObjectKind, Reason, TaskState, state_at
from miniprograms.models import MiniProgram
from releases.field.errors import ErrorRate
from releases.field.states import Network, Platform
from releases.models import Version

MOST_USERS = 100_000_000
SHARDS = 16  # of a task's limit; one row each, so that claims seldom wait for one another (G-5)

LATEST = datetime(9000, 1, 1, tzinfo=UTC)

T = TaskState
RUNNING = [T.PENDING, T.DELIVERING, T.SUSPENDED]


class GrayscaleTask(ConcurrentTransitionMixin, models.Model):
    """One grayscale release of a version to a limited number of users (G-1, G-4).

    `state` is what was written last; `state_at` is what the clock has decided. `keeps` says that devices which run
    the version keep it after the end, until the next release (G-6).
    """

    mini_program = models.ForeignKey(MiniProgram, on_delete=models.PROTECT, related_name="grayscale_tasks")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="grayscale_tasks")
    name = models.CharField(_("task name"), max_length=200)
    starts_at = models.DateTimeField(_("start"))
    ends_at = models.DateTimeField(_("end"))
    user_limit = models.PositiveIntegerField(
        _("number of users"), validators=[MinValueValidator(1), MaxValueValidator(MOST_USERS)]
    )
    networks = ArrayField(models.CharField(max_length=10, choices=Network), verbose_name=_("network"), default=list)
    guard_rate = models.DecimalField(
        _("error rate"), max_digits=5, decimal_places=2, null=True, blank=True, help_text="percent (G-13)"
    )
    guard_points = models.DecimalField(
        _("worse than online"), max_digits=5, decimal_places=2, null=True, blank=True, help_text="percentage points"
    )
    guard_devices = models.PositiveIntegerField(_("at least this many devices"), null=True, blank=True)
    guard_seen = models.JSONField(null=True, help_text="what the guardrail saw last, see grayscale.guardrail.Seen")
    guard_left_out = models.PositiveIntegerField(null=True, help_text="devices that it left out then (G-17)")
    guard_looked_at = models.DateTimeField(null=True, help_text="when it looked last")
    state = FSMField(choices=TaskState, default=TaskState.PENDING, protected=True)
    state_reason = models.CharField(max_length=20, choices=Reason, blank=True)
    state_since = models.DateTimeField()
    keeps = models.BooleanField(default=True)
    revision = models.PositiveIntegerField(default=1)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    enrolments_deleted_at = models.DateTimeField(null=True, help_text="from then on not all of its claims are there")

    objects = GrayscaleTaskQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(starts_at__lt=F("ends_at")), name="grayscale_task_start_before_end"),
            # What Python can't read back would stop everyone who reads tasks, of all teams.
            models.CheckConstraint(
                condition=Q(starts_at__gt=EARLIEST, ends_at__lt=LATEST), name="grayscale_task_times"
            ),
            models.CheckConstraint(
                condition=Q(user_limit__gte=1, user_limit__lte=MOST_USERS), name="grayscale_task_limit_range"
            ),
            models.CheckConstraint(condition=Q(state__in=TaskState.values), name="grayscale_task_state_known"),
            models.CheckConstraint(condition=Q(state_reason__in=["", *Reason.values]), name="grayscale_reason_known"),
            models.CheckConstraint(
                condition=~Q(state_reason=Reason.PULLED_BACK) | Q(keeps=False), name="grayscale_pulled_back_keeps_none"
            ),
            models.CheckConstraint(
                condition=Q(guard_devices=None, guard_rate=None, guard_points=None)
                | Q(guard_devices__isnull=False, guard_devices__gte=1)
                & (Q(guard_rate__isnull=False) | Q(guard_points__isnull=False)),
                name="grayscale_guardrail_whole",
            ),
            models.CheckConstraint(
                condition=(Q(guard_rate=None) | Q(guard_rate__gt=0, guard_rate__lte=100))
                & (Q(guard_points=None) | Q(guard_points__gt=0, guard_points__lte=100)),
                name="grayscale_guardrail_percent",
            ),
            models.CheckConstraint(
                condition=Q(networks__contained_by=Network.values), name="grayscale_task_networks_known"
            ),
        ]
        indexes = [
            models.Index(fields=["mini_program", "-created_at", "-id"], name="grayscale_task_newest"),
            models.Index(fields=["ends_at"], condition=~Q(state="ended"), name="grayscale_task_running"),
            models.Index(
                fields=["guard_looked_at"],
                condition=Q(guard_devices__isnull=False) & ~Q(state="ended"),
                name="grayscale_task_guarded",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """The progress page."""
        return reverse("grayscale:progress", args=[self.mini_program.app_id, self.pk])

    def state_at(self, at: datetime) -> str:
        """Return the state that the clock decides, however late the scheduler is (G-4)."""
        return state_at(str(self.state), self.starts_at, self.ends_at, at)

    @property
    def guardrail(self) -> Guardrail | None:
        """When it suspends by itself; None without a guardrail (G-13)."""
        if self.guard_devices is None:
            return None
        return Guardrail(rate=self.guard_rate, points=self.guard_points, devices=self.guard_devices)

    @property
    def seen(self) -> Seen | None:
        """What its guardrail saw when it looked last; None before its first look, also of that after a resumption."""
        looked_at = self.guard_looked_at
        is_fresh = looked_at and (self.state != T.DELIVERING or looked_at >= self.state_since)
        return Seen.of(self.guard_seen) if is_fresh and self.guard_seen else None

    @property
    def exceeds(self) -> Breach | None:
        """Which limit of its guardrail the figures of its last look exceed; None for neither."""
        return exceeded(self.guardrail, self.seen) if self.guardrail and self.seen else None

    @property
    def errors(self) -> ErrorRate | None:
        """The share of devices with errors that its guardrail saw last, and what that means; None before that."""
        return error_rate(self.version.number, self.guardrail, self.seen) if self.seen else None

    def places_taken(self) -> int:
        """Return how many users have a place now: exact."""
        return self.shards.aggregate(taken=models.Sum("taken"))["taken"] or 0

    # The lifecycle in one place, drawn on the page. The verbs check the rules and write the history; `label` is the
    # word at the arrow.

    @transition(field=state, source=T.PENDING, target=T.DELIVERING, custom={"label": _("start time or manually")})
    def start(self) -> None:
        """Takes users from now on."""

    @transition(field=state, source=T.DELIVERING, target=T.SUSPENDED, custom={"label": _("suspend")})
    def suspend(self) -> None:
        """Takes no new users; who has the version keeps it (G-6)."""

    @transition(field=state, source=T.SUSPENDED, target=T.DELIVERING, custom={"label": _("resume")})
    def resume(self) -> None:
        """Takes users again."""

    @transition(field=state, source=RUNNING, target=T.ENDED, custom={"label": _("end time, manually or published")})
    def end(self) -> None:
        """Gives the version to nobody any more."""


RANGE_END: dict[str, Any] = {"max_length": 40, "blank": True, "help_text": "numbers with dots; empty is open"}


class ApplicationCondition(models.Model):
    """An application that the task reaches, from its lowest to its highest version, both included."""

    task = models.ForeignKey(GrayscaleTask, on_delete=models.CASCADE, related_name="applications")
    application = models.ForeignKey(HostApplication, on_delete=models.PROTECT, related_name="+")
    lowest = models.CharField(**RANGE_END)
    highest = models.CharField(**RANGE_END)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["task", "application"], name="grayscale_application_once_in_task")
        ]

    def __str__(self) -> str:
        return str(self.application)


class PlatformCondition(models.Model):
    """A platform that the task reaches, from its lowest to its highest system version, both included."""

    task = models.ForeignKey(GrayscaleTask, on_delete=models.CASCADE, related_name="platforms")
    platform = models.CharField(max_length=10, choices=Platform)
    lowest = models.CharField(**RANGE_END)
    highest = models.CharField(**RANGE_END)

    class Meta:
        ordering = ["platform"]
        constraints = [
            models.UniqueConstraint(fields=["task", "platform"], name="grayscale_platform_once_in_task"),
            models.CheckConstraint(condition=Q(platform__in=Platform.values), name="grayscale_platform_known"),
        ]

    def __str__(self) -> str:
        return self.get_platform_display()


class ObjectList(models.Model):
    """GUIDs, device ids or accounts that were typed or read from a txt file (G-3).

    Without a task it is a draft: read and reported, not imported. `hashes` are the values' 64-bit keyed hashes,
    sorted, which matching uses; the values themselves are in `parts`, for people.
    """

    mini_program = models.ForeignKey(MiniProgram, on_delete=models.CASCADE, related_name="+")
    task = models.ForeignKey(GrayscaleTask, on_delete=models.CASCADE, null=True, related_name="object_lists")
    kind = models.CharField(max_length=10, choices=ObjectKind)
    filename = models.CharField(max_length=200, blank=True, help_text="empty when typed")
    count = models.PositiveIntegerField(default=0, help_text="values, without duplicates")
    lines = models.PositiveIntegerField(default=0)
    blanks = models.PositiveIntegerField(default=0)
    duplicates = models.PositiveIntegerField(default=0)
    invalid = models.PositiveIntegerField(default=0)
    invalid_lines = models.JSONField(default=list, help_text="[number, text, why] of the first invalid lines")
    key = models.BinaryField(max_length=16, help_text="of the hashes")
    hashes = models.BinaryField(default=b"", help_text="8 bytes each, little-endian, ascending")
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField()

    objects = ObjectListQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=ObjectKind.values), name="grayscale_object_kind_known")
        ]

    def __str__(self) -> str:
        return self.filename or self.get_kind_display()


class ObjectListPart(models.Model):
    """Some thousand values of a list, one per line: a million values are a hundred rows."""

    object_list = models.ForeignKey(ObjectList, on_delete=models.CASCADE, related_name="parts")
    position = models.PositiveIntegerField()
    values = models.TextField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["object_list", "position"], name="grayscale_object_list_part_once")
        ]

    def __str__(self) -> str:
        return f"{self.object_list_id}, {self.position}"


class ClaimShard(models.Model):
    """One of SHARDS shares of a task's limit: how many places it has and how many are taken (G-5).

    Closed shards give no new place, whatever a process still believes of the task.
    """

    pk = models.CompositePrimaryKey("task_id", "shard")
    task = models.ForeignKey(GrayscaleTask, on_delete=models.CASCADE, db_index=False, related_name="shards")
    shard = models.PositiveSmallIntegerField()
    capacity = models.PositiveIntegerField()
    taken = models.PositiveIntegerField(default=0)
    open = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(taken__lte=F("capacity")), name="grayscale_claims_within_limit")
        ]

    def __str__(self) -> str:
        return f"{self.task_id}, {self.shard}: {self.taken} / {self.capacity}"


class Claim(models.Model):
    """A GUID's place in a task, and what the device was when it got it. Written by the database's function only.

    No foreign keys in the database: each would lock the task's row at every claim.
    """

    pk = models.CompositePrimaryKey("task_id", "guid")
    task = models.ForeignKey(
        GrayscaleTask, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="claims"
    )
    guid = models.CharField(max_length=32)
    claimed_at = models.DateTimeField()
    application = models.ForeignKey(
        HostApplication, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    app_version = models.CharField(max_length=40)
    platform = models.CharField(max_length=10)
    os_version = models.CharField(max_length=40)
    network = models.CharField(max_length=10)

    class Meta:
        # The condition holds always. It keeps the planner from looking up a GUID by this index, as it does in a table
        # that it has no statistics of: the whole task would be read for each device.
        indexes = [
            models.Index(
                fields=["task", "claimed_at"],
                condition=Q(claimed_at__gt=EARLIEST),
                name="grayscale_claim_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.task_id}, {self.guid}"
