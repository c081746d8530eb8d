"""The filters of the overview across programs and of a program's lists, mirrored in the URL."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from console.base.core.filters import ListFilter, SortFilter, ranked
from miniprograms.filters import ProgramFilter, orders_by_program
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


def _by_audit(audit: str = "") -> SortFilter:
    """Return the orders of audit records, or of what has its record in the field that `audit` begins with."""
    submitted = (f"{audit}submitted_at", f"{audit}id")
    return SortFilter(
        {
            "submitted": (_("Submitted"), submitted),
            "version": (_("Version"), tuple(f"{audit}version__{part}" for part in NUMBER)),
            "result": (_("Result"), (ranked(f"{audit}state", AuditState.values), *submitted)),
        },
        down=True,
    )


DECISION_ORDER = _by_audit("audit__")


class AuditFilter(ListFilter):
    """The audit records of one program."""

    sort = _by_audit()


VERSION_ORDER = SortFilter(orders_by_program("mini_program__"), down=True)  # of all versions, by `OverviewFilter`

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
