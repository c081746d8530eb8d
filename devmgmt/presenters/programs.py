"""The status of programs in development management: the rows of the page across programs.

Read with the same number of queries however many programs there are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db.models import Count, Sum

from console.base.hosts.states import DecisionState
from devmgmt.models import ApiPermission, DomainExemption, LogVolume, ServerDomain
from devmgmt.querysets import EXPIRED
from devmgmt.states import DomainType
from miniprograms.models import MiniProgram


@dataclass
class Summary:
    """One program: its hosts by type, its live exemptions, its live permissions by state, its log entries of today."""

    program: MiniProgram
    domains: dict[str, int] = field(default_factory=dict)
    exemptions: list[DomainExemption] = field(default_factory=list)
    permissions: dict[str, int] = field(default_factory=dict)
    entries: int = 0
    errors: int = 0

    @property
    def hosts(self) -> int:
        """How many server domains it has."""
        return sum(self.domains.values())

    @property
    def kinds(self) -> list[tuple[str, int]]:
        """The types that have hosts, in the order of the page, and how many."""
        return [(kind, self.domains[kind]) for kind in DomainType.values if kind in self.domains]

    @property
    def exempted(self) -> int:
        """How many applications let it skip domain verification."""
        return sum(grant.state == DecisionState.APPROVED for grant in self.exemptions)

    @property
    def exemptions_waiting(self) -> int:
        """How many were asked and have not decided."""
        return len(self.exemptions) - self.exempted

    @property
    def permitted(self) -> int:
        """How many interface permissions it has, of all applications."""
        return self.permissions.get(DecisionState.APPROVED, 0)

    @property
    def permissions_waiting(self) -> int:
        """How many it asked for that nobody has decided."""
        return self.permissions.get(DecisionState.WAITING, 0)


def summaries(programs: Iterable[MiniProgram], *, at: datetime) -> list[Summary]:
    """Return the status of each program at the time `at`, in the order given; four queries."""
    found = {program.pk: Summary(program) for program in programs}
    domains = ServerDomain.objects.filter(mini_program__in=found).order_by()
    for program, kind, count in domains.values_list("mini_program", "kind").annotate(Count("pk")):
        found[program].domains[kind] = count
    of_these = {"mini_program__in": found}
    exemptions = DomainExemption.objects.live().exclude(EXPIRED).filter(**of_these)
    for exemption in exemptions.select_related("application").order_by("id"):
        found[exemption.mini_program_id].exemptions.append(exemption)
    permissions = ApiPermission.objects.live().exclude(EXPIRED).filter(**of_these).order_by()
    for program, state, count in permissions.values_list("mini_program", "state").annotate(Count("pk")):
        found[program].permissions[state] = count
    for program, (entries, errors) in _entries(list(found), at=at).items():
        found[program].entries, found[program].errors = entries, errors
    return list(found.values())


def _entries(programs: list[int], *, at: datetime) -> dict[int, tuple[int, int]]:
    """Return how many log entries programs have of today (UTC, as the daily limit), and how many with an error."""
    midnight = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    today = LogVolume.objects.filter(mini_program__in=programs, minute__gte=midnight, minute__lte=at).order_by()
    sums = today.values_list("mini_program").annotate(Sum("info"), Sum("warn"), Sum("error"))
    return {program: (info + warn + error, error) for program, info, warn, error in sums}
