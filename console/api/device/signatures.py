"""Signs the packages that devices are to fetch (R-8).

A signature depends on nothing that a device says, so a million devices cost one. It is made when the first one
needs it: to sign all versions for all applications in advance would take minutes.
"""

from __future__ import annotations

from functools import lru_cache

from console.api.device.credentials import Application
from console.api.device.http import ApiError
from console.base.hosts.signing import seeds, sign, statement
from grayscale.decision import Deliverable

REMEMBERED = 1 << 15  # signatures, of about 600 bytes each with their keys


def signature(application: Application, app_id: str, release: Deliverable) -> str:
    """Return the signature of a version of the program with this App ID by every readable key of the application.

    Raises ApiError 503 when none is left, rather than offer devices a package that they will refuse.
    """
    signed = _signature(application.signing_keys, app_id, release.number, release.sha256, release.size)
    if not signed:
        wait = [("Retry-After", "60")]
        raise ApiError(503, "signing_unavailable", "The application has no usable signing key. Try again later.", wait)
    return signed


@lru_cache(maxsize=REMEMBERED)
def _signature(keys: tuple[tuple[str, str], ...], app_id: str, version: str, sha256: str, size: int) -> str:
    return sign(seeds(keys), statement(app_id, version, sha256, size))
