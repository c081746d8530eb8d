"""The filter of the offline packages page across programs."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from miniprograms.filters import ProgramFilter
from miniprograms.models import Binding
from miniprograms.querysets import is_on_shelf
from releases.offline.presenters import presets

AVAILABLE = is_on_shelf() & ~Q(online_number="")
# A subquery without a reference to the program: PostgreSQL then reads the presets once, not for each program.
STALE = Q(
    pk__in=Binding.objects.served()
    .filter(
        Exists(
            presets().filter(
                ~Q(number=OuterRef("mini_program__online_number")),
                mini_program_id=OuterRef("mini_program__app_id"),
                application_id=OuterRef("application__application_id"),
            )
        ),
    )
    .order_by()
    .values("mini_program")
)


class OverviewFilter(ProgramFilter):
    """The user's mini programs by team and words, and by what can be downloaded and renewed."""

    tabs = {"": (_("All"), Q()), "available": (_("Available"), AVAILABLE), "stale": (_("With outdated presets"), STALE)}
