"""What a person waits for: audits that run, and requests on which an application has not decided."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.postgres.aggregates import StringAgg
from django.db.models import Count, F, Q, QuerySet, Value

from console.base.accounts.permissions import Permission
from console.base.hosts.models import Decision
from console.base.hosts.states import DecisionState
from console.home.person import Person
from console.home.rows import NOTHING, number, part
from console.home.waiting import ASKED, PROGRAM, Parts, lateness
from console.reviews import querysets
from devmgmt.models import ApiPermission
from releases.models import Audit

DECISIONS = "decisions__state"


def elsewhere(person: Person, *, at: datetime) -> Parts:
    """Yield a part for each kind: of the teams that the person manages, and what they asked for themselves."""
    teams = person.teams(Permission.UPLOAD)
    if not teams:
        return
    managed = Q(mini_program__team__in=person.teams(Permission.MANAGE))
    own = Q(mini_program__team__in=teams)
    running = Audit.objects.running().filter(managed | own & Q(submitted_by=person.user))
    waits = Q(**{DECISIONS: DecisionState.WAITING})
    yield part(
        "in_audit",
        running.annotate(
            waits_for=StringAgg("decisions__application__name", Value(", "), filter=waits, default=NOTHING),
            decided=Count("decisions", filter=Q(**{DECISIONS: DecisionState.APPROVED})),
            asked=Count("decisions"),
        ),
        since="submitted_at",
        rank=ASKED,
        program=PROGRAM,
        what=number("version"),
        words="waits_for",
        count=F("decided"),
        out_of=F("asked"),
    )
    for kind, model in querysets.MODELS.items():
        if kind != querysets.AUDIT:
            yield _requests(kind, model, managed | own & Q(requested_by=person.user), at=at)


def _requests(kind: str, model: type[Decision], mine: Q, *, at: datetime) -> QuerySet[Any]:
    return part(
        f"own_{kind}",
        model.objects.waiting().filter(mine).items(),
        since="requested_at",
        rank=lateness(at),
        program=PROGRAM,
        application="application",
        what="api" if model is ApiPermission else NOTHING,
        count=querysets.waiting_together() if model is ApiPermission else 0,
    )
