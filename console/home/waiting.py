"""What waits for a person, of every kind and for every role: questions to the database, without words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.postgres.aggregates import StringAgg
from django.db.models import Case, Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from console.base.accounts.models import Invitation
from console.base.accounts.permissions import Permission
from console.base.core import times
from console.base.core.outbox.retrying import OPENS_AT
from console.base.hosts.models import ApplicationKey, HostApplication
from console.base.hosts.states import DecisionState
from console.home.findings import NONE, report_findings
from console.home.person import Person
from console.home.rows import NOTHING, number, part
from console.reviews import querysets
from devmgmt.keys.models import AppSecret
from devmgmt.models import ApiPermission, DomainExemption
from devmgmt.states import EXPIRES_SOON
from grayscale.models import GrayscaleTask
from grayscale.states import Reason
from messaging.models import Gateway, Message, MyTemplate
from messaging.presenters.programs import FAILED_WITHIN
from miniprograms.models import Binding, MiniProgram
from miniprograms.privacy.models import FoundData, PrivacyAgreement
from releases.models import Report, Version
from releases.states import AuditState, VersionState

Parts = Iterator[QuerySet[Any]]
LATE, BROKEN, ASKED, CORRECT, READY, SOON = range(6)  # how urgent
EXPIRES_WITHIN = timedelta(hours=48)
EXPIRED_WITHIN = timedelta(days=7)
PROGRAM = "mini_program"


def waiting(person: Person, *, at: datetime) -> Parts:
    """Yield a part for each kind of thing that can wait for somebody with these roles."""
    if person.decides:
        yield from decisions(person, at=at)
    if person.administers_applications:
        yield from applications(person)
    if manages := person.teams(Permission.MANAGE):
        yield from releases(manages, at=at)
        yield from agreements(manages)
    if person.teams(Permission.UPLOAD):
        yield from uploads(person, at=at)
    if develops := person.teams(Permission.DEVELOP):
        yield failed_messages(develops, at=at)
        yield from expiring(develops, at=at)
    if administers := person.teams(Permission.ADMINISTER):
        yield from team_matters(administers, at=at)


def lateness(at: datetime) -> Case:
    """Return the rank of a request: LATE when it waits for longer than DECISION_OVERDUE_HOURS at the time `at`."""
    limit = at - timedelta(hours=settings.DECISION_OVERDUE_HOURS)
    return Case(When(requested_at__lt=limit, then=Value(LATE)), default=Value(ASKED))


# Host side --------------------------------------------------------------------------------------------------------


def decisions(person: Person, *, at: datetime) -> Parts:
    """Items that the person may decide; those that wait for too long lead (V-10)."""
    what: dict[str, Any] = {querysets.AUDIT: number("audit__version"), querysets.PERMISSION: F("api")}
    for kind, rows in querysets.waiting_for(person.user).items():
        program = "audit__mini_program" if kind == querysets.AUDIT else PROGRAM
        yield part(
            kind,
            rows,
            since="requested_at",
            rank=lateness(at),
            program=program,
            application="application",
            what=what.get(kind, NOTHING),
            count=querysets.waiting_together() if kind == querysets.PERMISSION else 0,
        )


def applications(person: Person) -> Parts:
    """Applications that take no messages, or whose devices can't come in."""
    mine = HostApplication.objects.where(person.user, Permission.EDIT_APPLICATION)
    bound = Binding.objects.bound().filter(application=OuterRef("pk"))
    with_templates = bound.filter(mini_program__in=MyTemplate.objects.live().values("mini_program"))
    no_gateway = mine.filter(Exists(with_templates), gateway=None)
    yield part("no_gateway", no_gateway, since="changed_at", rank=BROKEN, application="pk")
    failing = Gateway.objects.filter(application__in=mine.values("pk"), failures__gte=OPENS_AT)
    since = Coalesce("last_failure_at", "changed_at")
    yield part("gateway", failing, since=since, rank=BROKEN, application="application", words="last_failure")
    active = ApplicationKey.objects.active().filter(application=OuterRef("pk"))
    yield part("no_key", mine.filter(Exists(bound), ~Exists(active)), since="changed_at", rank=BROKEN, application="pk")


# Releases ---------------------------------------------------------------------------------------------------------


def releases(teams: list[int], *, at: datetime) -> Parts:
    """Tasks that a guardrail suspended, and versions that can be published (G-13, V-12)."""
    stopped = GrayscaleTask.objects.suspended(at=at).filter(state_reason=Reason.GUARDRAIL, mini_program__team__in=teams)
    yield part(
        "guardrail",
        stopped,
        since="state_since",
        rank=BROKEN,
        program=PROGRAM,
        what=number("version"),
        words="name",
    )
    ready = Version.objects.publishable().filter(mini_program__team__in=teams, audits__state=AuditState.APPROVED)
    online = F("mini_program__online_number")
    yield part("ready", ready, since="audits__closed_at", rank=READY, program=PROGRAM, what=number(), words=online)


