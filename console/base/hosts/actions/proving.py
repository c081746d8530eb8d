"""The verbs of installation proof (R-9)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from console.base.accounts.models import User
from console.base.activity.events import emit
from console.base.core.errors import ActionRefused, Conflict
from console.base.hosts import events, rules
from console.base.hosts.actions import lock
from console.base.hosts.models import HostApplication


@transaction.atomic
def require_proofs(
    application: HostApplication, *, uses: Collection[str], seen: Collection[str], by: User, at: datetime | None = None
) -> HostApplication:
    """Require proof for these of PROOF_USES and for no others, on every device from its next request on.

    Raises Conflict when it was not `seen` that is required now, ActionRefused where nobody could get a proof.
    """
    application, at = lock(application), at or timezone.now()
    before = application.proofs_required
    if set(seen) != {use for use, required in before.items() if required}:
        raise Conflict(_("Someone else just changed this. Check it again."))
    after = {use: use in uses for use in before}
    if refusal := rules.why_not_require_proofs(after, application.server_secrets.filter(ends_at=None).exists()):
        raise ActionRefused(refusal, field="uses")
    if before == after:
        return application
    for use, required in after.items():
        if required != before[use]:
            setattr(application, f"{use}_proved_since", at if required else None)
    application.save(update_fields=[f"{use}_proved_since" for use in after])
    emit(events.ProofsRequired(application, by=by, at=at, before=before, after=after))
    return application


@transaction.atomic
def end_proofs(
    application: HostApplication, *, seen: int, by: User, reason: str, at: datetime | None = None
) -> HostApplication:
    """Make all proofs void that were issued so far, within a second; raises Conflict unless `seen` is their series."""
    application, at = lock(application), at or timezone.now()
    if application.proof_series != seen:
        raise Conflict(_("Already done: these proofs are no longer valid."))
    application.proof_series += 1
    application.save(update_fields=["proof_series"])
    emit(events.ProofsEnded(application, by=by, at=at, reason=reason))
    return application
