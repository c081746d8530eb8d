"""Packages, versions, audits, releases."""

from __future__ import annotations

import secrets
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_fsm import ConcurrentTransitionMixin, FSMField, transition

from console.base.core import times
from console.base.core.files import KeptStorage, kept_storage
from console.base.hosts.models import Decision
from miniprograms.models import MiniProgram
from releases.package import NOTE, Finding
from releases.querysets import AuditQuerySet, SettledFindingQuerySet, VersionQuerySet
from releases.states import AuditState, ReleaseKind, VersionState

_NONE = models.Value([], models.JSONField())


def package_path(package: Package, filename: str) -> str:
    """Place a package under its hash: content-addressed, write-once (V-6)."""
    return f"{package.sha256[:2]}/{package.sha256}.apkg"


def source_maps_path(source_maps: SourceMaps, filename: str) -> str:
    """Place the source maps of an upload beside the packages, in the same way."""
    return f"{source_maps.sha256[:2]}/{source_maps.sha256}.maps"


def package_storage() -> KeptStorage:
    """Return the storage of packages, apart from icons: no web server hands it out unasked."""
    return kept_storage("packages")


class Package(models.Model):
    """The canonical bytes of uploads with the same content, whoever uploaded them (V-6). Never changed."""

    sha256 = models.CharField(max_length=64, unique=True)
    file = models.FileField(upload_to=package_path, max_length=120, storage=package_storage)
    size = models.PositiveBigIntegerField(help_text="bytes")
    unpacked_size = models.PositiveBigIntegerField(help_text="bytes")
    files = models.JSONField(help_text="[path, bytes, sha256] of each file, sorted by path")
    pages = models.JSONField(help_text="page paths, in the order of app.json")
    entry_page = models.CharField(max_length=240)
    subpackages = models.JSONField(help_text="root and bytes of each")
    warnings: Any = models.JSONField(default=list, db_default=_NONE, help_text="of earlier releases, read by them only")
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.sha256


class SourceMaps(models.Model):
    """The source maps of uploads, as one archive for each content (V-5). Never delivered, never changed.

    Apart from the package: the same package may be uploaded with other ones, or without any.
    """

    sha256 = models.CharField(max_length=64, unique=True)
    file = models.FileField(upload_to=source_maps_path, max_length=120, storage=package_storage)
    size = models.PositiveBigIntegerField(help_text="bytes")
    files = models.JSONField(help_text="[path, bytes, sha256] of each map, sorted by path")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "source maps"

    def __str__(self) -> str:
        return self.sha256


class FileTurn(models.Model):
    """Who is at the file with this SHA-256 now: uploads that write it, or one that deletes it, never both.

    Rows, as files are written and deleted outside of transactions; after `until` one is over.
    """

    content = models.CharField(max_length=64, db_index=True)
    deletes = models.BooleanField(db_default=False)
    until = models.DateTimeField()

    def __str__(self) -> str:
        return self.content


def _by_number(name: str, **condition: Any) -> models.Index:
    """Return an index that finds a program's highest version among those that meet `condition`."""
    return models.Index(
        fields=["mini_program", "-major", "-minor", "-patch"], condition=models.Q(**condition), name=name
    )


