"""Questions about versions, audits and decisions."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Case, Exists, OuterRef, Q, Value, When

from miniprograms.querysets import is_on_shelf
from releases.states import Accepted, AuditState, VersionState

if TYPE_CHECKING:
    from releases.models import Audit, SettledFinding, Version

# `online()` in SQL that names the table `version`.
ONLINE = f"version.state = '{VersionState.ONLINE}'"


# Of a version in a subquery: below the one around it.
LOWER = (
    Q(major__lt=OuterRef("major"))
    | Q(major=OuterRef("major"), minor__lt=OuterRef("minor"))
    | Q(major=OuterRef("major"), minor=OuterRef("minor"), patch__lt=OuterRef("patch"))
)


class VersionQuerySet(models.QuerySet["Version"]):
    def numbered(self, number: str) -> VersionQuerySet:
        """The version with this number; none when it is no number."""
        parts = number.split(".")
        if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) <= 4 for part in parts):
            return self.none()
        major, minor, patch = map(int, parts)
        return self.filter(major=major, minor=minor, patch=patch)

    def online(self) -> VersionQuerySet:
        """The one that devices get."""
        return self.filter(state=VersionState.ONLINE)

    def in_audit(self) -> VersionQuerySet:
        """The one that reviewers look at."""
        return self.filter(state=VersionState.IN_AUDIT)

    def light(self) -> VersionQuerySet:
        """With the package's sizes, without its lists nor what was found in it: for pages that show many versions."""
        lists = ("files", "pages", "subpackages", "warnings")
        return self.select_related("package").defer("findings", *(f"package__{name}" for name in lists))

    def in_development(self) -> VersionQuerySet:
        """Uploaded, not submitted or withdrawn; newest upload first."""
        return self.filter(state=VersionState.DEVELOPMENT).order_by("-uploaded_at", "-id")

    def approved(self) -> VersionQuerySet:
        """Passed the audit, never online."""
        return self.filter(state=VersionState.APPROVED)

    def roll_back_targets(self) -> VersionQuerySet:
        """Online before, and not themselves rolled back (V-13); highest first."""
        return self.filter(state=VersionState.RETIRED, rolled_back_at=None)

    def overtaking(self, online: VersionQuerySet) -> VersionQuerySet:
        """Versions that no version of `online` of the same program reaches: what may be published over it (V-12)."""
        return self.filter(~online._reaching())

    def _reaching(self) -> Exists:
        """Whether one of these, of the same program, has the number of the version around, or a higher one."""
        return Exists(self.filter(~LOWER, mini_program=OuterRef("mini_program")))

    def _below(self) -> Exists:
        """Whether one of these, of the same program, has a lower number than the version around."""
        return Exists(self.filter(LOWER, mini_program=OuterRef("mini_program")))

    def ahead(self) -> VersionQuerySet:
        """Passed an audit, and can be published over what is online."""
        return self.approved().overtaking(type(self)(self.model).online())

    def accepted_with_binding(self) -> VersionQuerySet:
        """What an application accepts with a binding (L-6, V-18): all that its users may get without it being asked.

        What is online, then what is ahead of it, then what can go online after a roll back; each with the highest
        first, and with `accepted_as` of these (Accepted).
        """
        every = type(self)(self.model)
        approved = Q(state=VersionState.APPROVED)
        kind = Case(
            When(state=VersionState.ONLINE, then=Value(Accepted.ONLINE)),
            # The state first: the others are looked through for approved versions alone.
            When(approved & ~every.online()._reaching(), then=Value(Accepted.AHEAD)),
            When(approved & every.roll_back_targets()._below(), then=Value(Accepted.EARLIER)),
            When(state=VersionState.RETIRED, rolled_back_at=None, then=Value(Accepted.EARLIER)),
        )
        states = [VersionState.ONLINE, VersionState.APPROVED, VersionState.RETIRED]
        accepted = self.light().filter(state__in=states).annotate(accepted_as=kind).exclude(accepted_as=None)
        return accepted.order_by("accepted_as", "-major", "-minor", "-patch")

    def publishable(self) -> VersionQuerySet:
        """What may be published now (V-12): those of which `rules.why_not_publish` has nothing to say."""
        return self.ahead().filter(is_on_shelf("mini_program__"))


class AuditQuerySet(models.QuerySet["Audit"]):
    def running(self) -> AuditQuerySet:
        """Not yet decided."""
        return self.filter(state=AuditState.IN_AUDIT)


class SettledFindingQuerySet(models.QuerySet["SettledFinding"]):
    def in_force(self, *, on: date) -> SettledFindingQuerySet:
        """Those that count on a day."""
        return self.filter(Q(until=None) | Q(until__gte=on))
