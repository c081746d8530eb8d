"""Why something about a review is impossible: the sentence that the verb and the page say."""

from __future__ import annotations

from django.utils.translation import gettext as _

from releases.models import Audit
from releases.states import AuditState


def why_not_compare_again(audit: Audit) -> str:
    """Return why the report can't be written again; "" when it can."""
    if audit.state != AuditState.IN_AUDIT:
        return _("The audit is closed. Its report stays as it was.")
    return ""
