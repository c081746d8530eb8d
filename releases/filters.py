"""The filters of the overview across programs, mirrored in the URL."""

from __future__ import annotations

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from miniprograms.models import MiniProgram
from releases.models import Version

# value → (label, what it keeps); the first keeps all
TABS: dict[str, tuple[str | Promise, Q]] = {
    "": (_("All"), Q()),
    "in_audit": (_("In audit"), ~Q(audit_number="")),
    "ready": (_("Ready to publish"), Q(ready=True)),
    "nothing": (_("Nothing online"), Q(online_number="")),
}


def with_ready(programs: QuerySet[MiniProgram]) -> QuerySet[MiniProgram]:
    """Annotate `ready`: an approved version above the online one waits to be published (V-12)."""
    candidates = Version.objects.approved().overtaking(Version.objects.online())
    return programs.annotate(ready=Exists(candidates.filter(mini_program=OuterRef("pk"))))


def tab_counts(programs: QuerySet[MiniProgram]) -> list[tuple[str, str | Promise, int]]:
    """Return (value, label, count) of each tab, in one query."""
    counts = with_ready(programs).aggregate(
        **{f"tab_{value}": Count("pk", filter=condition) for value, (_label, condition) in TABS.items()}
    )
    return [(value, label, counts[f"tab_{value}"]) for value, (label, _condition) in TABS.items()]


def in_tab(programs: QuerySet[MiniProgram], value: str) -> QuerySet[MiniProgram]:
    """Keep the programs of a tab; an unknown value keeps all."""
    _label, condition = TABS.get(value, TABS[""])
    return with_ready(programs).filter(condition)
