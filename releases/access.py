"""From a URL to a version or an audit."""

from __future__ import annotations

from django.http import Http404

from console.base.accounts.models import User
from console.base.accounts.permissions import Permission
from console.base.hosts.access import application_for
from miniprograms.access import mini_program_for
from releases.models import Audit, ReviewDecision, Version


def version_for(user: User, permission: Permission, app_id: str, number: str) -> Version:
    """Return a version of one of the user's programs."""
    program = mini_program_for(user, permission, app_id)
    version = program.versions.numbered(number).select_related("package", "uploaded_by").first()
    if version is None or version.number != number:
        raise Http404
    version.mini_program = program
    return version


def audit_for(user: User, permission: Permission, app_id: str, audit_number: str) -> Audit:
    """Return an audit record of one of the user's programs."""
    program = mini_program_for(user, permission, app_id)
    audits = program.audits.select_related("version__package", "version__uploaded_by", "submitted_by")
    audit = audits.filter(number=audit_number).first()
    if audit is None:
        raise Http404
    audit.mini_program = audit.version.mini_program = program
    return audit


def review_for(user: User, permission: Permission, decision_id: int) -> ReviewDecision:
    """Return a decision in an audit, through the application that takes it."""
    facts = ("audit__version__package", "audit__mini_program__team", "audit__submitted_by", "decided_by", "application")
    decision = ReviewDecision.objects.filter(pk=decision_id).select_related(*facts).first()
    if decision is None:
        raise Http404
    decision.application = application_for(user, permission, decision.application.application_id)
    decision.audit.version.mini_program = decision.audit.mini_program
    return decision
