"""The filter of the privacy agreements across programs."""

from __future__ import annotations

from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from console.base.core.filters import ListFilter, SortFilter
from miniprograms.filters import ProgramFilter
from miniprograms.privacy.models import FoundData, PrivacyAgreement

# Subqueries without a reference to the program: PostgreSQL then reads each once, not for each program.
NOTHING_ONLINE = ~Q(pk__in=PrivacyAgreement.objects.order_by().values("mini_program"))
UNDECLARED = Q(pk__in=FoundData.objects.undeclared_in(PrivacyAgreement.objects.all()).values("mini_program"))


class OverviewFilter(ProgramFilter):
    """The user's mini programs by team and words, and by what their agreement misses."""

    tabs = {
        "": (_("All"), Q()),
        "nothing_online": (_("Nothing online"), NOTHING_ONLINE),
        "undeclared": (_("Not declared"), UNDECLARED),
    }


class VersionFilter(ListFilter):
    """The versions of one program's agreement."""

    sort = SortFilter(
        {"number": (_("Version"), ("number",)), "effective": (_("Effective from"), (F("effective_on"), "number"))},
        down=True,
    )
