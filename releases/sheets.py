"""Versions and audit records as files."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from console.base.core.sheets import Column
from console.base.core.states import badge_of

IN_SHEET = ("mini_program__team", "package", "uploaded_by")  # what is read of a version
VERSIONS: tuple[Column, ...] = (
    (_("Mini program"), lambda version: version.mini_program.name),
    (_("App ID"), lambda version: version.mini_program.app_id),
    (_("Team"), lambda version: version.mini_program.team),
    (_("Version"), lambda version: version.number),
    (_("Status"), lambda version: badge_of(version.state)[1]),
    (_("Change notes"), lambda version: version.notes),
    (_("Size (bytes)"), lambda version: version.package.size),
    (_("SHA-256"), lambda version: version.package.sha256),
    (_("Uploaded (UTC)"), lambda version: version.uploaded_at),
    (_("Uploaded by"), lambda version: version.uploaded_by),
)
DECISIONS: tuple[Column, ...] = (  # of audits, one for each application (V-11)
    (_("Record"), lambda decision: decision.audit.number),
    (_("Version"), lambda decision: decision.audit.version.number),
    (_("SHA-256"), lambda decision: decision.audit.package_sha256),
    (_("Submitted (UTC)"), lambda decision: decision.audit.submitted_at),
    (_("Submitted by"), lambda decision: decision.audit.submitted_by),
    (_("Result"), lambda decision: badge_of(decision.audit.state)[1]),
    (_("Host app"), lambda decision: decision.application),
    (_("Decision"), lambda decision: badge_of(decision.shown_state)[1]),
    (_("Reviewer"), lambda decision: decision.decided_by),
    (_("Decided (UTC)"), lambda decision: decision.decided_at),
    (_("Note"), lambda decision: decision.note),
)
