"""From a URL to a published version of an agreement."""

from __future__ import annotations

from console.base.accounts.access import row_or_404
from console.base.accounts.models import User
from console.base.accounts.permissions import Permission
from miniprograms.access import mini_program_for
from miniprograms.privacy.models import PrivacyAgreement


def agreement_for(user: User, permission: Permission, app_id: str, agreement_number: int) -> PrivacyAgreement:
    """Return a version of one of the user's programs, whose `mini_program.held` are the user's permissions."""
    program = mini_program_for(user, permission, app_id)
    versions = PrivacyAgreement.objects.select_related("published_by")
    return row_or_404(versions, mini_program=program, number=agreement_number)
