"""Codes of second factors: sealed where they are kept, used once, and recovery codes only as hashes (P-6).

The sign-in library keeps an app's secret, and the seed of recovery codes, as text. Here it is sealed, in letters that
the release before this one decodes without an error, to a secret that fits no code. What that release wrote is left as
it is for some days, in which the old code may come back, and sealed then.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Q
from django.utils.crypto import constant_time_compare, salted_hmac

from console.base.accounts.authentication import TOTP_SECONDS, totp_code
from console.base.accounts.models import User
from console.base.core.sealing import Unreadable, seal, unseal

SEALED = base64.b32encode(b"gAAAA").decode()  # how every sealed text begins
TYPE = Authenticator.Type
COUNT = 10  # recovery codes
DRIFT = 1  # steps by which a phone's clock may be wrong
SHOWN = timedelta(days=1)  # recovery codes can be read again for so long, unless their person puts them away
GRACE = timedelta(days=7)  # in which the release before this one may come back
MIGRATION = ("accounts", "0008_account_safety")


def encrypt(text: str) -> str:
    """Return a factor's secret as it is kept."""
    return base64.b32encode(seal(text).encode()).decode()


def decrypt(kept: str) -> str:
    """Return the secret; what the previous release wrote is plain. Raises Unreadable."""
    return unseal(sealed_in(kept)) if is_sealed(kept) else kept


def sealed_in(kept: str) -> str:
    """Return the sealed text of a kept secret that `is_sealed`."""
    return base64.b32decode(kept).decode()


def is_sealed(kept: str) -> bool:
    """Whether a kept secret is sealed: plain ones are much shorter, or not in capitals."""
    return kept.startswith(SEALED) and len(kept) > 100


@transaction.atomic
def use(user: User, code: str) -> Authenticator | None:
    """Return the factor to which `code` belongs, and use the code up; None for a wrong one, or one that was used.

    Two sessions that try the same code come one after the other, by the locks on the factors' rows.
    """
    code = "".join(sign for sign in code if sign.isalnum())
    rows = Authenticator.objects.select_for_update().filter(user=user, type__in=(TYPE.TOTP, TYPE.RECOVERY_CODES))
    for row in rows.order_by("pk"):
        try:
            if _use_totp(row, code) if row.type == TYPE.TOTP else _use_recovery(row, code):
                return row
        except Unreadable:
            continue
    return None


def _use_totp(row: Authenticator, code: str) -> bool:
    step = matching_step(decrypt(row.data["secret"]), code)
    if step is None or step <= row.data.get("used", 0):
        return False
    row.data["used"] = step
    row.save(update_fields=["data"])
    return True


def matching_step(secret: str, code: str) -> int | None:
    """Return at which step of time, about now, an app with the secret shows `code`."""
    now = int(time.time()) // TOTP_SECONDS
    for step in range(now - DRIFT, now + DRIFT + 1):
        if constant_time_compare(totp_code(secret, step), code):
            return step
    return None


def mark_used(row: Authenticator, code: str) -> None:
    """Note that the code with which an app was set up is used."""
    step = matching_step(decrypt(row.data["secret"]), "".join(sign for sign in code if sign.isalnum()))
    if step is not None:
        row.data["used"] = step
        row.save(update_fields=["data"])


def _use_recovery(row: Authenticator, code: str) -> bool:
    if "hashes" not in row.data:
        if not is_sealed(row.data.get("seed", "")):
            return bool(row.wrap().validate_code(code))  # Of the release before; see `seal_old`.
        hash_codes(row)
    for kept in row.data["hashes"]:
        if any(constant_time_compare(kept, hashed) for hashed in _hashes(row, code)):
            row.data["hashes"] = [each for each in row.data["hashes"] if each != kept]
            row.save(update_fields=["data"])
            return True
    return False


def hash_codes(row: Authenticator) -> None:
    """Keep recovery codes as hashes from now on: nobody reads them again, nor does who reads the database."""
    unused = row.wrap().get_unused_codes()
    # An empty list is what the release before this one takes for "no code fits".
    row.data = {"migrated_codes": [], "hashes": [next(_hashes(row, code)) for code in unused]}
    row.save(update_fields=["data"])


def _hashes(row: Authenticator, code: str) -> Iterator[str]:
    """Yield the hash of a code by SECRET_KEY, and by each of its fallbacks: eight digits alone would be guessed."""
    for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        yield salted_hmac("console.accounts.recovery", f"{row.pk}:{code}", secret=key, algorithm="sha256").hexdigest()


@transaction.atomic
def put_away(user: User) -> None:
    """Hash the person's recovery codes: they have them elsewhere."""
    row = Authenticator.objects.select_for_update().filter(user=user, type=TYPE.RECOVERY_CODES).first()
    if row is not None and is_sealed(row.data.get("seed", "")):
        hash_codes(row)


class Recovery(NamedTuple):
    """A person's recovery codes: how many are left, since when; `readable` while they are not hashed."""

    left: int
    made_at: datetime
    readable: bool
    row: Authenticator


def recovery_of(user: User) -> Recovery | None:
    """Return the status of the recovery codes; None without any."""
    row = Authenticator.objects.filter(user=user, type=TYPE.RECOVERY_CODES).first()
    if row is None:
        return None
    if "hashes" in row.data:
        return Recovery(len(row.data["hashes"]), row.created_at, False, row)
    try:
        return Recovery(len(row.wrap().get_unused_codes()), row.created_at, True, row)
    except Unreadable:
        return Recovery(0, row.created_at, False, row)


def seal_old(*, at: datetime) -> int:
    """Seal what the previous release wrote, once it can't come back; hash codes that were shown. Return how many."""
    app, name = MIGRATION
    began = MigrationRecorder.Migration.objects.filter(app=app, name=name).values_list("applied", flat=True).first()
    is_final, sealed = began is not None and began <= at - GRACE, 0
    apps = Q(type=TYPE.TOTP) & ~Q(data__secret__startswith=SEALED)
    recovery = Q(type=TYPE.RECOVERY_CODES) & ~Q(data__has_key="hashes")
    for pk in Authenticator.objects.filter(apps | recovery).order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            row = Authenticator.objects.select_for_update().filter(pk=pk).first()
            sealed += bool(row and _seal(row, is_final=is_final, at=at))
    return sealed


def _seal(row: Authenticator, *, is_final: bool, at: datetime) -> bool:
    kept = row.data.get("secret", row.data.get("seed", ""))
    if not kept or not (is_sealed(kept) or is_final):
        return False
    if row.type == TYPE.RECOVERY_CODES and row.created_at <= at - SHOWN:
        try:
            hash_codes(row)
        except Unreadable:
            return False
        return True
    if is_sealed(kept):
        return False
    row.data["secret" if row.type == TYPE.TOTP else "seed"] = encrypt(kept)
    row.save(update_fields=["data"])
    return True
