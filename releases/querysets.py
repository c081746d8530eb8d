"""Questions about versions, audits and decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

from releases.states import AuditState, VersionState

if TYPE_CHECKING:
    from releases.models import Audit, Version


class VersionQuerySet(models.QuerySet["Version"]):
    """Which versions."""

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

    def in_development(self) -> VersionQuerySet:
        """Uploaded, not submitted or withdrawn; newest upload first."""
        return self.filter(state=VersionState.DEVELOPMENT).order_by("-uploaded_at", "-id")

    def approved(self) -> VersionQuerySet:
        """Passed the audit, never online."""
        return self.filter(state=VersionState.APPROVED)

    def roll_back_targets(self) -> VersionQuerySet:
        """Online before, and not themselves rolled back (V-13); highest first."""
        return self.filter(state=VersionState.RETIRED, rolled_back_at=None)


class AuditQuerySet(models.QuerySet["Audit"]):
    """Which audits."""

    def running(self) -> AuditQuerySet:
        """Not yet decided."""
        return self.filter(state=AuditState.IN_AUDIT)


