"""Questions across all kinds of requests: the inbox, and what an application has and waits for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, CharField, Count, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from console.accounts.models import User
from console.hosts.models import ApplicationMember, Decision
from console.hosts.querysets import DecisionQuerySet, HostApplicationQuerySet
from console.hosts.states import DecisionState
from miniprograms.models import Binding, MiniProgram
from releases.models import ReviewDecision, Version

AUDIT, BINDING = "audit", "binding"
Requests = Mapping[str, DecisionQuerySet]


@dataclass(frozen=True)
class Line:
    """A request as the inbox shows it; `number` is the version's, for an audit."""

    kind: str
    decision: Decision
    program: MiniProgram
    number: str


def decidable_by(user: User) -> Requests:
    """Return every request of the applications in which `user` decides, by kind."""
    return {
        AUDIT: ReviewDecision.objects.decidable_by(user),
        BINDING: Binding.objects.decidable_by(user),
    }


def about(requests: DecisionQuerySet, words: str) -> DecisionQuerySet:
    """Keep the requests about mini programs or versions that fit `words`: name, App ID, version number."""
    programs = MiniProgram.objects.matching(words).values("pk")
    if requests.model is Binding:
        return requests.filter(mini_program__in=programs)
    numbered = Version.objects.numbered(words).values("pk")
    return requests.filter(Q(audit__mini_program__in=programs) | Q(audit__version__in=numbered))


def in_line(requests: Requests) -> QuerySet[Any]:
    """Return kind and pk of all: what waits first, oldest first; then the rest, newest first."""
    waits = Q(state=DecisionState.WAITING)
    parts = [
        rows.order_by()
        .annotate(
            kind=Value(kind, output_field=CharField()),
            waits_since=Case(When(waits, then=F("requested_at"))),
            closed_at=Case(When(~waits, then=Coalesce("decided_at", "requested_at"))),
        )
        .values("kind", "pk", "waits_since", "closed_at")
        for kind, rows in requests.items()
    ]
    first, *rest = parts
    # PostgreSQL sorts NULL last going up and first going down: the waiting ones, which have no `closed_at`, lead.
    line: QuerySet[Any] = first.union(*rest, all=True).order_by("waits_since", "-closed_at", "kind", "pk")
    return line


def lines(rows: list[dict[str, Any]]) -> list[Line]:
    """Load what `in_line` named, in that order; two queries whatever the number."""
    people = ("application", "requested_by", "decided_by")
    loaded = {
        AUDIT: ReviewDecision.objects.select_related("audit__version", "audit__mini_program__team", *people),
        BINDING: Binding.objects.select_related("mini_program__team", *people),
    }
    found: dict[str, dict[int, Any]] = {
        kind: objects.in_bulk([row["pk"] for row in rows if row["kind"] == kind]) for kind, objects in loaded.items()
    }
    return [_line(row["kind"], found[row["kind"]][row["pk"]]) for row in rows]


def _line(kind: str, decision: Any) -> Line:
    of = decision.audit if kind == AUDIT else decision
    return Line(
        kind=kind,
        decision=decision,
        program=of.mini_program,
        number=of.version.number if kind == AUDIT else "",
    )


def with_counts(applications: HostApplicationQuerySet, user: User) -> HostApplicationQuerySet:
    """Annotate `bound` (mini programs served), `waiting` (requests of any kind) and `own_role` of `user`."""
    return applications.annotate(
        bound=_count(Binding.objects.bound()),
        waiting=_count(Binding.objects.waiting()) + _count(ReviewDecision.objects.waiting()),
        own_role=Coalesce(
            Subquery(ApplicationMember.objects.filter(application=OuterRef("pk"), user=user).values("role")),
            Value(""),
        ),
    )


def _count(decisions: DecisionQuerySet) -> Coalesce:
    """Count the decisions of each application."""
    of_one = decisions.filter(application=OuterRef("pk")).order_by().values("application")
    return Coalesce(Subquery(of_one.annotate(n=Count("pk")).values("n")), 0)
