"""What a person waits for: audits that run, and requests on which an application has not decided."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.postgres.aggregates import StringAgg
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Value

from console.base.accounts.permissions import Permission
from console.base.hosts.querysets import DecisionQuerySet
from console.base.hosts.states import DecisionState
from console.home.person import Person
from console.home.rows import NOTHING, number, part
from console.home.waiting import ASKED, PROGRAM, Parts, lateness
from console.reviews import querysets
from releases.models import Audit

DECISIONS = "decisions__state"


def elsewhere(person: Person, *, at: datetime) -> Parts:
    """Yield a part for each kind: of the teams that the person manages, and what they asked for themselves.

    What the person may decide waits for them, not for others.
    """
    teams = person.teams(Permission.UPLOAD)
    if not teams:
        return
    managed = Q(mini_program__team__in=person.teams(Permission.MANAGE))
    own = Q(mini_program__team__in=teams)
    others = _waiting_for_others(person)
    decisions = others[querysets.AUDIT]
    running = Audit.objects.running().filter(
        managed | own & Q(submitted_by=person.user), Exists(decisions.filter(audit=OuterRef("pk")))
    )
    waits = Q(decisions__in=decisions)
    yield part(
        "in_audit",
        running.annotate(
            waits_for=StringAgg("decisions__application__name", Value(", "), filter=waits, default=NOTHING),
            decided=Count("decisions", filter=Q(**{DECISIONS: DecisionState.APPROVED})),
            asked=Count("decisions", filter=~Q(**{DECISIONS: DecisionState.WITHDRAWN})),
        ),
        since="submitted_at",
        rank=ASKED,
        program=PROGRAM,
        what=number("version"),
        words="waits_for",
        count=F("decided"),
        out_of=F("asked"),
    )
    for kind, waiting in others.items():
        if kind != querysets.AUDIT:
            yield _requests(kind, waiting.filter(managed | own & Q(requested_by=person.user)), at=at)


def _waiting_for_others(person: Person) -> querysets.Requests:
    """Return all requests that wait, by kind, without those that the person may decide."""
    waiting = {kind: model.objects.waiting() for kind, model in querysets.MODELS.items()}
    if not person.decides:
        return waiting
    own = querysets.decidable_by(person.user)
    return {
        kind: rows.exclude(pk__in=own[kind].waiting().not_own_of(person.user).values("pk"))
        for kind, rows in waiting.items()
    }


def _requests(kind: str, waiting: DecisionQuerySet, *, at: datetime) -> QuerySet[Any]:
    return part(
        f"own_{kind}",
        waiting.items(),
        since="requested_at",
        rank=lateness(at),
        program=PROGRAM,
        application="application",
        what="api" if kind == querysets.PERMISSION else NOTHING,
        count=querysets.waiting_together() if kind == querysets.PERMISSION else 0,
    )
