"""The status of programs' messages: the rows of the page across programs.

Read with the same number of queries however many programs there are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from messaging.models import Message, MyTemplate
from messaging.states import MessageState, TemplateKind
from miniprograms.models import MiniProgram

SENT_WITHIN = timedelta(hours=24)
FAILED_WITHIN = timedelta(days=7)


@dataclass
class Summary:
    """One program: its templates by type, what it sent within SENT_WITHIN, what failed of the last FAILED_WITHIN,
    what waits now, and when it last sent anything.
    """

    program: MiniProgram
    templates: dict[str, int] = field(default_factory=dict)
    sent: int = 0
    failed: int = 0
    waiting: int = 0
    last_sent: datetime | None = None

    @property
    def template_count(self) -> int:
        """How many templates it has."""
        return sum(self.templates.values())

    @property
    def one_time(self) -> int:
        """How many are one-time."""
        return self.templates.get(TemplateKind.ONE_TIME, 0)

    @property
    def long_term(self) -> int:
        """How many are long-term."""
        return self.templates.get(TemplateKind.LONG_TERM, 0)


def summaries(programs: Iterable[MiniProgram], *, at: datetime) -> list[Summary]:
    """Return the status of each program at the time `at`, in the order given; two queries."""
    found = {program.pk: Summary(program) for program in programs}
    templates = MyTemplate.objects.live().filter(mini_program__in=found).order_by()
    for program, kind, count in templates.values_list("mini_program", "kind").annotate(Count("pk")):
        found[program].templates[kind] = count
    for row in _figures(list(found), at=at):
        summary = found[row.pop("pk")]
        for name, value in row.items():
            setattr(summary, name, value)
    return list(found.values())


def _figures(programs: list[int], *, at: datetime) -> list[dict[str, Any]]:
    """Ask for all programs' figures together, each by an index of its own program."""
    mine = Message.objects.filter(mini_program=OuterRef("pk")).order_by()
    failed = mine.filter(state=MessageState.FAILED, accepted_at__gte=at - FAILED_WITHIN)
    figures: Any = (
        MiniProgram.objects.filter(pk__in=programs)
        .order_by()
        .values("pk")
        .annotate(
            sent=_count(mine.filter(accepted_at__gte=at - SENT_WITHIN)),
            failed=_count(failed),
            waiting=_count(mine.filter(state=MessageState.WAITING)),
            last_sent=Subquery(mine.order_by("-accepted_at").values("accepted_at")[:1]),
        )
    )
    return list(figures)


def _count(messages: QuerySet[Message]) -> Coalesce:
    return Coalesce(Subquery(messages.values("mini_program").annotate(count=Count("pk")).values("count")), 0)