class Version(ConcurrentTransitionMixin, models.Model):
    """One uploaded version of a mini program (V-1, V-7)."""

    mini_program = models.ForeignKey(MiniProgram, on_delete=models.PROTECT, related_name="versions")
    major = models.PositiveSmallIntegerField()
    minor = models.PositiveSmallIntegerField()
    patch = models.PositiveSmallIntegerField()
    notes = models.TextField(_("change notes"), blank=True, validators=[MaxLengthValidator(2000)])
    package = models.ForeignKey(Package, on_delete=models.PROTECT, related_name="versions")
    source_maps = models.ForeignKey(SourceMaps, on_delete=models.PROTECT, null=True, related_name="versions")
    findings: Any = models.JSONField(
        default=list, db_default=_NONE, help_text="what was no reason to refuse this upload: codes and parameters"
    )
    state = FSMField(choices=VersionState, default=VersionState.DEVELOPMENT, protected=True)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField()
    rolled_back_at = models.DateTimeField(null=True, help_text="taken offline by a roll back: no way back to it")

    objects = VersionQuerySet.as_manager()

    class Meta:
        ordering = ["-major", "-minor", "-patch"]
        constraints = [
            models.UniqueConstraint(
                fields=["mini_program", "major", "minor", "patch"], name="version_number_once_for_ever"
            ),
            models.UniqueConstraint(
                fields=["mini_program"], condition=models.Q(state="online"), name="version_online_once"
            ),
            models.UniqueConstraint(
                fields=["mini_program"], condition=models.Q(state="in_audit"), name="version_in_audit_once"
            ),
            models.CheckConstraint(
                condition=models.Q(major__lte=9999, minor__lte=9999, patch__lte=9999), name="version_number_range"
            ),
            models.CheckConstraint(condition=models.Q(state__in=VersionState.values), name="version_state_known"),
        ]
        indexes = [
            models.Index(
                fields=["mini_program", "-uploaded_at", "-id"],
                condition=models.Q(state="development"),
                name="version_newest",
            ),
            models.Index(fields=["mini_program", "-uploaded_at", "-id"], name="version_by_time"),
            _by_number("version_approved", state="approved"),
            _by_number("version_retired", state="retired", rolled_back_at=None),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        """The version's page."""
        return reverse("releases:detail", args=[self.mini_program.app_id, self.number])

    @property
    def number(self) -> str:
        """The number as people write it."""
        return f"{self.major}.{self.minor}.{self.patch}"

    @property
    def parts(self) -> tuple[int, int, int]:
        """The number as it compares (1.10.0 > 1.9.0)."""
        return self.major, self.minor, self.patch

    @property
    def worded_findings(self) -> list[Finding]:
        """The warnings and notes of the upload, in the language of the moment."""
        return [Finding.read(finding) for finding in self.findings]

    @property
    def doubts(self) -> list[dict[str, Any]]:
        """The findings that somebody should look at, without the notes."""
        return [finding for finding in self.findings if finding["severity"] != NOTE]

    # The lifecycle in one place. The verbs in `releases.actions` check the rules and write the history.

    @transition(field=state, source=VersionState.DEVELOPMENT, target=VersionState.IN_AUDIT)
    def submit(self) -> None:
        """Goes to the reviewers (V-9)."""

    @transition(field=state, source=VersionState.IN_AUDIT, target=VersionState.DEVELOPMENT)
    def withdraw(self) -> None:
        """Comes back from the reviewers (V-10)."""

    @transition(field=state, source=VersionState.IN_AUDIT, target=VersionState.APPROVED)
    def approve(self) -> None:
        """All bound applications have approved (V-10)."""

    @transition(field=state, source=VersionState.IN_AUDIT, target=VersionState.REJECTED)
    def reject(self) -> None:
        """One application has rejected (V-10)."""

    @transition(field=state, source=VersionState.APPROVED, target=VersionState.ONLINE)
    def publish(self) -> None:
        """Comes online (V-12)."""

    @transition(field=state, source=VersionState.ONLINE, target=VersionState.RETIRED)
    def retire(self) -> None:
        """Another version comes online."""

    @transition(field=state, source=VersionState.RETIRED, target=VersionState.ONLINE)
    def restore(self) -> None:
        """Comes online again by a roll back (V-13)."""


def audit_number(at: datetime | None = None) -> str:
    """Return yyyymmdd and ten random digits (V-11)."""
    return f"{times.platform_day(at):%Y%m%d}{secrets.randbelow(10**10):010d}"


class Audit(models.Model):
    """One submission of a version; bound to the package's hash (V-6, V-11)."""

    number = models.CharField(max_length=18, unique=True, default=audit_number)
    mini_program = models.ForeignKey(MiniProgram, on_delete=models.PROTECT, related_name="audits")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="audits")
    package_sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=20, choices=AuditState, default=AuditState.IN_AUDIT)
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    submitted_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    objects = AuditQuerySet.as_manager()

    class Meta:
        ordering = ["-submitted_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["version"], condition=~models.Q(state="withdrawn"), name="audit_once_for_version"
            ),
            models.CheckConstraint(
                condition=models.Q(state="in_audit", closed_at=None)
                | (~models.Q(state="in_audit") & models.Q(closed_at__isnull=False)),
                name="audit_closed_at",
            ),
            models.CheckConstraint(condition=models.Q(state__in=AuditState.values), name="audit_state_known"),
        ]
        indexes = [models.Index(fields=["mini_program", "-submitted_at"], name="audit_newest")]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        """The audit record's page, on the developer's side."""
        return reverse("releases:audit", args=[self.mini_program.app_id, self.number])


