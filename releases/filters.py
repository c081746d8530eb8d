"""The filters of the overview across programs and of a program's lists, mirrored in the URL."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from console.base.core.filters import ListFilter, SortFilter, ranked
from miniprograms.filters import ProgramFilter
from releases.models import Version
from releases.states import AuditState, VersionState

# What devices have, then what is on its way there.
BY_STATE = (
    VersionState.ONLINE,
    VersionState.APPROVED,
    VersionState.IN_AUDIT,
    VersionState.DEVELOPMENT,
    VersionState.REJECTED,
    VersionState.RETIRED,
)

NUMBER = ("major", "minor", "patch")


class UploadFilter(ListFilter):
    """The versions of one program."""

    sort = SortFilter(
        {
            "version": (_("Version"), NUMBER),
            "state": (_("Status"), (ranked("state", BY_STATE), *NUMBER)),
            "size": (_("Package"), ("package__size", *NUMBER)),
            "uploaded": (_("Uploaded"), ("uploaded_at",)),
        },
        down=True,
    )


class AuditFilter(ListFilter):
    """The audit records of one program."""

    sort = SortFilter(
        {
            "submitted": (_("Submitted"), ("submitted_at", "id")),
            "version": (_("Version"), tuple(f"version__{part}" for part in NUMBER)),
            "result": (_("Result"), (ranked("state", AuditState.values), "submitted_at", "id")),
        },
        down=True,
    )


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
