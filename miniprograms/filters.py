"""The filters of lists of mini programs (L-2)."""

from __future__ import annotations

import django_filters as filters
from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from console.accounts.access import SignedInRequest
from console.core.widgets import FilterSelect
from miniprograms.models import Category, MiniProgram
from miniprograms.querysets import MiniProgramQuerySet

TEAM_ID_DIGITS = 18
SORTS = (
    ("-changed", _("Newest change first")),
    ("changed", _("Oldest change first")),
    ("name", _("Name, A to Z")),
    ("-name", _("Name, Z to A")),
    ("team", _("Team, A to Z")),
    ("-team", _("Team, Z to A")),
    ("category", _("Category, forward")),
    ("-category", _("Category, backward")),
)


class ProgramFilter(filters.FilterSet):
    """The user's mini programs by team and words; a value that nobody offers filters nothing."""

    team = filters.ChoiceFilter(label=_("Team"), widget=FilterSelect)
    q = filters.CharFilter(
        label=_("Name or App ID"),
        method="search",
        max_length=100,
        widget=forms.SearchInput(attrs={"class": "form-control", "placeholder": _("Name or App ID")}),
    )

    class Meta:
        model = MiniProgram
        fields = ("team", "q")

    def __init__(self, request: SignedInRequest) -> None:
        teams = {row.team_id: row.team.name for row in request.user.team_roles}
        super().__init__(request.GET, MiniProgram.objects.of_teams(teams), request=request)
        self.filters["team"].extra["choices"] = list(teams.items())
        self.filters["team"].extra["empty_label"] = _("All my teams (%(count)d)") % {"count": len(teams)}

    @property
    def is_filtering(self) -> bool:
        """Whether fewer than all may be shown."""
        return any(self.request.GET.get(name) for name in self.filters if name != "sort")

    def search(self, queryset: MiniProgramQuerySet, name: str, value: str) -> MiniProgramQuerySet:
        """Keep what matches the words."""
        return queryset.matching(value.strip())


class MiniProgramFilter(ProgramFilter):
    """Also by category, and in an order. The shelf is chosen by tabs."""

    category = filters.ModelChoiceFilter(
        label=_("Category"), queryset=Category.objects.all(), empty_label=_("Any category"), widget=FilterSelect
    )
    sort = filters.ChoiceFilter(label=_("Order"), choices=SORTS, empty_label=None, method="order", widget=FilterSelect)

    class Meta:
        model = MiniProgram
        fields = ("team", "q", "category", "sort")

    def order(self, queryset: MiniProgramQuerySet, name: str, value: str) -> MiniProgramQuerySet:
        """Sort."""
        return queryset.sorted_by(value)


def url_with_team(request: HttpRequest) -> str:
    """Remember the team that the URL names; return the URL to go to when it names none but one is remembered.

    So the filter lives in the URL and comes back at the next visit; `team=` stands for all teams.
    """
    named = request.GET.get("team")
    remembered = request.session.get("team", "")
    if named is None:
        query = request.GET.copy()
        query["team"] = remembered
        return f"{request.path}?{query.urlencode()}" if remembered else ""
    known = named if named.isdecimal() and len(named) <= TEAM_ID_DIGITS else ""
    if known != remembered:
        request.session["team"] = known
    return ""
