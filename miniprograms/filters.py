"""The filters of lists of mini programs (L-2)."""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, Func, Q, Value, When
from django.db.models.functions import Cast, Lower, NullIf
from django.utils.translation import gettext_lazy as _

from console.base.accounts.access import SignedInRequest
from console.base.accounts.filters import TeamsFilter
from console.base.core.filters import Field, ListFilter, SearchFilter, SortFilter, Words, ranked
from console.base.core.widgets import FilterSelect
from miniprograms.models import IDE_VERSION, Category, IdeDownload, MiniProgram
from miniprograms.querysets import IdeDownloadQuerySet, MiniProgramQuerySet, is_on_shelf
from miniprograms.states import Shelf


def number_of(name: str | Case, part: models.Field[Any, Any] | None = None) -> Cast:
    """Return what sorts by the version number in the field `name`, part by part; what has none comes last.

    Each `part` is an integer, unless the field's numbers may be longer.
    """
    parts = Func(NullIf(name, Value("")), Value("."), function="string_to_array")
    return Cast(parts, ArrayField(part or models.IntegerField()))


def orders_by_program(program: str = "") -> dict[str, tuple[Words, tuple[Field, ...]]]:
    """Return the columns of lists of programs, or of what has its program in the field that `program` begins with."""
    name = (Lower(f"{program}name"), f"{program}id")
    return {
        "changed": (_("Last change"), (f"{program}changed_at", f"{program}id")),
        "name": (_("Mini program"), name),
        "team": (_("Team"), (f"{program}team__name", *name)),
        "online": (_("Online version"), (number_of(f"{program}online_number"), *name)),
    }


BY_PROGRAM = orders_by_program()
NAME = (Lower("name"), "id")
IDE_NUMBER = number_of(  # What is no version by today's rule comes last: rows from before have other digits.
    Case(When(version__regex=IDE_VERSION, then="version")),
    models.DecimalField(max_digits=20, decimal_places=0),  # `IdeDownload.version` is 20
)


class ProgramFilter(TeamsFilter):
    """The user's mini programs by team and words."""

    q = SearchFilter(_("Name or App ID"), method="search")
    sort = SortFilter(BY_PROGRAM, down=True)

    def __init__(self, request: SignedInRequest) -> None:
        teams = [row.team_id for row in request.user.team_roles]
        super().__init__(request, MiniProgram.objects.of_teams(teams))

    def search(self, programs: MiniProgramQuerySet, name: str, words: str) -> MiniProgramQuerySet:
        return programs.matching(words)


class MiniProgramFilter(ProgramFilter):
    """Also by category and shelf, and in an order."""

    tab_name = "shelf"
    tabs = {
        "": (_("All"), Q()),
        Shelf.ON: (_("On the shelf"), is_on_shelf()),
        Shelf.OFF: (_("Off the shelf"), Q(shelf=Shelf.OFF)),
    }
    category = filters.ModelChoiceFilter(
        label=_("Category"), queryset=Category.objects.all(), empty_label=_("Any category"), widget=FilterSelect
    )
    sort = SortFilter(
        {
            **BY_PROGRAM,
            "category": (_("Category"), ("category__position", "category__name", *NAME)),
            "shelf": (_("Shelf"), (ranked("shelf", Shelf.values), *NAME)),
        },
        down=True,
    )


class CategoryFilter(ListFilter):
    """The categories that operators keep, `with_use` and `as_shown`: searched and sorted by what the reader sees."""

    tab_name = "use"
    tabs = {"": (_("All"), Q()), "used": (_("In use"), Q(programs__gt=0)), "unused": (_("Not in use"), Q(programs=0))}
    q = SearchFilter(_("Name"), field_name="shown", lookup_expr="icontains")
    sort = SortFilter(
        {
            "position": (_("Position"), ("position", "shown")),
            "name": (_("Name"), ("shown",)),
            "programs": (_("Mini programs"), ("programs", "shown")),
        }
    )


class IdeDownloadFilter(ListFilter):
    """The downloads of the IDE that operators keep (L-5)."""

    tab_name = "platform"
    tabs = {
        "": (_("All"), Q()),
        **{each.value: (each.label, Q(platform=each.value)) for each in IdeDownload.Platform},
    }
    q = SearchFilter(_("Version or notes"), method="search")
    sort = SortFilter(
        {"released": (_("Released"), ("released_on", "id")), "version": (_("Version"), (IDE_NUMBER,))}, down=True
    )

    def search(self, downloads: IdeDownloadQuerySet, name: str, words: str) -> IdeDownloadQuerySet:
        return downloads.matching(words)
