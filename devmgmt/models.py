"""What developers set for a mini program and ask of host applications; and how much it logs.

Log entries themselves are the business of the log store (`devmgmt.logs`).
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from console.base.accounts.models import User
from console.base.accounts.permissions import Permission
from console.base.core import times
from console.base.hosts.models import API_NAME_LENGTH, Grant
from console.base.hosts.states import LIVE, DecisionState
from devmgmt.lookalikes import is_lookalike
from devmgmt.matching import in_letters, origin_of
from devmgmt.querysets import GrantQuerySet, PermissionQuerySet, SavedQueryQuerySet
from devmgmt.states import EXPIRES_SOON, DomainType
from miniprograms.models import MiniProgram

QUERY_LENGTH = 4000  # of a saved query, as a URL carries it


class ServerDomain(models.Model):
    """A host that a mini program may speak to (D-1), as `devmgmt.matching` has normalised it."""

    mini_program = models.ForeignKey(
        MiniProgram, on_delete=models.CASCADE, related_name="server_domains", db_index=False
    )
    kind = models.CharField(max_length=12, choices=DomainType)
    host = models.CharField(max_length=253, help_text="in ASCII, lower case")
    port = models.PositiveIntegerField(null=True, help_text="the only port, for https; empty: the scheme's own")

    class Meta:
        ordering = ["kind", "host", "port"]
        constraints = [
            models.UniqueConstraint(
                fields=["mini_program", "kind", "host", "port"], nulls_distinct=False, name="server_domain_once"
            ),
            models.CheckConstraint(condition=models.Q(kind__in=DomainType.values), name="server_domain_kind_known"),
        ]

    def __str__(self) -> str:
        return self.origin

    @property
    def origin(self) -> str:
        """As people write it and devices read it: `https://api.example.com:8443`."""
        return origin_of(self, DomainType(self.kind))

    @property
    def in_letters(self) -> str:
        """The origin as people who read its script write it; "" for one that is ASCII anyway."""
        host = in_letters(self.host)
        return "" if host == self.host else origin_of(self, DomainType(self.kind), host=host)

    @property
    def is_lookalike(self) -> bool:
        """Whether readers can take it for another host."""
        return is_lookalike(self.host)


class ProgramGrant(Grant):
    """What a mini program was granted by one host application, or asked for.

    From `expires_at` on, a grant has no effect, even before its row is updated (D-10). A request that `renews` a grant
    takes its place when it is approved; until then, both are there.
    """

    mini_program = models.ForeignKey(MiniProgram, on_delete=models.PROTECT, related_name="%(class)ss", db_index=False)
    expires_at = models.DateTimeField(null=True, help_text="without effect from then on; empty: without end")
    expiry_told = models.PositiveSmallIntegerField(
        null=True, help_text="how many days before the end its people were last notified"
    )
    renews = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+", db_index=False)

    objects = GrantQuerySet.as_manager()  # type: ignore[misc]  # more questions than a decision's

    class Meta(Grant.Meta):
        abstract = True
        ordering = ["-id"]

    def developer_url(self) -> str:
        """The page on which the developers see it."""
        raise NotImplementedError

    @property
    def shown_state(self) -> str:
        """The state that pages show: what was approved is granted until it expires, what was ended revoked, withdrawn,
        expired, or replaced by its renewal.
        """
        if self.state == DecisionState.APPROVED:
            return "expired" if self.is_expired else "granted"
        if self.state == DecisionState.ENDED and self.ended_by_id is None:
            return "expired" if self.is_expired else "renewed"
        if self.state == DecisionState.ENDED:
            return "revoked" if self.end_reason else "ended"
        return super().shown_state

    @property
    def is_expired(self) -> bool:
        """Whether its time was over when it ended, or is over now."""
        return self.expires_at is not None and self.expires_at <= (self.ended_at or timezone.now())

    @property
    def can_be_renewed(self) -> bool:
        """Whether it was granted until some day, so that it can be asked for again before."""
        return self.state == DecisionState.APPROVED and self.expires_at is not None

    @property
    def replaces(self) -> ProgramGrant | None:
        """The grant whose place it takes once it is approved; None of what is no request to renew one, or no more."""
        waits = self.state == DecisionState.WAITING
        return self.renews if waits and self.renews and self.renews.state == DecisionState.APPROVED else None

    @property
    def expires_soon(self) -> bool:
        """Whether it is in force and ends within EXPIRES_SOON days."""
        if self.state != DecisionState.APPROVED or self.expires_at is None or self.is_expired:
            return False
        return self.expires_at - timezone.now() <= timedelta(days=EXPIRES_SOON)

    @property
    def time_left(self) -> str:
        """“5 days”, as the reader's calendar counts them; “3 hours”, rounded down, on the last day."""
        if self.expires_at is None:
            return ""
        hours = max(int((self.expires_at - timezone.now()).total_seconds() // 3600), 0)
        if hours < 24:
            return ngettext("%(count)d hour", "%(count)d hours", hours) % {"count": hours}
        days = times.days_until(self.expires_at)
        return ngettext("%(count)d day", "%(count)d days", days) % {"count": days}


class DomainExemption(ProgramGrant):
    """Skip domain verification: devices of the application do not check the program's hosts (D-2)."""

    class Meta(ProgramGrant.Meta):
        constraints = [
            *ProgramGrant.Meta.constraints,
            models.UniqueConstraint(
                fields=["mini_program", "application"],
                condition=models.Q(state__in=LIVE, renews=None),
                name="domain_exemption_live_once",
            ),
            models.UniqueConstraint(
                fields=["renews"],
                condition=models.Q(state__in=LIVE),
                name="domain_exemption_renewed_once",
            ),
        ]
        indexes = [
            *ProgramGrant.Meta.indexes,
            models.Index(fields=["mini_program", "-id"], name="domain_exemption_of_program"),
        ]

    def get_absolute_url(self) -> str:
        """The page in the review inbox."""
        return reverse("reviews:exemption", args=[self.pk])

    def subject(self) -> str:
        """What is asked for, in words."""
        return gettext("Skipping domain verification for %(program)s") % {"program": self.mini_program}

    def developer_url(self) -> str:
        """The page of the program's server domains."""
        return reverse("devmgmt:domains", args=[self.mini_program.app_id])


class ApiPermission(ProgramGrant):
    """The right to call one restricted API of the application (D-3), by the name that is in its list.

    What was requested together is one item of the inbox: `submission` is the first of its requests, empty for that one.
    """

    api = models.CharField(max_length=API_NAME_LENGTH)
    submission = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+", db_index=False)

    objects = PermissionQuerySet.as_manager()  # type: ignore[misc]  # its items are submissions

    class Meta(ProgramGrant.Meta):
        constraints = [
            *ProgramGrant.Meta.constraints,
            models.UniqueConstraint(
                fields=["mini_program", "application", "api"],
                condition=models.Q(state__in=LIVE, renews=None),
                name="api_permission_live_once",
            ),
            models.UniqueConstraint(
                fields=["renews"],
                condition=models.Q(state__in=LIVE),
                name="api_permission_renewed_once",
            ),
        ]
        indexes = [
            *ProgramGrant.Meta.indexes,
            models.Index(fields=["mini_program", "-id"], name="api_permission_of_program"),
        ]

    def get_absolute_url(self) -> str:
        """The page in the review inbox."""
        return reverse("reviews:permission", args=[self.pk])

    @property
    def item(self) -> int:
        """The primary key of the first request of its submission."""
        return self.submission_id or self.pk

    def subject(self) -> str:
        """What is asked for, in words."""
        return gettext("%(api)s for %(program)s") % {"api": self.api, "program": self.mini_program}

    def developer_url(self) -> str:
        """The page of the program's interface permissions in the application."""
        query = {"application": self.application.application_id}
        return reverse("devmgmt:permissions", args=[self.mini_program.app_id], query=query)


class SavedQuery(models.Model):
    """Criteria of the log page that a person keeps for a program, as they are in the URL (D-6).

    Theirs alone, or shared: then everyone in the program's team sees them.
    """

    mini_program = models.ForeignKey(MiniProgram, on_delete=models.CASCADE, related_name="saved_queries")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_queries", db_index=False
    )
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(max_length=QUERY_LENGTH)
    is_shared = models.BooleanField(db_default=False)
    created_at = models.DateTimeField(db_default=Now())

    objects = SavedQueryQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["user", "mini_program", "name"], name="saved_query_once"),
            models.UniqueConstraint(
                fields=["mini_program", "name"], condition=models.Q(is_shared=True), name="saved_query_shared_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def may_be_changed_by(self, user: User, held: frozenset[Permission]) -> bool:
        """Return whether it is theirs, or shared in a team that they administer; `held` is what they may do there."""
        return self.user_id == user.pk or (self.is_shared and Permission.ADMINISTER in held)


class LogVolume(models.Model):
    """How many entries of a program there are of each minute, by their highest level (D-5, D-6).

    Written a moment after the entries, by `devmgmt.logs.volume`: for the chart of long ranges and for the daily cap,
    which both forgive the second that a crash can lose.
    """

    pk = models.CompositePrimaryKey("mini_program", "minute")
    mini_program = models.ForeignKey(MiniProgram, on_delete=models.CASCADE, related_name="+", db_index=False)
    minute = models.DateTimeField()
    info = models.PositiveIntegerField(default=0)
    warn = models.PositiveIntegerField(default=0)
    error = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.info + self.warn + self.error} at {self.minute}"
