"""Signs what devices are told to fetch (R-8).

A signature depends on nothing that a device says, so a million devices cost one. It is made when the first one
needs it: to sign all versions for all applications in advance would take minutes.
"""

from __future__ import annotations

import base64
import logging
from functools import lru_cache

from console.api.device.credentials import Application
from console.api.device.http import ApiError
from console.core.sealing import Unreadable, unseal
from console.hosts.signing import sign, statement
from grayscale.decision import Deliverable

REMEMBERED = 1 << 15  # signatures, of about 600 bytes each with their keys

logger = logging.getLogger(__name__)


def signature(application: Application, app_id: str, release: Deliverable) -> str:
    """Return the signature of a version of the program with this App ID by every readable key of the application.

    Keys that can't be unsealed any more, since SECRET_KEY was lost, are left out: devices that know another one go on.
    Raises ApiError 503 when none is left, rather than to tell devices of a package that they will refuse.
    """
    signed = _signature(application.signing_keys, app_id, release.number, release.sha256, release.size)
    if not signed:
        wait = [("Retry-After", "60")]
        raise ApiError(503, "signing_unavailable", "Packages can't be signed at the moment.", wait)
    return signed


@lru_cache(maxsize=REMEMBERED)
def _signature(keys: tuple[tuple[str, str], ...], app_id: str, version: str, sha256: str, size: int) -> str:
    seeds = {key_id: seed for key_id, sealed in keys if (seed := _seed(key_id, sealed))}
    return sign(seeds, statement(app_id, version, sha256, size))


@lru_cache(maxsize=1024)
def _seed(key_id: str, sealed: str) -> bytes | None:
    try:
        return base64.b64decode(unseal(sealed))
    except Unreadable:
        # Once: devices come back for it every minute.
        logger.exception("the signing key %s can't be unsealed, SECRET_KEY is another one now", key_id)
        return None
