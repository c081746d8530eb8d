"""The filters of task lists, mirrored in the URL (G-10)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Case, CharField, Q, Value, When
from django.db.models.functions import Cast, Concat, Lower, Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console.base.accounts.access import SignedInRequest
from console.base.accounts.filters import TeamsFilter
from console.base.core.filters import ListFilter, SearchFilter, SortFilter
from grayscale.models import GrayscaleTask
from grayscale.presenters.tasks import DELIVERED
from grayscale.querysets import GrayscaleTaskQuerySet
from grayscale.states import TaskState

NUMBER = Concat(
    Cast("version__major", CharField()),
    Value("."),
    Cast("version__minor", CharField()),
    Value("."),
    Cast("version__patch", CharField()),
)


# As the clock has it, like the tabs: what delivers, what will, what could again, what is over.
STATE = Case(
    When(Q(state=TaskState.ENDED) | Q(ends_at__lte=Now()), then=3),
    When(state=TaskState.SUSPENDED, then=2),
    When(Q(state=TaskState.DELIVERING) | Q(starts_at__lte=Now()), then=0),
    default=1,
)
NEWEST = ("created_at", "id")


class StateTabs(ListFilter):
    """All, or those in one state; what the clock has decided at `at` counts, written or not (G-4)."""

    tabs = {
        "": (_("All"), Q()),
        TaskState.DELIVERING: (_("Delivering"), Q()),
        TaskState.PENDING: (_("Pending"), Q()),
        TaskState.SUSPENDED: (_("Suspended"), Q()),
        TaskState.ENDED: (_("Ended"), Q()),
    }
    at: datetime
    sort = SortFilter(
        {
            "created": (pgettext_lazy("column", "Created"), NEWEST),
            "task": (_("Task"), (Lower("name"), *NEWEST)),
            "state": (_("Status"), (STATE, *NEWEST)),
            "delivered": (pgettext_lazy("to devices", "Delivered"), (DELIVERED, *NEWEST)),
            "window": (_("Schedule"), ("starts_at", *NEWEST)),
        },
        down=True,
    )

    @property
    def rows(self) -> GrayscaleTaskQuerySet:
        return self.in_tab(self.qs)

    def in_tab(self, queryset: Any) -> GrayscaleTaskQuerySet:
        return self._of(self.tab, queryset)

    def counts_of(self, queryset: Any) -> dict[str, int]:
        """Return how many of these each tab keeps; each task is in exactly one state."""
        counts = {state: self._of(state, queryset).count() for state in self.tabs if state}
        return {"": sum(counts.values()), **counts}

    def _of(self, state: str, tasks: GrayscaleTaskQuerySet) -> GrayscaleTaskQuerySet:
        kept: GrayscaleTaskQuerySet = getattr(tasks, str(state))(at=self.at) if state else tasks
        return kept


class TaskFilter(StateTabs):
    """One program's tasks by words and state."""

    q = SearchFilter(_("Task name or version"), method="search")

    def __init__(self, request: SignedInRequest, tasks: GrayscaleTaskQuerySet, *, at: datetime) -> None:
        self.at = at
        super().__init__(request.GET, tasks, request=request)

    def search(self, tasks: GrayscaleTaskQuerySet, name: str, words: str) -> GrayscaleTaskQuerySet:
        """Keep tasks whose name contains the words or whose version starts with them."""
        return tasks.alias(number=NUMBER).filter(Q(name__icontains=words) | Q(number__startswith=words))


class OverviewFilter(TeamsFilter, StateTabs):
    """The tasks of all the user's programs by team, words and state."""

    q = SearchFilter(_("Task, version or mini program"), method="search")

    class Meta:
        model = GrayscaleTask
        fields: tuple[str, ...] = ()

    def __init__(self, request: SignedInRequest, *, at: datetime) -> None:
        self.at = at
        teams = [row.team_id for row in request.user.team_roles]
        super().__init__(request, GrayscaleTask.objects.filter(mini_program__team__in=teams))
        self.filters["team"].field_name = "mini_program__team"

    def search(self, tasks: GrayscaleTaskQuerySet, name: str, words: str) -> GrayscaleTaskQuerySet:
        """Keep tasks whose name or mini program contains the words, or whose version starts with them."""
        found = Q(name__icontains=words) | Q(mini_program__name__icontains=words) | Q(number__startswith=words)
        return tasks.alias(number=NUMBER).filter(found)
