"""What the platform's own SDK signs with, in place of a token (A-5): a SecretId and a SecretKey.

A request of the SDK proves that its sender knows a key, and never shows it. So the console must know that key, too; of
a token it keeps only the hash. The SecretKey is derived from that hash and SECRET_KEY: neither a copy of the database
nor the token itself is enough to sign. What was derived from one of SECRET_KEY_FALLBACKS goes on working.
"""

from __future__ import annotations

import base64
import hmac
import re
from functools import lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from console.api.manage.models import Token
from devmgmt.keys.actions import Secret

PREFIX = "mpcid"
SECRET_ID = re.compile(rf"{PREFIX}([0-9a-f]{{32}})")


def secret_id(token: Token) -> str:
    """Return the public name of what the token was last replaced by: 128 bits of a hash of 256 random ones."""
    return PREFIX + token.sha256[:32]


def digest_of(secret_id: str) -> str | None:
    """Return how the hash of the token begins whose SecretId it is; None for what is none."""
    found = SECRET_ID.fullmatch(secret_id)
    return found and found[1]


def secret_key(token: Token) -> Secret:
    """Return the SecretKey; it can be told again only while SECRET_KEY stays."""
    return _derived(token.sha256, settings.SECRET_KEY)


def secret_keys(token: Token) -> list[Secret]:
    """Return every SecretKey that is good: the one that would be given out now, and those by earlier secrets."""
    return [_derived(token.sha256, secret) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


def _derived(digest: str, secret: str) -> Secret:
    signed = hmac.digest(_subkey(secret), digest.encode(), "sha256")
    return Secret(base64.urlsafe_b64encode(signed).decode().rstrip("="))


@lru_cache(maxsize=16)
def _subkey(secret: str) -> bytes:
    return HKDF(SHA256(), length=32, salt=None, info=b"console platform sdk").derive(secret.encode())
