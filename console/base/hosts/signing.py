"""Signs packages for the devices of an application (R-8): Ed25519 (RFC 8032) over a canonical statement."""

from __future__ import annotations

import base64
import hashlib
import logging
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.utils import timezone

from console.base.accounts.models import User
from console.base.core.sealing import Unreadable, seal, unseal
from console.base.hosts.models import HostApplication, SigningKey

logger = logging.getLogger(__name__)


def statement(app_id: str, version: str, sha256: str, size: int) -> bytes:
    """Return what a signature is over: five lines, each with a line feed at its end.

    None of the values can hold a line feed, so no two packages have one statement.
    """
    return f"mini-program-package-v1\n{app_id}\n{version}\n{sha256}\n{size}\n".encode()


def sign(seeds: dict[str, bytes], content: bytes) -> str:
    """Return `<key id>:<Base64>` for each of the private keys in `seeds`, which has them by id; with spaces between."""
    return " ".join(
        f"{key_id}:{base64.b64encode(Ed25519PrivateKey.from_private_bytes(seed).sign(content)).decode()}"
        for key_id, seed in seeds.items()
    )


def seeds(keys: Iterable[tuple[str, str]]) -> dict[str, bytes]:
    """Return the private keys of these (key id, sealed private key), by id, in their order.

    Those that can't be unsealed any more, since SECRET_KEY was lost, are left out: devices that know another one go on.
    """
    return {key_id: seed for key_id, sealed in keys if (seed := _seed(key_id, sealed))}


@lru_cache(maxsize=1024)
def _seed(key_id: str, sealed: str) -> bytes | None:
    try:
        return base64.b64decode(unseal(sealed))
    except Unreadable:
        # Once: devices come back for it every minute.
        logger.exception(
            "the signing key %s can't be opened because SECRET_KEY changed: add the old key to SECRET_KEY_FALLBACKS",
            key_id,
        )
        return None


def make_signing_key(application: HostApplication, *, by: User | None, at: datetime | None = None) -> SigningKey:
    """Make a key; inside the caller's transaction, which writes the entry."""
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    return SigningKey.objects.create(
        application=application,
        key_id=hashlib.sha256(public).hexdigest()[:16],
        public_key=base64.b64encode(public).decode(),
        sealed=seal(base64.b64encode(private.private_bytes_raw()).decode()),
        created_at=at or timezone.now(),
        created_by=by,
    )
