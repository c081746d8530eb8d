"""Installation proof (R-9): a token by which the host application's server says that an installation is real.

The server asks for it (`POST /runtime/v1/proofs`) and hands it to its app, which sends it along. Only the console
verifies it, on the way of each device, so it is signed by HMAC-SHA256: three microseconds, where Ed25519 takes a
hundred. The key is one of the application's own, derived from SECRET_KEY, and never leaves the console.

A token is `1.<expiry>.<GUID>.<account>.<signature>`: POSIX seconds, the account in Base64 for URLs without padding and
empty where there is none, the signature over all before its dot in hex.
"""

from __future__ import annotations

import base64
import hmac
from functools import lru_cache
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

VERSION = "1"
LONGEST = 1024  # characters of a token; an account has up to 128, of up to four bytes each
SIGNATURE = 64  # characters
INNER, OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))  # RFC 2104

Key = tuple[Any, Any]  # SHA-256 after the key's block, once for each half of the HMAC


class Forged(Exception):
    """Not signed by us for this application, altered, or of a series that was ended."""


class Expired(Exception):
    """It was good."""


def issue(application_id: str, series: int, *, guid: str, account: str | None, at: float) -> tuple[str, int]:
    """Return a token for an installation, and for how many seconds from `at` on it is good."""
    named = base64.urlsafe_b64encode((account or "").encode()).rstrip(b"=").decode()
    signed = f"{VERSION}.{int(at) + settings.PROOF_SECONDS}.{guid}.{named}"
    return f"{signed}.{_signature(_keys(application_id, series)[0], signed.encode())}", settings.PROOF_SECONDS


def read(token: str, application_id: str, series: int, *, at: float) -> tuple[str, str | None]:
    """Return the GUID and the account that a token proves at `at`, None where it names no account.

    Raises Forged and Expired. Each device's request comes here, so it does little.
    """
    signed = token[: -SIGNATURE - 1]
    if not signed or token[-SIGNATURE - 1] != "." or len(token) > LONGEST or not token.isascii():
        raise Forged
    content, signature = signed.encode(), token[-SIGNATURE:]
    for key in _keys(application_id, series):
        if hmac.compare_digest(_signature(key, content), signature):
            break
    else:
        raise Forged
    _version, expires, guid, account = signed.split(".")
    if int(expires) <= at:
        raise Expired
    return guid, _account(account) if account else None


def new_guid(application_id: str, series: int, *, prefix: str, request_id: str) -> str:
    """Return a GUID for an installation that has none: `prefix` and 28 digits that nobody can guess (R-13).

    The same for the same request, so that a repeated one makes no second installation.
    """
    digest = _signature(_keys(application_id, series)[0], f"guid\n{prefix}\n{request_id}".encode())
    return f"{prefix}{int(digest, 16) % 10**28:028d}"


def _account(encoded: str) -> str:
    return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()


def _signature(key: Key, content: bytes) -> str:
    """Return HMAC-SHA256 (RFC 2104) in hex, by the two halves that depend on the key alone: half the work is done."""
    inner, outer = key[0].copy(), key[1].copy()
    inner.update(content)
    outer.update(inner.digest())
    return outer.hexdigest()


def _keys(application_id: str, series: int) -> tuple[Key, ...]:
    """Return the key that signs, and those by earlier secrets that are still good."""
    return _derived(application_id, series, settings.SECRET_KEY)


@lru_cache(maxsize=4096)
def _derived(application_id: str, series: int, secret: str) -> tuple[Key, ...]:
    info = f"console installation proof\n{application_id}\n{series}".encode()
    found = []
    for one in (secret, *settings.SECRET_KEY_FALLBACKS):
        key = HKDF(SHA256(), length=64, salt=None, info=info).derive(one.encode())  # a block, so it is not padded
        found.append((sha256(key.translate(INNER)), sha256(key.translate(OUTER))))
    return tuple(found)
