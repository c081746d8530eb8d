"""The status of programs: what is online, in audit, in development, and what can be done now (V-8).

One program's page and the page across programs show the same facts, read with the same number of queries
however many programs there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef, QuerySet, Subquery

from console.base.hosts.models import HostApplication
from console.base.hosts.states import DecisionState
from miniprograms.models import Binding, MiniProgram
from releases import rules
from releases.models import Audit, Release, ReviewDecision, Version
from releases.states import AuditState, ReleaseKind

SHOWN_UPLOADS = 3


@dataclass
class Overview:
    """One program: `release` is the newest publish or roll back, `audit` the newest submission, with `decisions`.

    `approved` is the highest approved version, `uploads` the newest development versions of `upload_count`, `target`
    the version that a roll back proposes, `may` what the user's role forbids. `applications` are those bound now,
    `asked` those that have not decided on a binding.
    """

    program: MiniProgram
    release: Release | None = None
    audit: Audit | None = None
    decisions: Sequence[ReviewDecision] = ()
    approved: Version | None = None
    uploads: list[Version] = field(default_factory=list)
    upload_count: int = 0
    target: Version | None = None
    applications: list[HostApplication] = field(default_factory=list)
    asked: list[HostApplication] = field(default_factory=list)
    may: dict[str, str] = field(default_factory=dict)

    @property
    def online(self) -> Version | None:
        """The version that devices get."""
        return self.release.to_version if self.release else None

    @property
    def candidate(self) -> Version | None:
        """The highest approved version, where it is above the online one."""
        return None if self.approved and rules.why_below(self.approved, self.online) else self.approved

    @property
    def running(self) -> Audit | None:
        """The audit that waits for decisions."""
        return self.audit if self.audit and self.audit.state == AuditState.IN_AUDIT else None

    @property
    def newest(self) -> Version | None:
        """The newest development version."""
        return self.uploads[0] if self.uploads else None

    @property
    def decided(self) -> int:
        """How many applications have decided."""
        return sum(decision.state in (DecisionState.APPROVED, DecisionState.REJECTED) for decision in self.decisions)

    @property
    def deciding(self) -> int:
        """How many were asked; while the audit runs, without those that need not decide any more."""
        gone = DecisionState.WITHDRAWN if self.running else None
        return sum(decision.state != gone for decision in self.decisions)

    @property
    def why_not_submit(self) -> str:
        """Why the newest development version can't be submitted."""
        if not self.newest:
            return rules.nothing_to_submit() if self.audit or self.release else rules.nothing_uploaded()
        return rules.why_not_submit(self.program, self.newest, bound=len(self.applications), asked=self.asked)

    @property
    def why_not_publish(self) -> str:
        """Why the candidate can't be published; without one, the version audited last."""
        if self.candidate:
            return rules.why_not_publish(self.program, self.candidate, online=self.online)
        if self.audit and not self.approved:
            return rules.why_not_publish(self.program, self.audit.version, online=self.online)
        return rules.nothing_to_publish(approved=self.approved, online=self.online)

    @property
    def why_not_publish_running(self) -> str:
        """What publishing the version in audit waits for."""
        if not self.running:
            return ""
        waiting = [row.application.name for row in self.decisions if row.state == DecisionState.WAITING]
        return rules.not_to_publish_yet(self.running.version, waiting_for=waiting, online=self.online)

    @property
    def why_not_roll_back(self) -> str:
        """Why the online version can't be rolled back."""
        return rules.why_not_roll_back(
            self.program, online=self.online, last=self.release, targets=self.target is not None
        )

    @property
    def why_no_longer_roll_back(self) -> str:
        """The same for somebody who confirms it: who was first."""
        last = self.release
        if last and last.kind == ReleaseKind.ROLL_BACK and self.program.on_shelf:
            return rules.overtaken_roll_back(last)
        return self.why_not_roll_back


def overviews(programs: Iterable[MiniProgram]) -> list[Overview]:
    """Return the overview of each program, in the order given; eight queries."""
    found = {program.pk: Overview(program) for program in programs}
    ids = list(found)
    for release in _newest_releases(ids):
        found[release.mini_program_id].release = release
    audits = {audit.pk: audit for audit in _newest_audits(ids)}
    for audit in audits.values():
        audit.mini_program = found[audit.mini_program_id].program
        found[audit.mini_program_id].audit = audit
    for audit_id, decisions in _decisions(list(audits)).items():
        found[audits[audit_id].mini_program_id].decisions = decisions
    for version in _approved(ids):
        found[version.mini_program_id].approved = version
    for version in _targets(ids):
        found[version.mini_program_id].target = version
    for program_id, uploads, count in _newest_uploads(ids):
        overview = found[program_id]
        overview.uploads, overview.upload_count = uploads, count
        for version in uploads:
            version.mini_program = overview.program
    for binding in Binding.objects.live().filter(mini_program__in=ids).select_related("application"):
        overview = found[binding.mini_program_id]
        is_bound = binding.state == DecisionState.APPROVED
        (overview.applications if is_bound else overview.asked).append(binding.application)
    return list(found.values())


def overview_of(program: MiniProgram) -> Overview:
    return overviews([program])[0]


def _first_of_each(rows: QuerySet[Any], ids: list[int]) -> Any:
    """Return the first of the ordered `rows` of each program: one step in an index, however many the program has."""
    firsts = rows.filter(mini_program=OuterRef("pk")).values("pk")[:1]
    programs = MiniProgram.objects.filter(pk__in=ids).annotate(first=Subquery(firsts)).values("first")
    return rows.model._default_manager.filter(pk__in=programs).order_by()


def _newest_releases(ids: list[int]) -> QuerySet[Release]:
    return _first_of_each(Release.objects.order_by("-id"), ids).select_related("from_version", "to_version", "by")


def _newest_audits(ids: list[int]) -> QuerySet[Audit]:
    newest = Audit.objects.order_by("-submitted_at", "-id")
    return _first_of_each(newest, ids).select_related("version", "submitted_by")


def _approved(ids: list[int]) -> QuerySet[Version]:
    """Return the highest approved versions."""
    return _first_of_each(Version.objects.approved(), ids)


def _targets(ids: list[int]) -> QuerySet[Version]:
    """Return the highest versions that a roll back may take."""
    return _first_of_each(Version.objects.roll_back_targets(), ids)


def _decisions(audit_ids: list[int]) -> dict[int, list[ReviewDecision]]:
    rows: dict[int, list[ReviewDecision]] = defaultdict(list)
    for decision in ReviewDecision.objects.filter(audit__in=audit_ids).select_related("application", "decided_by"):
        rows[decision.audit_id].append(decision)
    return rows


def _newest_uploads(ids: list[int]) -> Iterator[tuple[int, list[Version], int]]:
    """Yield for each program its newest development versions and how many there are; two queries."""
    rows = Version.objects.in_development().filter(mini_program=OuterRef("pk"))
    newest = ArraySubquery(rows.values("pk")[:SHOWN_UPLOADS])
    count = Subquery(rows.order_by().values("mini_program").values(count=Count("pk")))
    programs = list(MiniProgram.objects.filter(pk__in=ids).values_list("pk", newest, count))
    versions = Version.objects.light().select_related("uploaded_by")
    found = versions.in_bulk([pk for _program_id, pks, _count in programs for pk in pks])
    for program_id, pks, number in programs:
        yield program_id, [found[pk] for pk in pks if pk in found], number or 0
