"""The filters of a team's member list, of lists across the user's teams, and of the operators' lists."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import django_filters as filters
from allauth.mfa.models import Authenticator
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest, Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console.base.accounts.access import SignedInRequest
from console.base.accounts.models import Membership, User, UserSession
from console.base.accounts.permissions import TeamRole
from console.base.accounts.querysets import MembershipQuerySet, SecurityEntryQuerySet
from console.base.accounts.states import ROUTINE, SecurityKind
from console.base.activity.filters import PERIODS, EntriesFilter
from console.base.core.filters import ListFilter, SearchFilter, SortFilter, ranked
from console.base.core.widgets import FilterSelect

RANK = ranked("role", TeamRole.values)


class MembershipFilter(ListFilter):
    """The user's memberships, with `people`."""

    sort = SortFilter(
        {
            "team": (_("Team"), (Lower("team__name"),)),
            "role": (_("Your role"), (RANK, Lower("team__name"))),
            "people": (_("Members"), ("people", Lower("team__name"))),
            "since": (_("Member since"), ("since",)),
        }
    )


class MemberFilter(ListFilter):
    """Who, in which role."""

    q = SearchFilter(_("Name or e-mail"), method="search")
    role = filters.ChoiceFilter(
        label=_("Role"), choices=TeamRole.choices, empty_label=_("Any role"), widget=FilterSelect
    )

    sort = SortFilter(
        {
            "role": (_("Role"), (RANK, Lower("user__name"))),
            "person": (_("Person"), (Lower("user__name"),)),
            "since": (_("Member since"), ("since",)),
        }
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


# For operators ------------------------------------------------------------------------------------------------------

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
HAS_FACTOR = Exists(Authenticator.objects.filter(user=OuterRef("pk"), type__in=FACTORS))
HAS_ACTING_ADMIN = Exists(Membership.objects.acting_admins().filter(team=OuterRef("pk")))

OF_TEAM = Membership.objects.people().filter(team=OuterRef("pk")).order_by()
SIZE = OF_TEAM.values("team").annotate(size=Count("pk")).values("size")

OF_USER = UserSession.objects.filter(user=OuterRef("pk")).order_by()
LAST_USE = OF_USER.values("user").annotate(last=Max("last_used_at")).values("last")
SEEN = Greatest("last_login", Subquery(LAST_USE))  # PostgreSQL: what is NULL does not count.


class TeamFilter(ListFilter):
    """All teams."""

    tabs = {
        "": (_("All"), Q()),
        "unled": (_("No administrator"), Q(~HAS_ACTING_ADMIN)),
    }
    q = SearchFilter(_("Name"), field_name="name", lookup_expr="icontains")
    sort = SortFilter(
        {
            "name": (_("Name"), (Lower("name"), "name")),
            "people": (_("People"), (Coalesce(Subquery(SIZE), 0), Lower("name"))),
            "created": (pgettext_lazy("column", "Created"), ("created_at", Lower("name"))),
        }
    )


class PeopleFilter(ListFilter):
    """All accounts."""

    tabs = {
        "": (_("All"), Q()),
        "operators": (_("Operators"), Q(is_staff=True, is_active=True)),
        "one_step": (_("No second factor"), Q(~HAS_FACTOR, is_active=True)),
        "never": (_("Never signed in"), Q(last_login=None, is_active=True)),
        "inactive": (_("Deactivated"), Q(is_active=False)),
    }
    q = SearchFilter(_("Name or e-mail"), method="search")
    sort = SortFilter(
        {
            "name": (pgettext_lazy("of a person", "Name"), (Lower("name"), "email")),
            "seen": (_("Last active"), (SEEN, Lower("name"))),
            "created": (pgettext_lazy("column", "Created"), ("date_joined",)),
        }
    )

    def search(self, people: QuerySet[User], name: str, words: str) -> QuerySet[User]:
        """Keep whose name or address contains the words."""
        return people.filter(Q(name__icontains=words) | Q(email__icontains=words))


def _kinds() -> list[tuple[str, Any]]:
    return [(kind.value, kind.label) for kind in SecurityKind if kind not in ROUTINE]


class SecurityFilter(EntriesFilter):
    """The security log of all accounts: whose, what, when."""

    q = SearchFilter(_("Name, e-mail or IP address"), method="search")
    kind = filters.ChoiceFilter(label=_("Event"), choices=_kinds, empty_label=_("Any event"), widget=FilterSelect)
    when = filters.ChoiceFilter(
        label=_("When"), choices=PERIODS, empty_label=_("Any time"), method="since", widget=FilterSelect
    )

    def search(self, entries: SecurityEntryQuerySet, name: str, words: str) -> SecurityEntryQuerySet:
        """Keep whose person, typed e-mail or network address contains the words."""
        return entries.filter(Q(user__name__icontains=words) | Q(email__icontains=words) | Q(address__icontains=words))

    def since(self, entries: SecurityEntryQuerySet, name: str, days: str) -> SecurityEntryQuerySet:
        """Keep the entries of the last `days`."""
        return entries.filter(at__gte=timezone.now() - timedelta(days=int(days)))