def uploads(person: Person, *, at: datetime) -> Parts:
    """Rejected versions without a newer upload, and reports that found something in the person's newest upload (V-9).

    A license holder sees the rejections of the whole team, a developer those of their own versions.
    """
    mine = Q(uploaded_by=person.user, mini_program__team__in=person.teams(Permission.UPLOAD))
    managed = Q(mini_program__team__in=person.teams(Permission.MANAGE))
    later = Version.objects.filter(mini_program=OuterRef(PROGRAM), uploaded_at__gt=OuterRef("uploaded_at"))
    newest = Version.objects.filter(~Exists(later))
    rejected = newest.filter(mine | managed, state=VersionState.REJECTED, audits__state=AuditState.REJECTED)
    by_whom = Q(audits__decisions__state=DecisionState.REJECTED)
    names = StringAgg("audits__decisions__application__name", Value(", "), filter=by_whom, default=NOTHING)
    yield part(
        "rejected",
        rejected.annotate(by_whom=names),
        since="audits__closed_at",
        rank=CORRECT,
        program=PROGRAM,
        what=number(),
        words="by_whom",
    )
    own = newest.filter(mine, state=VersionState.DEVELOPMENT)
    later_report = Report.objects.filter(version=OuterRef("version"), pk__gt=OuterRef("pk"))
    done = Report.objects.filter(
        Q(failed=True) | Q(written_at__isnull=False), ~Exists(later_report), version__in=own.values("pk")
    )
    yield part(
        "report",
        done.annotate(findings=report_findings(on=times.platform_day(at))).exclude(findings=NONE),
        since="requested_at",
        rank=CORRECT,
        program="version__mini_program",
        what=number("version"),
        words="findings",
    )


# Privacy agreements -----------------------------------------------------------------------------------------------


def agreements(teams: list[int]) -> Parts:
    """Programs that are online without an agreement, and agreements that leave out what the code uses (S-3)."""
    of_program = PrivacyAgreement.objects.filter(mini_program=OuterRef("pk"))
    online = MiniProgram.objects.filter(team__in=teams).exclude(online_number="")
    missing = online.filter(~Exists(of_program))
    yield part("no_agreement", missing, since="online_since", rank=CORRECT, program="pk", what="online_number")
    found = FoundData.objects.filter(mini_program__team__in=teams, mini_program__privacy_agreements__number=1)
    yield part(
        "undeclared",
        found.undeclared_in(PrivacyAgreement.objects.all()),
        since="found_at",
        rank=CORRECT,
        program=PROGRAM,
        what="version_number",
        words="undeclared",
    )


# Messages ---------------------------------------------------------------------------------------------------------


def failed_messages(teams: list[int], *, at: datetime) -> QuerySet[Any]:
    """Programs of whose messages some failed within FAILED_WITHIN, and how many (M-7)."""
    failed = (
        Message.objects.failed()
        .filter(mini_program=OuterRef("pk"), accepted_at__gte=at - FAILED_WITHIN)
        .order_by()
        .values("mini_program")
    )
    programs = MiniProgram.objects.filter(team__in=teams).annotate(
        failed=Coalesce(Subquery(failed.annotate(n=Count("pk")).values("n")), 0),
        last_failed=Subquery(failed.annotate(last=Max("finished_at")).values("last")),
    )
    return part(
        "messages",
        programs.filter(failed__gt=0),
        since="last_failed",
        rank=BROKEN,
        program="pk",
        count=F("failed"),
    )


# Grants -----------------------------------------------------------------------------------------------------------


def expiring(teams: list[int], *, at: datetime) -> Parts:
    """Permissions and exemptions that end soon and were not asked for again (D-10)."""
    for kind, model, what in (("permission", ApiPermission, F("api")), ("exemption", DomainExemption, NOTHING)):
        asked = model.objects.waiting().filter(renews=OuterRef("pk"))
        ending = model.objects.approved().filter(
            ~Exists(asked),
            mini_program__team__in=teams,
            expires_at__gt=at,
            expires_at__lte=at + timedelta(days=EXPIRES_SOON),
        )
        yield part(
            f"expiring_{kind}",
            ending,
            since="expires_at",
            rank=SOON,
            program=PROGRAM,
            application="application",
            what=what,
        )


# Teams ------------------------------------------------------------------------------------------------------------


def team_matters(teams: list[int], *, at: datetime) -> Parts:
    """Frozen secrets, old ones that still work (K-2), invitations that expire soon or have just expired."""
    frozen = AppSecret.objects.current().filter(mini_program__team__in=teams, frozen_at__isnull=False)
    yield part("frozen", frozen, since="frozen_at", rank=BROKEN, program=PROGRAM, words="hint")
    old = AppSecret.objects.usable(at=at).filter(mini_program__team__in=teams, ends_at__isnull=False)
    yield part("old_secret", old, since="ends_at", rank=SOON, program=PROGRAM, words="hint")
    expiring = Invitation.objects.open().filter(
        team__in=teams, expires_at__gt=at - EXPIRED_WITHIN, expires_at__lte=at + EXPIRES_WITHIN
    )
    yield part("invitation", expiring, since="expires_at", rank=SOON, invited_to="team", words="email")
