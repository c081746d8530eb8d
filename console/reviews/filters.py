"""The filters of the inbox and of the lists of the host side."""

from __future__ import annotations

from functools import cached_property

import django_filters as filters
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console.base.accounts.access import SignedInRequest
from console.base.accounts.filters import TeamsFilter
from console.base.accounts.permissions import Permission
from console.base.core.filters import ListFilter, SearchFilter, SortFilter, ranked
from console.base.core.widgets import FilterSelect
from console.base.hosts.models import HostApplication
from console.base.hosts.querysets import (
    DecisionQuerySet,
    DefaultApiQuerySet,
    HostApplicationQuerySet,
    SensitiveApiQuerySet,
)
from console.base.hosts.states import DecisionState
from console.reviews import querysets
from console.reviews.querysets import AUDIT, BINDING, EXEMPTION, PERMISSION, Requests
from devmgmt.querysets import EXPIRED, GRANTED
from miniprograms.filters import number_of
from miniprograms.models import MiniProgram
from miniprograms.querysets import BindingQuerySet
from miniprograms.states import Shelf

GRANTS = ((EXEMPTION, _("Skip domain verification")), (PERMISSION, _("Interface permissions")))
KINDS = ((AUDIT, _("Version audits")), (BINDING, _("Bindings")), *GRANTS)


def _decided_in(request: HttpRequest) -> QuerySet[HostApplication]:
    return HostApplication.objects.where(request.user, Permission.DECIDE)


class RequestFilter(ListFilter):
    """Over several kinds of requests together; the filters are the same for each, so `requests` stands for `qs`."""

    def __init__(self, request: SignedInRequest, requests: Requests) -> None:
        self.of_all = requests
        super().__init__(request.GET, next(iter(requests.values())), request=request)

    @cached_property
    def requests(self) -> Requests:
        """The requests that fit, by kind."""
        return {kind: self.filter_queryset(rows) for kind, rows in self.of_all.items()}

    @property
    def shown(self) -> Requests:
        """The requests in the tab, by kind."""
        return {kind: self.in_tab(rows) for kind, rows in self.requests.items()}

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many each tab keeps, of all kinds."""
        each = [self.counts_of(rows) for rows in self.requests.values()]
        return {value: sum(counts[value] for counts in each) for value in self.tabs}

    def of_kind(self, requests: DecisionQuerySet, name: str, kind: str) -> DecisionQuerySet:
        """Keep all or nothing."""
        return requests if requests.model is self.of_all[kind].model else requests.none()

    def about(self, requests: DecisionQuerySet, name: str, words: str) -> DecisionQuerySet:
        """Keep those about what fits the words."""
        return querysets.about(requests, words)


class LineFilter(RequestFilter):
    """Also in an order, of all kinds together; `querysets.in_line` puts them into it."""

    sort = SortFilter(
        {
            "state": (_("Status"), ()),
            "program": (_("Mini program"), ()),
            "application": (_("Host app"), ()),
            "asked": (pgettext_lazy("column", "Requested"), ()),
        }
    )


class InboxFilter(LineFilter):
    """Application, kind, words over every request that the user decides."""

    own = ("application",)
    tabs = {
        "waiting": (_("Waiting"), Q(state=DecisionState.WAITING)),
        "decided": (_("Decided"), Q(decided_at__isnull=False)),
        "all": (_("All"), Q()),
    }
    application = filters.ModelChoiceFilter(
        label=_("Host app"),
        queryset=_decided_in,
        to_field_name="application_id",
        empty_label=_("All my apps"),
        widget=FilterSelect,
    )
    kind = filters.ChoiceFilter(
        label=_("Type"), choices=KINDS, empty_label=_("All types"), method="of_kind", widget=FilterSelect
    )
    q = SearchFilter(_("Mini program, App ID, version or API"), method="about")

    def __init__(self, request: SignedInRequest) -> None:
        super().__init__(request, querysets.decidable_by(request.user))

    @property
    def shown(self) -> Requests:
        """The items in the tab, by kind (D-3)."""
        return {kind: rows.items() for kind, rows in super().shown.items()}

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many items each tab keeps."""
        return {value: self._count(condition) for value, (_label, condition) in self.tabs.items()}

    def _count(self, condition: Q) -> int:
        return querysets.count({kind: rows.filter(condition).items() for kind, rows in self.requests.items()})


