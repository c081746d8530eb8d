"""The filters of the overview across programs, mirrored in the URL."""

from __future__ import annotations

from django.db.models import Count, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from miniprograms.models import MiniProgram
from releases.models import Version

# An approved version above the online one waits to be published (V-12). A subquery without a reference to the program:
# PostgreSQL then reads the candidates once and not once for each program.
READY = Q(pk__in=Version.objects.approved().overtaking(Version.objects.online()).values("mini_program"))
# value → (label, what it keeps); the first keeps all
TABS: dict[str, tuple[str | Promise, Q]] = {
    "": (_("All"), Q()),
    "in_audit": (_("In audit"), ~Q(audit_number="")),
    "ready": (_("Ready to publish"), READY),
    "nothing": (_("Nothing online"), Q(online_number="")),
}


def tab_counts(programs: QuerySet[MiniProgram]) -> list[tuple[str, str | Promise, int]]:
    """Return (value, label, count) of each tab, in one query."""
    counts = programs.aggregate(
        **{f"tab_{value}": Count("pk", filter=condition) for value, (_label, condition) in TABS.items()}
    )
    return [(value, label, counts[f"tab_{value}"]) for value, (label, _condition) in TABS.items()]


def in_tab(programs: QuerySet[MiniProgram], value: str) -> QuerySet[MiniProgram]:
    """Keep the programs of a tab; an unknown value keeps all."""
    _label, condition = TABS.get(value, TABS[""])
    return programs.filter(condition)
