"""The filters of the overview across programs, mirrored in the URL."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from miniprograms.filters import ProgramFilter
from releases.models import Version

# A subquery without a reference to the program: PostgreSQL then reads the candidates once, not for each program.
READY = Q(pk__in=Version.objects.publishable().values("mini_program"))


class OverviewFilter(ProgramFilter):
    """The user's mini programs by team and words, and by their status."""

    tabs = {
        "": (_("All"), Q()),
        "in_audit": (_("In audit"), ~Q(in_audit_number="")),
        "ready": (_("Ready to publish"), READY),
        "nothing": (_("Nothing online"), Q(online_number="")),
    }
