"""The verbs of what is kept sealed: an application's server secret and its signing keys."""

from __future__ import annotations

import base64
import secrets
from datetime import timedelta

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Least
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.base.accounts.models import User
from console.base.activity.verbs import Verb
from console.base.core import times
from console.base.core.errors import Overtaken, Refused
from console.base.core.sealing import seal
from console.base.hosts import rules
from console.base.hosts.actions import lock, tell_administrators, write_entry
from console.base.hosts.models import HostApplication, ServerSecret, SigningKey
from console.base.hosts.signing import make_signing_key

# Server secrets ---------------------------------------------------------------------------------------------------


@transaction.atomic
def generate_server_secret(application: HostApplication, *, by: User) -> str:
    """Make the application's first server secret and return it, `whsec_…`: nothing shows it again."""
    application = lock(application)
    if refusal := rules.why_not_generate_server_secret(application.server_secrets.filter(ends_at=None).first()):
        raise Refused(refusal)
    secret, row = _make_server_secret(application, by=by)
    write_entry(Verb.SERVER_SECRET_GENERATED, application, by=by, after={"secret": str(row)})
    tell_administrators(application, gettext_lazy("%(person)s generated the server secret of %(application)s"), by=by)
    return secret


@transaction.atomic
def reset_server_secret(application: HostApplication, *, seen: int, overlap: int, by: User, reason: str = "") -> str:
    """Replace the row `seen` and return the new secret; earlier ones work for `overlap` more hours at most."""
    application, now = lock(application), timezone.now()
    current = application.server_secrets.filter(ends_at=None).first()
    if refusal := rules.why_not_reset_server_secret(current, seen=seen):
        raise Overtaken(refusal)
    ends_at = now + timedelta(hours=overlap)
    application.server_secrets.usable(at=now).update(ends_at=Least("ends_at", Value(ends_at)))
    secret, row = _make_server_secret(application, by=by)
    before, after = {"secret": str(current)}, {"secret": str(row), "overlap": overlap}
    write_entry(Verb.SERVER_SECRET_RESET, application, by=by, before=before, after=after, reason=reason)
    words = gettext_lazy("The old one works until %(time)s.")
    if not overlap:
        words = gettext_lazy("The old one is refused since %(time)s.")
    text = gettext_lazy("%(person)s reset the server secret of %(application)s")
    tell_administrators(application, text, by=by, detail=lambda: str(words) % {"time": times.full(ends_at)})
    return secret


def _make_server_secret(application: HostApplication, *, by: User) -> tuple[str, ServerSecret]:
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    made = {"hint": secret[-4:], "created_at": timezone.now(), "created_by": by}
    return secret, ServerSecret.objects.create(application=application, sealed=seal(secret), **made)


# Signing keys -----------------------------------------------------------------------------------------------------


@transaction.atomic
def add_signing_key(application: HostApplication, *, by: User) -> SigningKey:
    """Make another key: from now on packages are signed with it, too. Raises Refused when there are enough."""
    application = lock(application)
    if refusal := rules.why_not_add_signing_key(application.signing_keys.active().count()):
        raise Refused(refusal)
    key = make_signing_key(application, by=by)
    write_entry(Verb.SIGNING_KEY_ADDED, application, by=by, after={"key": key.key_id})
    text = gettext_lazy("%(person)s added a signing key to %(application)s")
    tell_administrators(application, text, by=by, detail=lambda: key.key_id, page="hosts:signing_keys")
    return key


@transaction.atomic
def retire_signing_key(key: SigningKey, *, by: User, reason: str = "") -> SigningKey:
    """Sign with it no more, and erase its private half: devices that know no other key refuse packages.

    Raises Overtaken for one that is retired, Refused for the last one.
    """
    application = lock(key.application)
    key = application.signing_keys.get(pk=key.pk)
    if key.retired_at:
        raise Overtaken(_("Someone else was first: this key is retired."))
    if refusal := rules.why_not_retire_signing_key(application.signing_keys.active().count()):
        raise Refused(refusal)
    key.retired_at, key.retired_by, key.sealed = timezone.now(), by, ""
    key.save()
    write_entry(Verb.SIGNING_KEY_RETIRED, application, by=by, before={"key": key.key_id}, reason=reason)
    text = gettext_lazy("%(person)s retired a signing key of %(application)s")
    detail = "\n".join(line for line in (key.key_id, reason) if line)
    tell_administrators(application, text, by=by, detail=lambda: detail, page="hosts:signing_keys")
    return key
