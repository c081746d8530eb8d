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
from typing import NamedTuple

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

VERSION = "1"
LONGEST_TOKEN = 1024  # characters; an account has up to 128, of up to four bytes each


class Proof(NamedTuple):
    """What a token proves; `account` is None where it names none."""

    guid: str
    account: str | None
    expires: int


class Forged(Exception):
    """Not signed by us for this application, altered, or of a series that was ended."""


class Expired(Exception):
    """It was good."""


def issue(application_id: str, series: int, *, guid: str, account: str | None, at: float) -> tuple[str, int]:
    """Return a token for an installation, and for how many seconds from `at` on it is good."""
    expires = int(at) + settings.PROOF_SECONDS
    named = base64.urlsafe_b64encode((account or "").encode()).rstrip(b"=").decode()
    signed = f"{VERSION}.{expires}.{guid}.{named}"
    return f"{signed}.{_signature(_keys(application_id, series)[0], signed)}", settings.PROOF_SECONDS


def read(token: str, application_id: str, series: int, *, at: float) -> Proof:
    """Return what a token proves at `at`; raises Forged and Expired."""
    if len(token) > LONGEST_TOKEN or not token.isascii():
        raise Forged
    signed, _dot, signature = token.rpartition(".")
    if not any(hmac.compare_digest(_signature(key, signed), signature) for key in _keys(application_id, series)):
        raise Forged
    _version, expires, guid, account = signed.split(".")
    if int(expires) <= at:
        raise Expired
    return Proof(guid, _account(account) if account else None, int(expires))


def new_guid(application_id: str, series: int, *, prefix: str, request_id: str) -> str:
    """Return a GUID for an installation that has none: `prefix` and 28 digits that nobody can guess (R-13).

    The same for the same request, so that a repeated one makes no second installation.
    """
    digest = hmac.digest(_keys(application_id, series)[0], f"guid\n{prefix}\n{request_id}".encode(), "sha256")
    return f"{prefix}{int.from_bytes(digest) % 10**28:028d}"


def _account(encoded: str) -> str:
    return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()


def _signature(key: bytes, signed: str) -> str:
    return hmac.digest(key, signed.encode(), "sha256").hex()


def _keys(application_id: str, series: int) -> tuple[bytes, ...]:
    """Return the key that signs, and those by earlier secrets that are still good."""
    return _derived((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS), application_id, series)


@lru_cache(maxsize=4096)
def _derived(secrets: tuple[str, ...], application_id: str, series: int) -> tuple[bytes, ...]:
    info = f"console installation proof\n{application_id}\n{series}".encode()
    return tuple(HKDF(SHA256(), length=32, salt=None, info=info).derive(secret.encode()) for secret in secrets)
