"""The filter of the keys page across programs."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from console.base.accounts.access import SignedInRequest
from console.base.accounts.permissions import Permission
from devmgmt.keys.models import AppSecret
from miniprograms.filters import ProgramFilter
from miniprograms.models import MiniProgram

# Subqueries without a reference to the program: PostgreSQL then reads each once, not for each program.
CURRENT = AppSecret.objects.current().order_by()
WITHOUT = ~Q(pk__in=CURRENT.values("mini_program"))
FROZEN = Q(pk__in=CURRENT.exclude(frozen_at=None).values("mini_program"))


class OverviewFilter(ProgramFilter):
    """The programs of the teams that the user administers, by team and words, and by the state of their secret."""

    tabs = {"": (_("All"), Q()), "none": (_("No secret"), WITHOUT), "frozen": (_("Frozen"), FROZEN)}

    def __init__(self, request: SignedInRequest) -> None:
        super().__init__(request)
        teams = [row.team for row in request.user.team_roles if row.may(Permission.ADMINISTER)]
        self.queryset = MiniProgram.objects.of_teams([team.pk for team in teams])
        team = self.filters["team"].extra
        team["choices"] = [(team.pk, team.name) for team in teams]
        team["empty_label"] = _("All my teams (%(count)d)") % {"count": len(teams)}
