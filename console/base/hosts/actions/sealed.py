"""The verbs of what is kept sealed: an application's server secret and its signing keys."""

from __future__ import annotations

import base64
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Least
from django.utils import timezone
from django.utils.translation import gettext as _

from console.base.accounts.models import User
from console.base.activity.events import emit
from console.base.core.errors import Conflict, refuse_if
from console.base.core.sealing import seal
from console.base.hosts import events, rules
from console.base.hosts.actions import lock
from console.base.hosts.models import HostApplication, ServerSecret, SigningKey
from console.base.hosts.signing import make_signing_key

# Server secrets ---------------------------------------------------------------------------------------------------


@transaction.atomic
def generate_server_secret(application: HostApplication, *, by: User, at: datetime | None = None) -> str:
    """Make the application's first server secret and return it, `whsec_…`: nothing shows it again."""
    application, at = lock(application), at or timezone.now()
    refuse_if(rules.why_not_generate_server_secret(application.server_secrets.filter(ends_at=None).first()))
    secret, row = _make_server_secret(application, by=by, at=at)
    emit(events.ServerSecretGenerated(application, by=by, at=at, after={"secret": str(row)}))
    return secret


@transaction.atomic
def reset_server_secret(
    application: HostApplication, *, seen: int, overlap: int, by: User, reason: str = "", at: datetime | None = None
) -> str:
    """Replace the row `seen` and return the new secret; earlier ones work for `overlap` more hours at most."""
    application, at = lock(application), at or timezone.now()
    current = application.server_secrets.filter(ends_at=None).first()
    if refusal := rules.why_not_reset_server_secret(current, seen=seen):
        raise Conflict(refusal)
    ends_at = at + timedelta(hours=overlap)
    application.server_secrets.usable(at=at).update(ends_at=Least("ends_at", Value(ends_at)))
    secret, row = _make_server_secret(application, by=by, at=at)
    before, after = {"secret": str(current)}, {"secret": str(row), "overlap": overlap}
    values = {"before": before, "after": after, "reason": reason}
    emit(events.ServerSecretReset(application, ends_at=ends_at, by=by, at=at, **values))
    return secret


def _make_server_secret(application: HostApplication, *, by: User, at: datetime) -> tuple[str, ServerSecret]:
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    made = {"hint": secret[-4:], "created_at": at, "created_by": by}
    return secret, ServerSecret.objects.create(application=application, sealed=seal(secret), **made)


# Signing keys -----------------------------------------------------------------------------------------------------


@transaction.atomic
def add_signing_key(application: HostApplication, *, by: User, at: datetime | None = None) -> SigningKey:
    """Make another key: from now on packages are signed with it, too. Raises ActionRefused when there are enough."""
    application, at = lock(application), at or timezone.now()
    refuse_if(rules.why_not_add_signing_key(application.signing_keys.active().count()))
    key = make_signing_key(application, by=by, at=at)
    emit(events.SigningKeyAdded(application, by=by, at=at, after={"key": key.key_id}))
    return key


@transaction.atomic
def retire_signing_key(key: SigningKey, *, by: User, reason: str = "", at: datetime | None = None) -> SigningKey:
    """Sign with it no more, and erase its private half: devices that know no other key refuse packages.

    Raises Conflict for one that is retired, ActionRefused for the last one.
    """
    application, at = lock(key.application), at or timezone.now()
    key = application.signing_keys.get(pk=key.pk)
    if key.retired_at:
        raise Conflict(_("Already done: someone else retired this key."))
    refuse_if(rules.why_not_retire_signing_key(application.signing_keys.active().count()))
    key.retired_at, key.retired_by, key.sealed = at, by, ""
    key.save()
    emit(events.SigningKeyRetired(application, by=by, at=at, before={"key": key.key_id}, reason=reason))
    return key
