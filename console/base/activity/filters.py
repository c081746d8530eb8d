"""The filters of an activity page."""

from __future__ import annotations

from datetime import timedelta

import django_filters as filters
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from console.base.activity.events import EVENTS
from console.base.activity.querysets import ActivityQuerySet
from console.base.core.filters import ListFilter, SearchFilter, SortFilter
from console.base.core.widgets import FilterSelect

PERIODS = (("1", _("Last 24 hours")), ("7", _("Last 7 days")), ("30", _("Last 30 days")))


def _events() -> list[tuple[str, str | Promise]]:
    """Return all, those of the sections before those of accounts, which most pages have few of."""
    found = sorted(EVENTS.items(), key=lambda item: item[1].__module__.startswith("console."))
    return [(name, event.log) for name, event in found]


class ActivityFilter(ListFilter):
    """Who, what, when."""

    who = SearchFilter(_("Who"), field_name="actor_label", lookup_expr="icontains")
    what = filters.ChoiceFilter(
        label=_("Event"), field_name="verb", choices=_events, empty_label=_("Any event"), widget=FilterSelect
    )
    when = filters.ChoiceFilter(
        label=_("When"), choices=PERIODS, empty_label=_("Any time"), method="since", widget=FilterSelect
    )
    request = SearchFilter(_("Request ID"), field_name="request_id")

    def since(self, entries: ActivityQuerySet, name: str, days: str) -> ActivityQuerySet:
        """Keep the entries of the last `days`."""
        return entries.filter(at__gte=timezone.now() - timedelta(days=int(days)))


class EntriesFilter(ListFilter):
    """Entries of a log. It grows without end, and only its time has an index: nothing else sorts it."""

    sort = SortFilter({"when": (_("When"), ("id",))}, down=True)
