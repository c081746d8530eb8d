"""Teams as operators see them in a list: who leads them, how large they are, when they or their people last changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from console.base.accounts.events import OF_PEOPLE
from console.base.accounts.filters import TeamFilter
from console.base.accounts.models import Membership, Team
from console.base.activity.models import ActivityEntry
from console.base.hosts.models import HostApplication
from console.base.hosts.people import UNLED
from miniprograms.models import MiniProgram

HAS_UNLED_APP = Exists(HostApplication.objects.filter(UNLED, team=OuterRef("pk")))


class PlatformTeamFilter(TeamFilter):
    """All teams, also by whether somebody administers their host applications."""

    tabs = {**TeamFilter.tabs, "unled_apps": (_("App without administrator"), Q(HAS_UNLED_APP))}


@dataclass(frozen=True)
class TeamRow:
    """A team; `changed_at` is when it or its people last changed, None where they never did (P-1)."""

    team: Team
    administrators: list[str]
    people: int
    programs: int
    applications: int
    changed_at: datetime | None


def team_rows(teams: Iterable[Team]) -> list[TeamRow]:
    """Return the teams as rows; five queries, however many they are."""
    found = list(teams)
    ids = [team.pk for team in found]
    admins: dict[int, list[str]] = defaultdict(list)
    acting = Membership.objects.acting_admins().filter(team__in=ids).select_related("user").order_by("user__name")
    for row in acting:
        admins[row.team_id].append(str(row.user))
    people, programs, applications = (
        _by_team(rows, ids)
        for rows in (Membership.objects.people(), MiniProgram.objects.all(), HostApplication.objects.all())
    )
    newest = ActivityEntry.objects.filter(team_id=OuterRef("pk"), verb__in=OF_PEOPLE).order_by("-pk").values("at")[:1]
    changed = dict(Team.objects.filter(pk__in=ids).values_list("pk", Subquery(newest)))
    return [
        TeamRow(
            team,
            admins[team.pk],
            people.get(team.pk, 0),
            programs.get(team.pk, 0),
            applications.get(team.pk, 0),
            changed.get(team.pk),
        )
        for team in found
    ]


def _by_team(rows: QuerySet[Any], ids: list[int]) -> dict[int, int]:
    return dict(rows.filter(team__in=ids).order_by().values_list("team").annotate(Count("pk")))
