"""The filter bar of a list in its one shape (docs/adr/0004): filters and tabs, mirrored in the URL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Count, Q, QuerySet
from django.http import Http404
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from console.base.core.widgets import FilterSelect

Words = str | Promise


class SearchFilter(filters.CharFilter):
    """Words that people type; `method` or `field_name` says where they are looked for."""

    def __init__(self, label: Words, **options: Any) -> None:
        widget = forms.SearchInput(attrs={"class": "form-control", "placeholder": label})
        super().__init__(label=label, max_length=100, widget=widget, **options)


class SortFilter(filters.ChoiceFilter):
    """The order of a list, which heads of its table set, too (`sort_th`): `sort=name`, `sort=-name` downwards.

    `columns` has for each value its label and the fields that it goes by. The first of them, upwards or, with `down`,
    downwards, is the order in which the list stands by itself.
    """

    def __init__(self, columns: Mapping[str, tuple[Words, Sequence[str]]], *, down: bool = False) -> None:
        self.columns = columns
        up = [(name, format_lazy(_("{column}, ascending"), column=label)) for name, (label, _by) in columns.items()]
        downwards = [
            (f"-{name}", format_lazy(_("{column}, descending"), column=label)) for name, (label, _by) in columns.items()
        ]
        pairs = zip(downwards, up, strict=True) if down else zip(up, downwards, strict=True)
        choices = [choice for pair in pairs for choice in pair]
        super().__init__(label=_("Sort by"), choices=choices, empty_label=None, widget=FilterSelect)

    def filter(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        """Put the rows in that order."""
        if not value:
            return queryset
        _label, fields = self.columns[value.removeprefix("-")]
        turn = value.startswith("-")
        return queryset.order_by(*(f"-{name}" if turn else name for name in fields))


class ListFilter(filters.FilterSet):
    """What the URL asks of a list. A value that nobody offers filters nothing; in the filters of `own` things, whose
    choices are the user's alone, it is 404 like any id that is not the user's (P-1).
    """

    own: tuple[str, ...] = ()
    tab_name = "show"
    tabs: Mapping[str, tuple[Words, Q]] = {}  # value → (label, what it keeps); the first is shown when none is named

    def filter_queryset(self, queryset: QuerySet[Any]) -> Any:
        errors = self.form.errors
        if any(name in errors for name in self.own):
            raise Http404
        return super().filter_queryset(queryset)

    @property
    def is_filtering(self) -> bool:
        """Whether fewer than all may be shown."""
        return any(self.data.get(name) for name in self.filters if name != "sort")

    @property
    def tab(self) -> str:
        """The tab that is shown."""
        chosen = self.data.get(self.tab_name, "")
        return chosen if chosen in self.tabs else next(iter(self.tabs))

    @property
    def rows(self) -> QuerySet[Any]:
        """What is in the tab."""
        return self.in_tab(self.qs)

    @property
    def count(self) -> int:
        """How many are in the tab."""
        return self.counts[self.tab]

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many each tab keeps."""
        return self.counts_of(self.qs)

    def in_tab(self, queryset: QuerySet[Any]) -> Any:
        """Keep what is in the tab."""
        _label, condition = self.tabs[self.tab]
        return queryset.filter(condition)

    def counts_of(self, queryset: QuerySet[Any]) -> dict[str, int]:
        """Return how many of these each tab keeps, in one query."""
        kept = {f"tab_{value}": Count("pk", filter=condition) for value, (_label, condition) in self.tabs.items()}
        found = queryset.aggregate(**kept)
        return {value: found[f"tab_{value}"] for value in self.tabs}
