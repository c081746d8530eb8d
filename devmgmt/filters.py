"""The filters of the page across programs and of a program's interface permissions, mirrored in the URL."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from console.base.core.filters import ListFilter, SearchFilter, SortFilter, ranked
from console.base.hosts.querysets import SensitiveApiQuerySet
from console.base.hosts.states import LIVE, DecisionState
from devmgmt.models import ApiPermission, DomainExemption, ServerDomain
from miniprograms.filters import ProgramFilter

# Subqueries without a reference to the program: PostgreSQL then reads each once, not for each program.
WAITING = Q(pk__in=DomainExemption.objects.waiting().values("mini_program")) | Q(
    pk__in=ApiPermission.objects.waiting().values("mini_program")
)
WITHOUT_DOMAINS = ~Q(pk__in=ServerDomain.objects.order_by().values("mini_program"))


class OverviewFilter(ProgramFilter):
    """The user's mini programs by team and words, and by what is missing."""

    tabs = {
        "": (_("All"), Q()),
        "waiting": (_("Waiting"), WAITING),
        "no_domains": (_("No server domains"), WITHOUT_DOMAINS),
    }


# What concerns devices now, or will, comes first.
STANDS = (DecisionState.APPROVED, DecisionState.WAITING, DecisionState.REJECTED, DecisionState.ENDED)


class PermissionFilter(ListFilter):
    """The APIs that one application restricts, by the status of the program's permission (`stands`) and by words."""

    tabs = {
        "all": (_("All"), Q()),
        "granted": (_("Granted"), Q(stands=DecisionState.APPROVED)),
        "waiting": (_("Waiting"), Q(stands=DecisionState.WAITING)),
        "open": (_("Not granted"), ~Q(stands__in=LIVE)),
    }
    q = SearchFilter(_("Name or what it does"), method="search")
    sort = SortFilter(
        {
            "state": (_("Status"), (ranked("stands", STANDS), "name")),
            "name": (_("API"), ("name",)),
            "title": (_("Purpose"), ("title", "name")),
        }
    )

    def search(self, apis: SensitiveApiQuerySet, name: str, words: str) -> SensitiveApiQuerySet:
        """Keep those that fit."""
        return apis.matching(words)