class GrantFilter(LineFilter):
    """Kind and words over what an application has granted."""

    tabs = {
        "now": (_("Current"), GRANTED),
        "past": (_("Past"), Q(state=DecisionState.ENDED) | EXPIRED),
    }
    kind = filters.ChoiceFilter(
        label=_("Type"), choices=GRANTS, empty_label=_("All types"), method="of_kind", widget=FilterSelect
    )
    q = SearchFilter(_("Mini program, App ID or API"), method="about")


class ApiFilter(ListFilter):
    """Words over the list of sensitive APIs."""

    tabs = {
        "all": (_("All"), Q()),
        "restricted": (_("Restricted"), Q(restricted=True)),
        "public": (_("Public"), Q(restricted=False)),
    }
    q = SearchFilter(_("Name or what it does"), method="search")
    sort = SortFilter(
        {
            "name": (_("API"), ("name",)),
            "title": (_("Purpose"), ("title", "name")),
            "state": (_("Status"), (ranked("restricted", (True, False)), "name")),
        }
    )

    def search(self, apis: SensitiveApiQuerySet, name: str, words: str) -> SensitiveApiQuerySet:
        """Keep those that fit."""
        return apis.matching(words)


class ApplicationFilter(TeamsFilter):
    q = SearchFilter(_("Name or host app ID"), method="search")
    sort = SortFilter(
        {
            "name": (_("Host app"), (Lower("name"), "name")),
            "team": (_("Team"), ("team__name", Lower("name"))),
            "bound": (_("Mini programs"), (querysets.bound(), Lower("name"))),
            "waiting": (_("Requests"), (querysets.waiting(), Lower("name"))),
        }
    )

    def search(self, applications: HostApplicationQuerySet, name: str, words: str) -> HostApplicationQuerySet:
        """Keep whose name contains the words or whose Application ID starts with them."""
        return applications.matching(words)


class BoundProgramFilter(ListFilter):
    q = SearchFilter(_("Name or App ID"), method="search")
    sort = SortFilter(
        {
            "bound": (pgettext_lazy("column", "Bound"), ("decided_at", "id")),
            "name": (_("Mini program"), (Lower("mini_program__name"), "id")),
            "team": (_("Team"), ("mini_program__team__name", Lower("mini_program__name"))),
            "shelf": (_("Shelf"), (ranked("mini_program__shelf", Shelf.values), Lower("mini_program__name"))),
            "online": (_("Online version"), (number_of("mini_program__online_number"), Lower("mini_program__name"))),
        },
        down=True,
    )

    def search(self, bindings: BindingQuerySet, name: str, words: str) -> BindingQuerySet:
        """Keep the bindings of mini programs that fit."""
        return bindings.filter(mini_program__in=MiniProgram.objects.matching(words).values("pk"))


class DefaultApiFilter(ListFilter):
    """The sensitive APIs that operators keep for every application (D-3), `with_use`."""

    tabs = {
        "": (_("All"), Q()),
        "restricted": (_("Restricted for new apps"), Q(restricted=True)),
        "public": (_("Public for new apps"), Q(restricted=False)),
        "somewhere": (_("Restricted by an app"), Q(restricting__gt=0)),
    }
    q = SearchFilter(_("Name or what it does"), method="search")
    sort = SortFilter(
        {
            "name": (_("API"), ("name",)),
            "title": (_("Purpose"), ("title", "name")),
            "restricting": (_("Restricted by"), ("restricting", "name")),
            "granted": (_("Granted to"), ("granted", "name")),
        }
    )

    def search(self, apis: DefaultApiQuerySet, name: str, words: str) -> DefaultApiQuerySet:
        """Keep those that fit."""
        return apis.matching(words)