class Report(models.Model):
    """A report on a version, written by a job and never changed afterwards; the newest one counts.

    It belongs to an audit, or was asked for before submitting. `content` is a `releases.report.content.Content`;
    while it is empty the report is being written, with `failed` it can't be.
    """

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="reports")
    audit = models.ForeignKey(Audit, on_delete=models.PROTECT, null=True, related_name="reports")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    content = models.JSONField(null=True)
    written_at = models.DateTimeField(null=True)
    failed = models.BooleanField(default=False)
    tries = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True, help_text="not tried again before")

    class Meta:
        db_table = "reviews_report"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "audit"],
                condition=models.Q(written_at=None, failed=False, tries=0),
                nulls_distinct=False,
                name="report_to_begin_once",
            ),
            models.CheckConstraint(
                condition=models.Q(content=None, written_at=None)
                | models.Q(content__isnull=False, written_at__isnull=False),
                name="report_written_at",
            ),
            models.CheckConstraint(
                condition=models.Q(failed=False) | models.Q(written_at=None), name="report_failed_or_written"
            ),
        ]
        indexes = [
            models.Index(fields=["id"], condition=models.Q(written_at=None, failed=False), name="report_to_write"),
        ]

    def __str__(self) -> str:
        return gettext("Report on %(version)s") % {"version": self.version}


class SettledFinding(models.Model):
    """A secret of a report that a developer said is none, or is taken care of (V-17).

    It counts for every version of the program, while the same text is in the same file: `sha256` is the identity of
    both (`releases.report.identity`), and can't be guessed from a short text.
    """

    mini_program = models.ForeignKey(MiniProgram, on_delete=models.PROTECT, related_name="settled_findings")
    kind = models.CharField(max_length=40)
    sha256 = models.CharField(max_length=64)
    hint = models.CharField(max_length=10)
    path = models.CharField(max_length=1024)
    reason = models.CharField(max_length=200)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    settled_at = models.DateTimeField()
    until = models.DateField(null=True, help_text="the last day, in the console's own time zone")

    objects = SettledFindingQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["mini_program", "sha256"], name="settled_finding_once")]

    def __str__(self) -> str:
        return f"{self.hint} ({self.path})"


class ReviewDecision(Decision):
    """One application's decision in an audit (V-10)."""

    audit = models.ForeignKey(Audit, on_delete=models.PROTECT, related_name="decisions")

    class Meta(Decision.Meta):
        ordering = ["id"]
        constraints = [
            *Decision.Meta.constraints,
            models.UniqueConstraint(fields=["audit", "application"], name="review_decision_once"),
        ]

    def get_absolute_url(self) -> str:
        """The page in the review inbox."""
        return reverse("reviews:audit", args=[self.pk])

    def subject(self) -> str:
        """What is asked for, in words."""
        return gettext("Audit of %(program)s %(version)s") % {
            "program": self.audit.mini_program,
            "version": self.audit.version,
        }


class TrialVersion(models.Model):
    """The version that devices with the trial token get, and the page on which it opens (V-14). One per program."""

    mini_program = models.OneToOneField(MiniProgram, on_delete=models.PROTECT, related_name="trial")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="+")
    page = models.CharField(_("opening page"), max_length=240)
    query = models.CharField(_("query"), max_length=500, blank=True)
    token = models.CharField(max_length=43, unique=True, default=partial(secrets.token_urlsafe, 32))
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.version)

    @property
    def link(self) -> str:
        """What testers scan or open. It holds the token: for who may see the program, and whom they give it to."""
        return urljoin(settings.BASE_URL, reverse("releases:landing", args=[self.token]))


class Release(models.Model):
    """A publish or a roll back; append-only by trigger (V-15)."""

    mini_program = models.ForeignKey(MiniProgram, on_delete=models.PROTECT, related_name="releases")
    kind = models.CharField(max_length=10, choices=ReleaseKind)
    from_version = models.ForeignKey(Version, on_delete=models.PROTECT, null=True, related_name="+")
    to_version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="releases")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["mini_program", "-id"], name="release_newest")]

    def __str__(self) -> str:
        return f"{self.from_version or '–'} → {self.to_version}"
