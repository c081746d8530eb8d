"""The filter bar of a list in its one shape (docs/adr/0004): filters and tabs, mirrored in the URL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Case, Count, Expression, F, Q, QuerySet, When
from django.db.models.expressions import OrderBy
from django.http import Http404, HttpRequest, QueryDict
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from console.base.core import sorting
from console.base.core.widgets import FilterSelect

Words = str | Promise
Field = str | Expression | F  # an expression keeps what has no value at the end, in both directions


def ranked(name: str, values: Iterable[str | bool]) -> Case:
    """Return what sorts the states or roles in the field `name` in that order; others come last."""
    return Case(*(When(**{name: value}, then=number) for number, value in enumerate(values)))


class SearchFilter(filters.CharFilter):
    """Words that people type; `method` or `field_name` says where they are looked for."""

    def __init__(self, label: Words, **options: Any) -> None:
        widget = forms.SearchInput(attrs={"class": "form-control", "placeholder": label})
        super().__init__(label=label, max_length=100, widget=widget, **options)


class SortFilter(filters.ChoiceFilter):
    """The order of a list, which heads of its table set, too (`sort_th`): `sort=name`, `sort=-name` downwards.

    `columns` has for each value its label and the fields that it goes by. The first of them, upwards or, with `down`,
    downwards, is the order in which the list stands by itself. What is equal in all fields stands in the order of the
    primary keys (`page_of`), so no row is on two pages. It sorts the whole list: fields of lists that grow without
    end have an index.
    """

    def __init__(self, columns: Mapping[str, tuple[Words, Sequence[Field]]], *, down: bool = False) -> None:
        self.columns = columns
        up = [(name, format_lazy(_("{column}, ascending"), column=label)) for name, (label, _by) in columns.items()]
        downwards = [
            (f"-{name}", format_lazy(_("{column}, descending"), column=label)) for name, (label, _by) in columns.items()
        ]
        pairs = zip(downwards, up, strict=True) if down else zip(up, downwards, strict=True)
        self.orders = [choice for pair in pairs for choice in pair]
        super().__init__(label=_("Sort by"), choices=self.orders, empty_label=None, widget=FilterSelect)

    def filter(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        """Put the rows in that order."""
        _label, fields = self.columns.get(value.removeprefix("-"), ("", ()))
        if not fields:
            return queryset
        return queryset.order_by(*(_turned(field, down=value.startswith("-")) for field in fields))


def _turned(field: Field, *, down: bool) -> str | OrderBy:
    if isinstance(field, str):
        return f"-{field}" if down else field
    return field.desc(nulls_last=True) if down else field.asc(nulls_last=True)


class ListFilter(filters.FilterSet):
    """What the URL asks of a list. A value that nobody offers filters nothing; in the filters of `own` things, whose
    choices are the user's alone, it is 404 like any id that is not the user's (P-1).
    """

    data: Any
    own: tuple[str, ...] = ()
    tab_name = "show"
    tabs: Mapping[str, tuple[Words, Q]] = {}  # value → (label, what it keeps); the first is shown when none is named

    def __init__(self, data: Any = None, queryset: Any = None, *, request: HttpRequest | None = None, **rest: Any):
        super().__init__(data, queryset, request=request, **rest)
        self.names_order = bool(self.data.get("sort"))
        kept = sorting.remembered(request) if request is not None and not self.names_order else ""
        if kept in self.orders:
            self.data = QueryDict(mutable=True) if not self.data else self.data.copy()
            self.data["sort"] = kept

    def filter_queryset(self, queryset: QuerySet[Any]) -> Any:
        errors = self.form.errors
        if any(name in errors for name in self.own):
            raise Http404
        if self.request is not None and self.names_order and self.data["sort"] in self.orders:
            sorting.remember(self.request, self.data["sort"])
        return super().filter_queryset(queryset)

    @property
    def orders(self) -> list[str]:
        """The orders that the list can have, by their values in the URL; the first is its own."""
        sort = self.filters.get("sort")
        return [value for value, _label in sort.orders] if sort else []

    @property
    def order(self) -> str:
        """The order in which the list is shown."""
        asked = self.data.get("sort", "")
        return asked if asked in self.orders else next(iter(self.orders), "")

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
