"""The filters of a team's member list, and of lists across the user's teams."""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from console.base.accounts.access import SignedInRequest
from console.base.accounts.permissions import TeamRole
from console.base.accounts.querysets import MembershipQuerySet
from console.base.core.filters import ListFilter, SearchFilter
from console.base.core.widgets import FilterSelect


class MemberFilter(ListFilter):
    """Who, in which role."""

    q = SearchFilter(_("Name or e-mail"), method="search")
    role = filters.ChoiceFilter(
        label=_("Role"), choices=TeamRole.choices, empty_label=_("Any role"), widget=FilterSelect
    )

    def search(self, members: MembershipQuerySet, name: str, words: str) -> MembershipQuerySet:
        """Keep whose name or address contains the words."""
        return members.filter(Q(user__name__icontains=words) | Q(user__email__icontains=words))


class TeamsFilter(ListFilter):
    """The user's teams."""

    own = ("team",)
    team = filters.ChoiceFilter(label=_("Team"), widget=FilterSelect)

    def __init__(self, request: SignedInRequest, queryset: QuerySet[Any]) -> None:
        super().__init__(request.GET, queryset, request=request)
        teams = [(row.team_id, row.team.name) for row in request.user.team_roles]
        self.filters["team"].extra["choices"] = teams
        self.filters["team"].extra["empty_label"] = _("All my teams (%(count)d)") % {"count": len(teams)}


def url_with_team(request: SignedInRequest) -> str:
    """Remember the team that the URL names; return the URL to go to when it names none but one is remembered.

    So the filter lives in the URL and comes back at the next visit; `team=` stands for all teams.
    """
    own = [str(row.team_id) for row in request.user.team_roles]
    named, remembered = request.GET.get("team"), request.session.get("team", "")
    if named is None and remembered in own:
        query = request.GET.copy()
        query["team"] = remembered
        return f"{request.path}?{query.urlencode()}"
    if named != remembered and named in ("", *own):
        request.session["team"] = named
    return ""
