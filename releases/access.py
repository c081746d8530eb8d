"""From a URL to a version or an audit."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from django.http import Http404

from console.base.accounts.access import row_or_404
from console.base.accounts.models import User
from console.base.accounts.permissions import Permission
from console.base.hosts.access import application_for
from miniprograms.access import mini_program_for
from releases.models import Audit, ReviewDecision, SettledFinding, Version
from releases.report.content import Content
from releases.scan import Secret


class VersionFinding(NamedTuple):
    """A finding of a report on a version."""

    version: Version
    finding: Secret


class Settled(NamedTuple):
    """A finding that is settled for a program, seen from one of its versions."""

    version: Version
    settled: SettledFinding


def version_for(user: User, permission: Permission, app_id: str, number: str) -> Version:
    """Return the version with its package; 404 and 403 as `mini_program_for` has them."""
    program = mini_program_for(user, permission, app_id)
    versions = Version.objects.numbered(number).select_related("package", "uploaded_by")
    version = row_or_404(versions, mini_program=program)
    if version.number != number:  # 01.0.0 is no address of 1.0.0.
        raise Http404
    return version


def finding_for(user: User, permission: Permission, app_id: str, number: str, finding: str) -> VersionFinding:
    """Return a finding of one of the version's reports; 404 when none has it, 404 and 403 as `version_for` has them."""
    version = version_for(user, permission, app_id, number)
    report = row_or_404(version.reports.all(), content__secrets__contains=[{"sha256": finding}])
    secrets = msgspec.convert(report.content, Content).secrets
    return VersionFinding(version, next(secret for secret in secrets if secret.sha256 == finding))


def settled_for(user: User, permission: Permission, app_id: str, number: str, finding: str) -> Settled:
    """Return what was settled; 404 and 403 as `version_for` has them."""
    version = version_for(user, permission, app_id, number)
    return Settled(version, row_or_404(SettledFinding.objects.all(), mini_program=version.mini_program, sha256=finding))


def audit_for(user: User, permission: Permission, app_id: str, audit_number: str) -> Audit:
    """Return the audit record; 404 and 403 as `mini_program_for` has them."""
    program = mini_program_for(user, permission, app_id)
    audits = Audit.objects.select_related("version__package", "version__uploaded_by", "submitted_by")
    audit = row_or_404(audits, mini_program=program, number=audit_number)
    audit.version.mini_program = program
    return audit


def review_for(user: User, permission: Permission, decision_id: int) -> ReviewDecision:
    """Return a decision in an audit, through the application that takes it."""
    facts = ("audit__version__package", "audit__mini_program__team", "audit__submitted_by", "decided_by", "application")
    decision = row_or_404(ReviewDecision.objects.select_related(*facts), pk=decision_id)
    decision.application = application_for(user, permission, decision.application.application_id)
    decision.audit.version.mini_program = decision.audit.mini_program
    return decision
